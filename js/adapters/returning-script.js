// Scripts in the way of other code modes: they return a value and write to a console, of which a cell has neither.

import { randomUUID } from 'node:crypto'
import { Session } from '../session.js'

/** @import { CellError, Limits, Tool } from '../../index.d.ts' */

/**
 * @typedef {object} Script
 * @property {string} expression an expression, in which `await` works; its value is what the script returns
 * @property {string} [prelude] statements that go before, in one line
 * @property {Record<string, Tool>} tools
 * @property {Limits} limits
 * @property {Record<string, string>} levels what stands before a line, by the method of console
 */

/**
 * @typedef {object} Outcome
 * @property {unknown} [value]
 * @property {string[]} logs
 * @property {CellError} [error]
 */

/** No V8 heap is smaller or larger. */
const HEAP_MIB = { least: 16, most: 2048 }

/**
 * The limits that other code modes speak of.
 *
 * @param {{ timeoutMs: number, memoryMiB?: number, limits?: Limits }} given
 * @returns {Limits}
 */
export function limitsOf({ timeoutMs, memoryMiB, limits }) {
  const heap = memoryMiB && Math.min(Math.max(memoryMiB, HEAP_MIB.least), HEAP_MIB.most)
  return { wallMs: timeoutMs, ...(heap && { heapBytes: Math.floor(heap * 2 ** 20) }), ...limits }
}

/**
 * Runs a script in a session of its own.
 *
 * @param {Script} script
 * @returns {Promise<Outcome>}
 */
export async function runReturning({ expression, prelude = '', tools, limits, levels }) {
  const session = new Session({ tools, limits })
  // What is emitted with these words before it is ours; the rest is what the script itself emitted.
  const value = `value ${randomUUID()} `
  const source = [
    `${consoleSource(levels)};${prelude};`,
    `{const emit=globalThis.text,json=JSON.stringify;`,
    `globalThis.__return=(value)=>{if(value!==undefined)emit(${JSON.stringify(value)}+json(value))}};`,
    `__return(await (${expression}\n));`,
  ].join('')
  try {
    const result = await session.exec(source, { yieldTimeMs: Infinity })
    if (result.status === 'missing') throw new Error('a cell cannot be missing where it was started')
    const texts = result.content.map((item) => (item.type === 'text' ? item.text : `[${item.type}]`))
    const returned = texts.findLast((text) => text.startsWith(value))
    return {
      logs: texts.filter((text) => text !== returned),
      ...(returned !== undefined && { value: JSON.parse(returned.slice(value.length)) }),
      ...(result.status === 'failed' && { error: result.error }),
    }
  } finally {
    await session.close()
  }
}

/**
 * A console whose lines are output of the cell.
 *
 * @param {Record<string, string>} levels
 */
function consoleSource(levels) {
  const line =
    'values.map((value)=>{try{return typeof value==="object"&&value!==null&&!(value instanceof Error)' +
    '?JSON.stringify(value):String(value)}catch{return"[unprintable]"}}).join(" ")'
  return (
    `{const emit=globalThis.text;globalThis.console=Object.fromEntries(Object.entries(${JSON.stringify(levels)})` +
    `.map(([method,before])=>[method,(...values)=>{emit(before+${line})}]))}`
  )
}

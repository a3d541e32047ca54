/**
 * What every contender offers.
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} how How it is used here, in one line.
 * @property {Record<string, string>} cannot Why it has no number, by ability that a scenario needs.
 * @property {number} [parkedCells] How many cells the memory scenario parks, if not the usual number.
 * @property {(tools: Record<string, (input: any) => unknown>) => Promise<Cells>} open Loads it. Rejects if it can't.
 *
 * @typedef {object} Cells
 * @property {(script: Script, options?: { signal?: AbortSignal }) => Promise<string>} run One script in a fresh
 *   sandbox. Settles with the result as text, or rejects once an abort has taken effect.
 * @property {() => Promise<unknown>} [idle] Settles when nothing is left over from ended scripts. Is not timed.
 * @property {() => Promise<unknown> | void} close
 *
 * @typedef {object} Script
 * @property {string} body Statements, with `await` and `tools`.
 * @property {string} result An expression.
 */

import * as codecell from './codecell.js'
import * as isolatedVm from './isolated-vm.js'
import * as messagePort from './message-port.js'
import * as nodeVm from './node-vm.js'
import * as quickjs from './quickjs.js'
import * as threadsafeFunction from './threadsafe-function.js'
import * as workerThreads from './worker-threads.js'

/** @type {Contender[]} */
export const contenders = [
  codecell,
  isolatedVm,
  quickjs,
  nodeVm,
  workerThreads,
  threadsafeFunction,
  messagePort,
]

/** @param {string} name */
export function contender(name) {
  const found = contenders.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no contender is called ${name}`)
  return found
}

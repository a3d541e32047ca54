// TanStack AI: a driver for its code mode.

import * as check from '../check.js'
import { toolIdentifier } from '../functions.js'
import { messageOf } from '../json.js'
import { limitsOf, runReturning } from './returning-script.js'
import { withoutUndefined } from './tool.js'

/** @import { IsolateConfig, IsolateContext, IsolateDriver, ToolBinding } from '@tanstack/ai-code-mode' */
/** @import { CellError, Limits, Tool } from '../../index.d.ts' */
/** @import { IsolateDriverOptions } from '../../types/tanstack.d.ts' */

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_MEMORY_MIB = 128

/** What TanStack AI takes for the level of a line. */
const LEVELS = { log: '', debug: '', info: 'INFO: ', warn: 'WARN: ', error: 'ERROR: ' }

/**
 * @param {IsolateDriverOptions} [given]
 * @returns {IsolateDriver}
 */
export function codecellIsolateDriver(given) {
  const { limits } = /** @type {IsolateDriverOptions} */ (
    check.options('codecellIsolateDriver options', given, ['limits'])
  )
  return { createContext: async (config) => contextOf(config, limits) }
}

/**
 * @param {IsolateConfig} config
 * @param {Limits | undefined} ownLimits
 * @returns {IsolateContext}
 */
function contextOf({ bindings, timeout = DEFAULT_TIMEOUT_MS, memoryLimit = DEFAULT_MEMORY_MIB }, ownLimits) {
  const limits = limitsOf({ timeoutMs: timeout, memoryMiB: memoryLimit, limits: ownLimits })
  const tools = Object.fromEntries(Object.entries(bindings).map(([name, one]) => [name, toolFrom(one)]))
  const globals = Object.keys(bindings).map(
    (name) => `globalThis[${JSON.stringify(name)}]=tools[${JSON.stringify(toolIdentifier(name))}]`,
  )
  let disposed = false
  return {
    async execute(code) {
      if (disposed) return failed({ name: 'Error', message: 'the context was disposed of' })
      try {
        const expression = `(async()=>{${code}\n})()`
        const outcome = await runReturning({
          expression,
          prelude: globals.join(';'),
          tools,
          limits,
          levels: LEVELS,
        })
        const { value, logs, error } = outcome
        if (error !== undefined) return { ...failed(normalized(error, timeout)), logs }
        return { success: true, value: /** @type {any} */ (value), logs }
      } catch (error) {
        return failed({ name: 'Error', message: messageOf(error) ?? 'the code could not be run' })
      }
    },
    async dispose() {
      disposed = true
    },
  }
}

/**
 * @param {ToolBinding} binding
 * @returns {Tool}
 */
function toolFrom({ description, inputSchema, outputSchema, execute }) {
  return withoutUndefined({
    description,
    inputSchema,
    outputSchema,
    execute: (/** @type {unknown} */ input) => execute(input),
  })
}

/** @param {{ name: string, message: string, stack?: string, code?: string }} error */
function failed(error) {
  return { success: /** @type {const} */ (false), error }
}

/**
 * @param {CellError} error
 * @param {number} timeout
 */
function normalized({ code, name, message, stack }, timeout) {
  if (code === 'TIME_LIMIT') {
    return { name: 'TimeoutError', message: `Execution timed out after ${timeout} ms`, code }
  }
  return { name, message, code, ...(stack !== undefined && { stack }) }
}

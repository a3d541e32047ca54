/**
 * `codecell/tanstack`: a driver for the code mode of [TanStack AI](https://tanstack.com/ai). Needs the package
 * `@tanstack/ai-code-mode`.
 *
 * @module codecell/tanstack
 */

import type { IsolateDriver } from '@tanstack/ai-code-mode'
import type { Limits } from '../index.d.ts'

/** Options of {@link codecellIsolateDriver}. */
export interface IsolateDriverOptions {
  /** Of each run. They win over the `timeout` and `memoryLimit` that TanStack AI gives. */
  limits?: Limits
}

/**
 * Runs the code of TanStack AI's code mode in cells: each run in a fresh isolate, bindings as global functions,
 * `console` captured. What the code returns must be JSON.
 *
 * @example
 * ```js
 * const tool = createCodeModeTool({ driver: codecellIsolateDriver(), tools: [weather] })
 * ```
 */
export function codecellIsolateDriver(options?: IsolateDriverOptions): IsolateDriver

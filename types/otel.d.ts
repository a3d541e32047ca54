/**
 * `codecell/otel`: spans and metrics of cells and of their tool calls. Needs the package `@opentelemetry/api`, version 1.9
 * or later, and an SDK that was set up.
 *
 * @module codecell/otel
 */

import type { MeterProvider, TracerProvider } from '@opentelemetry/api'

/** Options of {@link instrument}. */
export interface InstrumentOptions {
  /** Default: the global one. */
  tracerProvider?: TracerProvider
  /** Default: the global one, which must have been registered before. */
  meterProvider?: MeterProvider
  /**
   * Spans for the model's calls of `exec` and `wait`, too. Default true. `false` where the agent library makes spans of
   * its own for them, as the AI SDK does.
   */
  modelTools?: boolean
  /**
   * Scripts and the inputs of tools as attributes of the spans: `codecell.cell.source`, `gen_ai.tool.call.arguments`. They
   * may be large, and may hold what nobody else should read. Default false.
   */
  recordInputs?: boolean
  /** What tools give, as `gen_ai.tool.call.result`. See {@link InstrumentOptions.recordInputs}. Default false. */
  recordOutputs?: boolean
}

/**
 * Makes spans of everything that starts from now on in this thread, in all sessions:
 *
 * - `execute_tool exec` and `execute_tool wait` for the calls of a model
 * - `run cell` for the whole life of a cell, a child of the `exec` that started it; a `wait` for it is linked to it
 * - `execute_tool NAME` for each call of a tool by the script, a child of its cell. Spans that the tool makes are children
 *   of this one.
 *
 * And the histogram `gen_ai.execute_tool.duration`, in seconds, for tools, exec and wait.
 *
 * Each call makes spans of its own.
 *
 * @returns what undoes it: a function, or `using`. Spans that are open end then.
 * @throws {CodecellError} `INVALID_ARGUMENT`
 *
 * @example
 * ```js
 * const stop = instrument({ recordInputs: true })
 * ```
 */
export function instrument(options?: InstrumentOptions): (() => void) & Disposable

/**
 * `codecell/cloudflare`: an executor for [Cloudflare's code mode](https://www.npmjs.com/package/@cloudflare/codemode)
 * that runs in Node. Goes with the package `@cloudflare/codemode`.
 *
 * @module codecell/cloudflare
 */

import type { ExecuteOptions, ExecuteResult, Executor, ResolvedProvider } from '@cloudflare/codemode'
import type { Limits } from '../index.d.ts'

/** Options of {@link CodecellExecutor}. */
export interface CodecellExecutorOptions {
  /** Milliseconds that a run may take. Default 30 000. */
  timeout?: number
  /** Further limits of each run. */
  limits?: Limits
}

/**
 * Runs code for `createCodeTool`, `codeMcpServer` and whatever else takes an `Executor`: each run in a fresh isolate,
 * each provider as a global, `console` captured. Values cross as JSON. Never throws: errors are in the result.
 */
export class CodecellExecutor implements Executor {
  /** @throws {CodecellError} `INVALID_ARGUMENT` */
  constructor(options?: CodecellExecutorOptions)
  /** Runs what a model wrote, with functions of the host. */
  execute(
    code: string,
    providersOrFns: ResolvedProvider[] | Record<string, (...args: unknown[]) => Promise<unknown>>,
    options?: ExecuteOptions,
  ): Promise<ExecuteResult>
}

/**
 * `codecell/langchain`: code mode for LangChain and LangGraph. Needs the package `@langchain/core`.
 *
 * @module codecell/langchain
 */

import type { RunnableConfig } from '@langchain/core/runnables'
import type { StructuredToolInterface } from '@langchain/core/tools'
import type { ModelToolOptions, Session, Tool } from '../index.d.ts'

/**
 * `exec` and `wait` as tools of LangChain. Called with a tool call of a model they give a `ToolMessage`: what the
 * script emitted as text, image and audio blocks, the `ModelOutput` as artifact, and the status `error` if it failed.
 * Aborting the `signal` of the call terminates the cell of a running `exec`.
 */
export function codeModeTools(session: Session, options?: ModelToolOptions): StructuredToolInterface[]

/** Options of {@link toolsFromLangChain}. */
export interface LangChainToolsOptions {
  /** With which the tools are invoked: callbacks, tags, `configurable`. The signal is that of the call. */
  config?: RunnableConfig
}

/** Tools of LangChain, for scripts. Their input is validated by their own schema. */
export function toolsFromLangChain(
  tools: readonly StructuredToolInterface[],
  options?: LangChainToolsOptions,
): Record<string, Tool>

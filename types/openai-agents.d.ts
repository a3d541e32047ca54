/**
 * `codecell/openai-agents`: code mode for the OpenAI Agents SDK. Needs the package `@openai/agents`.
 *
 * @module codecell/openai-agents
 */

import type { FunctionTool } from '@openai/agents'
import type { ModelToolOptions, Session, Tool } from '../index.d.ts'

/**
 * `exec` and `wait` for the `tools` of an agent. Aborting the run terminates the cell of a running `exec`.
 *
 * What a script emits comes back as text, images and, for sounds, files.
 */
// biome-ignore lint/suspicious/noExplicitAny: they stand in the tools of an agent with any context
export function codeModeTools(session: Session, options?: ModelToolOptions): FunctionTool<any, any, any>[]

/** Options of {@link toolsFromOpenAIAgents}. */
export interface OpenAIAgentsToolsOptions {
  /** What the tools find as the context of their run. */
  context?: unknown
  /**
   * Decides whether a call is made that `needsApproval`. A call that is not approved rejects the script's promise, and
   * so does any that needs approval, if there is no `approve`.
   */
  approve?(request: {
    toolName: string
    callId: string
    input: unknown
    signal: AbortSignal
  }): boolean | Promise<boolean>
}

/**
 * Function tools of the Agents SDK, for scripts. A tool that throws gives what its `errorFunction` makes of that, which
 * is a text by default; with `errorFunction: null` it rejects the script's promise.
 *
 * @throws {CodecellError} `INVALID_ARGUMENT` for what is no function tool
 */
export function toolsFromOpenAIAgents(
  // biome-ignore lint/suspicious/noExplicitAny: tools of any context
  tools: readonly FunctionTool<any, any, any>[],
  options?: OpenAIAgentsToolsOptions,
): Record<string, Tool>

/**
 * `codecell/ai-sdk`: code mode for the [AI SDK](https://ai-sdk.dev). Needs the package `ai`, version 7.
 *
 * @module codecell/ai-sdk
 */

import type { Tool as AiTool, Experimental_ToolCallerTool, ModelMessage, ToolSet } from 'ai'
import type { ModelOutput, ModelToolOptions, Session, Tool } from '../index.d.ts'

/**
 * For `experimental_toolCallers`: the model may call the tool itself, too.
 *
 * @example
 * ```js
 * experimental_toolCallers: { search: ['exec', DIRECT_TOOL_CALL] }
 * ```
 */
export const DIRECT_TOOL_CALL: 'AI_SDK_DIRECT_TOOL_CALL'

/** Options of {@link toolsFromAiSdk}. */
export interface AiSdkToolsOptions {
  /** What the tools find as `context`. */
  context?: unknown
  /** What the tools find as `messages`. Default: none. */
  messages?: ModelMessage[]
  /**
   * Decides whether a call is made that `needsApproval`. A call that is not approved rejects the script's promise.
   * Without it, tools that may need approval are refused.
   */
  approve?(request: {
    toolName: string
    toolCallId: string
    input: unknown
    signal: AbortSignal
  }): boolean | Promise<boolean>
}

/** Options of {@link codeModeTools}. */
export interface CodeModeToolsOptions extends ModelToolOptions, AiSdkToolsOptions {}

/**
 * `exec` and `wait` for the `tools` of `generateText`, `streamText` and agents. Under other names the model would not
 * find what the descriptions speak of.
 *
 * The script calls the tools of the session. With `experimental_toolCallers: { search: ['exec'] }` it also calls, or
 * rather instead, the tool `search` of the same `tools`, which the model then does not see. Aborting the generation
 * terminates the cell of a running `exec`.
 */
export function codeModeTools(
  session: Session,
  options?: CodeModeToolsOptions,
): {
  exec: Experimental_ToolCallerTool<AiTool<{ source: string }, ModelOutput>>
  wait: AiTool<
    { cell_id: string; yield_time_ms?: number; max_tokens?: number; terminate?: boolean },
    ModelOutput
  >
}

/**
 * Tools of the AI SDK, for scripts. Their input is validated by their own schema. Of results that come in steps, the
 * last one counts.
 *
 * @throws {CodecellError} `INVALID_ARGUMENT` for a tool without `execute`, one that may need approval if nobody can
 * give it, and one whose JSON schema is a promise
 */
export function toolsFromAiSdk(tools: ToolSet, options?: AiSdkToolsOptions): Record<string, Tool>

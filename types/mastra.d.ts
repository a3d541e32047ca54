/**
 * `codecell/mastra`: code mode for Mastra. Needs the package `@mastra/core`.
 *
 * @module codecell/mastra
 */

import type { Tool as MastraTool } from '@mastra/core/tools'
import type { ModelOutput, ModelToolOptions, Session, Tool } from '../index.d.ts'

/** A tool of Mastra, of whatever schema. */
// biome-ignore lint/suspicious/noExplicitAny: tools of any schema
type AnyMastraTool = MastraTool<any, any, any, any, any, any, any>

/**
 * `exec` and `wait` for the `tools` of an agent. Aborting the generation terminates the cell of a running `exec`.
 */
export function codeModeTools(
  session: Session,
  options?: ModelToolOptions,
): Record<'exec' | 'wait', MastraTool<unknown, ModelOutput>>

/** Options of {@link toolsFromMastra}. */
export interface MastraToolsOptions {
  /** What the tools find in their context, such as `requestContext`. The `abortSignal` is that of the call. */
  context?: object
}

/**
 * Tools of Mastra, for scripts. Their input is validated by their own schema.
 *
 * @throws {CodecellError} `INVALID_ARGUMENT` for a tool without `execute`, and one that requires approval
 */
export function toolsFromMastra(
  tools: Record<string, AnyMastraTool>,
  options?: MastraToolsOptions,
): Record<string, Tool>

/**
 * `codecell/schema`: tools whose schemas are those of a library.
 *
 * @module codecell/schema
 */

import type { JsonSchema, Tool, ToolCall } from '../index.d.ts'

/**
 * A [Standard Schema](https://standardschema.dev) that tells its JSON schema, as those of zod 4.2 and newer, and of
 * ArkType do.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The schema, as the specification wants it. */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown, ...rest: never[]) => unknown
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    readonly jsonSchema?: {
      readonly input: (options: never) => Record<string, unknown>
      readonly output: (options: never) => Record<string, unknown>
    }
  }
}

/** What the function of a tool is given, when this is its input schema. */
export type InferInput<Schema> =
  Schema extends StandardSchema<infer _, infer Output>
    ? Output
    : // biome-ignore lint/suspicious/noExplicitAny: a JSON schema tells no type
      any

/** A {@link Tool} whose schemas may be those of a library. */
export interface ToolDefinition<InputSchema extends JsonSchema | StandardSchema>
  extends Omit<Tool, 'inputSchema' | 'outputSchema' | 'execute'> {
  /** What `execute` takes. */
  inputSchema?: InputSchema
  /** What `execute` returns. */
  outputSchema?: JsonSchema | StandardSchema
  /** Serves a call. See {@link Tool.execute}. */
  execute(input: InferInput<InputSchema>, call: ToolCall): unknown | Promise<unknown>
}

/**
 * Makes a tool. An input that is not what a Standard Schema wants rejects the script's promise and never reaches
 * `execute`, which gets the validated value, with defaults filled in. A JSON schema validates nothing.
 *
 * @example
 * ```js
 * import { tool } from 'codecell/schema'
 * import { z } from 'zod'
 *
 * const weather = tool({
 *   description: 'The weather in a city.',
 *   inputSchema: z.object({ city: z.string(), days: z.number().default(1) }),
 *   execute: ({ city, days }) => forecast(city, days),
 * })
 * ```
 * @throws {CodecellError} `INVALID_ARGUMENT` for what is no schema, or one that cannot be said as JSON schema
 */
export function tool<InputSchema extends JsonSchema | StandardSchema = JsonSchema>(
  definition: ToolDefinition<InputSchema>,
): Tool

import * as check from '../check.js'
import { jsonSchemaOf, validated } from './schema.js'

/** @import { Tool, ToolCall } from '../../index.d.ts' */

/**
 * A tool whose schemas may be those of a library. Its input is validated before it is called.
 *
 * @param {any} definition
 * @returns {Tool}
 */
export function tool(definition) {
  return toolNamed('tool', definition)
}

/**
 * @param {string} label how messages call it
 * @param {unknown} given
 * @returns {Tool}
 */
export function toolNamed(label, given) {
  const definition = check.record(label, given)
  const execute = check.fn(`${label}.execute`, definition.execute)
  const { inputSchema, outputSchema } = definition
  return withoutUndefined({
    ...definition,
    inputSchema: inputSchema && jsonSchemaOf(`${label}.inputSchema`, inputSchema, 'input'),
    outputSchema: outputSchema && jsonSchemaOf(`${label}.outputSchema`, outputSchema, 'output'),
    /**
     * @param {unknown} input
     * @param {ToolCall} call
     */
    execute: async (input, call) =>
      execute.call(given, await validated(`the input of tool \`${call.name}\``, inputSchema, input), call),
  })
}

/**
 * A tool without the keys that say nothing.
 *
 * @param {{ [key in keyof Tool]: unknown }} tool
 * @returns {Tool}
 */
export function withoutUndefined(tool) {
  const said = Object.entries(tool).filter(([, value]) => value !== undefined)
  return /** @type {any} */ (Object.fromEntries(said))
}

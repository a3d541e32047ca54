// What the adapters that hand `exec` and `wait` to a model share.

import { CodecellError } from '../errors.js'

/** @import { ContentItem, ModelOutput, ModelRunOptions, ModelTool } from '../../index.d.ts' */

/** The model can do better, or wait, once it has read them. */
const FOR_THE_MODEL = new Set(['INVALID_INPUT', 'CELL_BUSY', 'CELL_TERMINATING', 'TOO_MANY_CELLS'])

/**
 * Serves a call of the model. What the model did wrong is an answer, too.
 *
 * @param {ModelTool} tool
 * @param {unknown} input
 * @param {ModelRunOptions} [options]
 * @returns {Promise<ModelOutput>}
 */
export async function answerModel(tool, input, options) {
  try {
    return await tool.run(input, options)
  } catch (error) {
    if (!(error instanceof CodecellError && FOR_THE_MODEL.has(error.code))) throw error
    return { content: [{ type: 'text', text: error.message }], success: false }
  }
}

/**
 * An answer in the shape that the AI SDK gave the results of tools, and others have taken over.
 *
 * @template Part
 * @param {ModelOutput} output
 * @param {(item: ContentItem) => Part} toPart
 */
export function toToolResult({ content, success }, toPart) {
  const texts = content.map((item) => (item.type === 'text' ? item.text : undefined))
  return success || texts.includes(undefined)
    ? { type: /** @type {const} */ ('content'), value: content.map(toPart) }
    : { type: /** @type {const} */ ('error-text'), value: texts.join('\n') }
}

// What the adapters that hand `exec` and `wait` to a model share.

import { CodecellError } from '../errors.js'

/** @import { ModelOutput, ModelRunOptions, ModelTool } from '../../index.d.ts' */

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
 * The text of an answer that is text alone, or undefined.
 *
 * @param {ModelOutput} output
 */
export function textOf({ content }) {
  const texts = content.map((item) => (item.type === 'text' ? item.text : undefined))
  return texts.includes(undefined) ? undefined : texts.join('\n')
}

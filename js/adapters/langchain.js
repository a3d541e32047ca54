// LangChain: `exec` and `wait` as its tools, and its tools for scripts.

import { ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { toJsonSchema } from '@langchain/core/utils/json_schema'
import * as check from '../check.js'
import { mediaOf } from './data-url.js'
import { answerModel } from './model-answer.js'
import { withoutUndefined } from './tool.js'

/** @import { StructuredToolInterface, ToolRunnableConfig } from '@langchain/core/tools' */
/** @import { ContentItem, ModelTool, ModelToolOptions, Session, Tool, ToolCall } from '../../index.d.ts' */
/** @import { LangChainToolsOptions } from '../../types/langchain.d.ts' */

/**
 * @param {Session} session
 * @param {ModelToolOptions} [options]
 */
export function codeModeTools(session, options) {
  const { exec, wait } = session.modelTools(options)
  return [exec, wait].map(langChainTool)
}

/** @param {ModelTool} modelTool */
function langChainTool(modelTool) {
  const { name, description, inputSchema } = modelTool
  return tool(
    /**
     * @param {unknown} input
     * @param {ToolRunnableConfig} config
     */
    async (input, config) => {
      const toolCallId = config.toolCall?.id
      const output = await answerModel(modelTool, input, { callId: toolCallId, signal: config.signal })
      const content = output.content.map(toBlock)
      if (output.success || toolCallId === undefined) return [content, output]
      const failed = { name, content, tool_call_id: toolCallId, status: /** @type {const} */ ('error') }
      return [new ToolMessage({ ...failed, artifact: output }), output]
    },
    {
      name,
      description,
      schema: /** @type {any} */ (inputSchema),
      responseFormat: 'content_and_artifact',
    },
  )
}

/** @param {ContentItem} item */
function toBlock(item) {
  if (item.type === 'text') return { type: 'text', text: item.text }
  const { mediaType, base64 } = mediaOf(item)
  return { type: item.type, mimeType: mediaType, data: base64 }
}

/**
 * @param {readonly StructuredToolInterface[]} tools
 * @param {LangChainToolsOptions} [given]
 * @returns {Record<string, Tool>}
 */
export function toolsFromLangChain(tools, given) {
  const options = check.options('toolsFromLangChain options', given, ['config'])
  return Object.fromEntries(tools.map((one) => [one.name, toolFrom(one, options)]))
}

/**
 * @param {StructuredToolInterface} langChainTool
 * @param {LangChainToolsOptions} options
 * @returns {Tool}
 */
function toolFrom(langChainTool, { config }) {
  const { description, schema } = langChainTool
  const { $schema: _, ...inputSchema } = /** @type {Record<string, unknown>} */ (
    toJsonSchema(/** @type {any} */ (schema))
  )
  return withoutUndefined({
    description,
    inputSchema,
    /**
     * @param {any} input
     * @param {ToolCall} call
     */
    execute: (input, call) => langChainTool.invoke(input, { ...config, signal: call.signal }),
  })
}

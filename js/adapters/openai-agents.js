// The OpenAI Agents SDK: `exec` and `wait` as its tools, and its tools for scripts.

import { RunContext, tool } from '@openai/agents'
import * as check from '../check.js'
import { invalidArgument } from '../errors.js'
import { approved } from './approval.js'
import { mediaOf } from './data-url.js'
import { answerModel } from './model-answer.js'
import { withoutUndefined } from './tool.js'

/** @import { FunctionTool } from '@openai/agents' */
/** @import { ContentItem, ModelTool, ModelToolOptions, Session, Tool, ToolCall } from '../../index.d.ts' */
/** @import { OpenAIAgentsToolsOptions } from '../../types/openai-agents.d.ts' */

/**
 * @param {Session} session
 * @param {ModelToolOptions} [options]
 */
export function codeModeTools(session, options) {
  const { exec, wait } = session.modelTools(options)
  return [exec, wait].map(agentTool)
}

/** @param {ModelTool} modelTool */
function agentTool(modelTool) {
  return tool({
    name: modelTool.name,
    description: modelTool.description,
    parameters: /** @type {any} */ (modelTool.inputSchema),
    strict: false,
    // Whatever goes wrong is the program's fault, and nothing that a model could mend: it is not made an answer.
    errorFunction: null,
    execute: async (input, _, details) => {
      const { content } = await answerModel(modelTool, input, {
        callId: details?.toolCall?.callId,
        signal: details?.signal,
      })
      return content.map(toOutput)
    },
  })
}

/** @param {ContentItem} item */
function toOutput(item) {
  switch (item.type) {
    case 'text':
      return item
    case 'image':
      return {
        type: 'image',
        image: item.imageUrl,
        ...(item.detail !== 'original' && { detail: item.detail }),
      }
    case 'audio': {
      const { mediaType, base64 } = mediaOf(item)
      const filename = `audio.${mediaType.replace(/^.*\/(x-)?/, '')}`
      return { type: 'file', file: { data: base64, mediaType, filename } }
    }
  }
}

/**
 * @param {readonly FunctionTool<any, any, any>[]} tools
 * @param {OpenAIAgentsToolsOptions} [given]
 * @returns {Record<string, Tool>}
 */
export function toolsFromOpenAIAgents(tools, given) {
  const options = check.options('toolsFromOpenAIAgents options', given, ['context', 'approve'])
  check.optional(check.fn, 'approve', options.approve)
  return Object.fromEntries(tools.map((one, index) => [one.name, toolFrom(one, index, options)]))
}

/**
 * @param {FunctionTool<any, any, any>} agentTool
 * @param {number} index
 * @param {OpenAIAgentsToolsOptions} options
 * @returns {Tool}
 */
function toolFrom(agentTool, index, { context, approve }) {
  const { name, description, parameters } = agentTool
  if (agentTool.type !== 'function') {
    throw invalidArgument(
      `tools[${index}] is a ${agentTool.type} tool: scripts can only call function tools, which run in this program`,
    )
  }
  return withoutUndefined({
    description,
    inputSchema: parameters,
    /**
     * @param {unknown} input
     * @param {ToolCall} call
     */
    async execute(input, call) {
      const runContext = new RunContext(context)
      const callId = `cell-${call.cellId}-${call.id}`
      if (await agentTool.needsApproval(runContext, input, callId)) {
        await approved(approve, { toolName: name, callId, input, signal: call.signal })
      }
      return agentTool.invoke(runContext, JSON.stringify(input), { signal: call.signal })
    },
  })
}

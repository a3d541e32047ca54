// Mastra: `exec` and `wait` as its tools, and its tools for scripts.

import { createTool } from '@mastra/core/tools'
import * as check from '../check.js'
import { invalidArgument } from '../errors.js'
import { mediaOf } from './data-url.js'
import { answerModel, toToolResult } from './model-answer.js'
import { jsonSchemaOf } from './schema.js'
import { withoutUndefined } from './tool.js'

/** @import { Tool as MastraTool } from '@mastra/core/tools' */
/** @import { ContentItem, ModelTool, ModelToolOptions, Session, Tool, ToolCall } from '../../index.d.ts' */
/** @import { MastraToolsOptions } from '../../types/mastra.d.ts' */

/**
 * @param {Session} session
 * @param {ModelToolOptions} [options]
 */
export function codeModeTools(session, options) {
  const { exec, wait } = session.modelTools(options)
  return { exec: mastraTool(exec), wait: mastraTool(wait) }
}

/** @param {ModelTool} modelTool */
function mastraTool(modelTool) {
  return createTool({
    id: modelTool.name,
    description: modelTool.description,
    inputSchema: /** @type {any} */ (modelTool.inputSchema),
    execute: (/** @type {unknown} */ input, /** @type {any} */ context) =>
      answerModel(modelTool, input, {
        callId: context?.agent?.toolCallId,
        signal: context?.abortSignal,
      }),
    toModelOutput: (/** @type {any} */ output) => toToolResult(output, toContentPart),
  })
}

/** @param {ContentItem} item */
function toContentPart(item) {
  if (item.type === 'text') return { type: 'text', text: item.text }
  const { mediaType, base64 } = mediaOf(item)
  return { type: 'media', mediaType, data: base64 }
}

/**
 * @param {Record<string, MastraTool<any, any, any, any, any, any, any>>} tools
 * @param {MastraToolsOptions} [given]
 * @returns {Record<string, Tool>}
 */
export function toolsFromMastra(tools, given) {
  const options = check.options('toolsFromMastra options', given, ['context'])
  const entries = Object.entries(check.record('tools', tools))
  return Object.fromEntries(entries.map(([name, one]) => [name, toolFrom(name, one, options)]))
}

/**
 * @param {string} name
 * @param {any} mastraTool
 * @param {MastraToolsOptions} options
 * @returns {Tool}
 */
function toolFrom(name, mastraTool, { context }) {
  const label = check.member('tools', name)
  check.record(label, mastraTool)
  if (typeof mastraTool.execute !== 'function') {
    throw invalidArgument(`${label} has no execute: scripts can only call tools that run in this program`)
  }
  if (mastraTool.requireApproval) {
    throw invalidArgument(`${label} requires approval, which Mastra asks for in its own agents only`)
  }
  const { description, inputSchema, outputSchema } = mastraTool
  return withoutUndefined({
    description,
    inputSchema: inputSchema && jsonSchemaOf(`${label}.inputSchema`, inputSchema, 'input'),
    outputSchema: outputSchema && jsonSchemaOf(`${label}.outputSchema`, outputSchema, 'output'),
    /**
     * @param {unknown} input
     * @param {ToolCall} call
     */
    async execute(input, call) {
      const result = await mastraTool.execute(input, { ...context, abortSignal: call.signal })
      // That is how Mastra says that a value does not fit its schema.
      if (result?.error === true && 'validationErrors' in result) {
        throw new TypeError(result.message)
      }
      return result
    },
  })
}

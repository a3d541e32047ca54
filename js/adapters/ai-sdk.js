// The AI SDK: `exec` and `wait` as its tools, and its tools for scripts.

import { asSchema, experimental_toolCaller, jsonSchema, tool } from 'ai'
import * as check from '../check.js'
import { invalidArgument } from '../errors.js'
import { approved } from './approval.js'
import { mediaOf } from './data-url.js'
import { answerModel, toToolResult } from './model-answer.js'
import { withoutUndefined } from './tool.js'

/** @import { Tool as AiTool, ToolSet } from 'ai' */
/** @import { ContentItem, ModelOutput, ModelTool, Session, Tool, ToolCall } from '../../index.d.ts' */
/** @import { AiSdkToolsOptions, CodeModeToolsOptions } from '../../types/ai-sdk.d.ts' */

/** In `experimental_toolCallers`: the model may call the tool itself, too. */
export const DIRECT_TOOL_CALL = 'AI_SDK_DIRECT_TOOL_CALL'

// --- outward --------------------------------------------------------------------------------------------------------

/**
 * @param {Session} session
 * @param {CodeModeToolsOptions} [options]
 */
export function codeModeTools(session, options = {}) {
  const { declareTools, tools, ...ofBound } = options
  const { exec, wait } = session.modelTools({ declareTools, tools })
  return {
    exec: experimental_toolCaller(aiTool(exec), {
      type: 'local',
      bind: (bound) => {
        if (Object.keys(bound).length === 0) return aiTool(exec)
        const own = { ...tools, ...toolsFromAiSdk(bound, ofBound) }
        return aiTool(session.modelTools({ declareTools, tools: own }).exec)
      },
    }),
    wait: aiTool(wait),
  }
}

/**
 * @param {ModelTool} modelTool
 * @returns {AiTool<any, ModelOutput>}
 */
function aiTool(modelTool) {
  return tool({
    description: modelTool.description,
    inputSchema: jsonSchema(/** @type {any} */ (modelTool.inputSchema)),
    execute: (input, { toolCallId, abortSignal }) =>
      answerModel(modelTool, input, { callId: toolCallId, signal: abortSignal }),
    toModelOutput: ({ output }) => toToolResult(output, toContentPart),
  })
}

/** @param {ContentItem} item */
function toContentPart(item) {
  if (item.type === 'text') return { type: /** @type {const} */ ('text'), text: item.text }
  const { mediaType, base64 } = mediaOf(item)
  return {
    type: /** @type {const} */ ('file'),
    mediaType,
    data: { type: /** @type {const} */ ('data'), data: base64 },
  }
}

// --- inward ---------------------------------------------------------------------------------------------------------

const KEYS = ['context', 'messages', 'approve']

/**
 * @param {ToolSet} tools
 * @param {AiSdkToolsOptions} [given]
 * @returns {Record<string, Tool>}
 */
export function toolsFromAiSdk(tools, given) {
  const options = check.options('toolsFromAiSdk options', given, KEYS)
  check.optional(check.fn, 'approve', options.approve)
  const entries = Object.entries(check.record('tools', tools))
  return Object.fromEntries(
    entries.map(([name, aiTool]) => [name, toolFrom(name, /** @type {any} */ (aiTool), options)]),
  )
}

/**
 * @param {string} name
 * @param {any} aiTool
 * @param {AiSdkToolsOptions} options
 * @returns {Tool}
 */
function toolFrom(name, aiTool, { context, messages = [], approve }) {
  const label = check.member('tools', name)
  check.record(label, aiTool)
  if (typeof aiTool.execute !== 'function') {
    throw invalidArgument(`${label} has no execute: scripts can only call tools that run in this program`)
  }
  if (aiTool.needsApproval !== undefined && aiTool.needsApproval !== false && approve === undefined) {
    throw invalidArgument(`${label} needs approval: give \`approve\`, which decides for each call`)
  }
  const inputSchema = asSchema(aiTool.inputSchema)
  const { description, outputSchema } = aiTool
  return withoutUndefined({
    description: typeof description === 'function' ? description({ context }) : description,
    inputSchema: told(`${label}.inputSchema`, inputSchema),
    outputSchema: outputSchema && told(`${label}.outputSchema`, asSchema(outputSchema)),
    /**
     * @param {unknown} given
     * @param {ToolCall} call
     */
    async execute(given, call) {
      const input = await validatedBy(inputSchema, given, name)
      const toolCallId = `cell-${call.cellId}-${call.id}`
      const facts = { toolCallId, messages, context }
      if (await needsApproval(aiTool, input, facts)) {
        await approved(approve, { toolName: name, toolCallId, input, signal: call.signal })
      }
      return lastOf(aiTool.execute(input, { ...facts, abortSignal: call.signal }))
    },
  })
}

/**
 * @param {string} label
 * @param {{ jsonSchema: unknown }} schema
 */
function told(label, { jsonSchema }) {
  if (isThenable(jsonSchema)) {
    // A declaration is made at once.
    jsonSchema.then(undefined, () => {})
    throw invalidArgument(
      `${label} tells its JSON schema as a promise; give jsonSchema(await schema.jsonSchema)`,
    )
  }
  return jsonSchema
}

/**
 * @param {ReturnType<typeof asSchema>} schema
 * @param {unknown} value
 * @param {string} name
 */
async function validatedBy(schema, value, name) {
  const result = await schema.validate?.(value)
  if (result === undefined) return value
  if (result.success) return result.value
  throw new TypeError(`the input of tool \`${name}\` is not valid: ${result.error.message}`)
}

/**
 * @param {any} aiTool
 * @param {unknown} input
 * @param {object} facts
 */
async function needsApproval({ needsApproval }, input, facts) {
  return typeof needsApproval === 'function' ? needsApproval(input, facts) : (needsApproval ?? false)
}

/**
 * A tool may give its result in steps, of which the last one counts.
 *
 * @param {unknown} result
 */
async function lastOf(result) {
  const settled = await result
  if (typeof settled !== 'object' || settled === null || !(Symbol.asyncIterator in settled)) return settled
  let last
  for await (const step of /** @type {AsyncIterable<unknown>} */ (settled)) last = step
  return last
}

/**
 * @param {unknown} value
 * @returns {value is PromiseLike<unknown>}
 */
function isThenable(value) {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

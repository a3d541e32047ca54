// Inward: the tools of an MCP server, as scripts call them.

import * as check from '../../check.js'
import { withoutUndefined } from '../tool.js'
import { UniqueNames } from '../unique-names.js'
import { textOfResult } from './content.js'
import { callTool, onToolListChanged } from './sdk.js'

/** @import { JsonSchema, Tool, ToolCall } from '../../../index.d.ts' */
/** @import { McpCallToolResult, McpClient, McpProgress, McpTool, McpToolsOptions } from '../../../types/mcp.d.ts' */

const KEYS = [
  'prefix',
  'namespace',
  'filter',
  'deferred',
  'results',
  'timeoutMs',
  'onProgress',
  'onChange',
  'onError',
]

/** The longest time that Node's timers can wait; the SDK knows no other word for ever. */
const FOR_EVER_MS = 2 ** 31 - 1

/**
 * @param {McpClient} client
 * @param {McpToolsOptions} [given]
 * @returns {Promise<Record<string, Tool>>}
 */
export async function toolsFromMcp(client, given) {
  const options = checked(given)
  const tools = await listed(client, options)
  if (options.onChange !== undefined) subscribe(client, options)
  return tools
}

/** @param {unknown} given */
function checked(given) {
  const options = check.options('toolsFromMcp options', given, KEYS)
  check.optional(check.string, 'prefix', options.prefix)
  check.optional(check.string, 'namespace', options.namespace)
  check.optional(resultsChoice, 'results', options.results)
  check.optional(check.duration, 'timeoutMs', options.timeoutMs)
  for (const name of ['filter', 'onProgress', 'onChange', 'onError']) {
    check.optional(check.fn, name, options[name])
  }
  if (typeof options.deferred !== 'function') check.optional(check.boolean, 'deferred', options.deferred)
  return /** @type {McpToolsOptions} */ (options)
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function resultsChoice(name, value) {
  return check.oneOf(name, value, ['call-tool-result', 'structured-content'])
}

/**
 * @param {McpClient} client
 * @param {McpToolsOptions} options
 */
async function listed(client, options) {
  const { prefix = '', filter = () => true } = options
  const names = new UniqueNames()
  /** @type {Record<string, Tool>} */
  const tools = {}
  for (const tool of (await everyPage(client)).filter(filter)) {
    tools[names.add(prefix + tool.name)] = toolFrom(client, tool, options)
  }
  return tools
}

/** @param {McpClient} client */
async function everyPage(client) {
  const tools = []
  /** @type {string | undefined} */
  let cursor
  do {
    const page = await client.listTools(cursor === undefined ? undefined : { cursor })
    tools.push(...page.tools)
    // A server that gives the same cursor again would go round for ever.
    cursor = page.nextCursor === cursor ? undefined : page.nextCursor
  } while (cursor !== undefined)
  return tools
}

/**
 * @param {McpClient} client
 * @param {McpTool} tool
 * @param {McpToolsOptions} options
 * @returns {Tool}
 */
function toolFrom(client, tool, options) {
  const { deferred, namespace, results, timeoutMs = Infinity, onProgress } = options
  const { name, description, title, inputSchema, outputSchema } = tool
  const structuredOnly = results === 'structured-content' && outputSchema !== undefined
  return withoutUndefined({
    description: description ?? title,
    inputSchema,
    outputSchema: structuredOnly ? outputSchema : callToolResultSchema(outputSchema),
    deferred: typeof deferred === 'function' ? deferred(tool) : deferred,
    namespace,
    /**
     * @param {Record<string, unknown>} input
     * @param {ToolCall} call
     */
    async execute(input, call) {
      const answer = await callTool(
        client,
        { name, arguments: input },
        {
          signal: call.signal,
          timeout: Math.min(timeoutMs, FOR_EVER_MS),
          resetTimeoutOnProgress: true,
          ...(onProgress && {
            onprogress: (/** @type {McpProgress} */ progress) => onProgress(progress, call),
          }),
        },
      )
      const { _meta, ...result } = /** @type {McpCallToolResult} */ (answer)
      if (result.isError)
        throw new Error(textOfResult(result) || `tool \`${name}\` failed and did not say why`)
      return structuredOnly ? result.structuredContent : result
    },
  })
}

/**
 * By this shape the description of `exec` knows results of MCP, and declares their types.
 *
 * @param {JsonSchema | undefined} structured
 */
function callToolResultSchema(structured) {
  return {
    type: 'object',
    properties: {
      content: { type: 'array', items: { type: 'object' } },
      ...(structured !== undefined && { structuredContent: structured }),
      isError: { type: 'boolean' },
      _meta: { type: 'object' },
    },
    required: ['content'],
  }
}

/**
 * Lists again whenever the server says that its tools have changed; never twice at once, and once more if they changed
 * meanwhile.
 *
 * @param {McpClient} client
 * @param {McpToolsOptions} options
 */
function subscribe(client, options) {
  const { onChange, onError } = options
  let changes = 0
  onToolListChanged(client, async () => {
    changes += 1
    if (changes > 1) return
    try {
      for (let seen = 0; seen < changes; ) {
        seen = changes
        const tools = await listed(client, options)
        if (seen === changes) await onChange?.(tools)
      }
    } catch (error) {
      if (onError === undefined) throw error
      onError(error)
    } finally {
      changes = 0
    }
  })
}

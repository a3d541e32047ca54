// Outward: `exec` and `wait` on an MCP server.

import { AsyncLocalStorage } from 'node:async_hooks'
import * as z from 'zod'
import { Session } from '../../session.js'
import { answerModel } from '../model-answer.js'
import { toMcpContent } from './content.js'
import { requestFacts } from './sdk.js'

/** @import { ModelRunOptions, ModelTool, Tool, ToolCall } from '../../../index.d.ts' */
/** @import { CodeModeServerOptions, McpCallToolResult, McpServer } from '../../../types/mcp.d.ts' */
/** @import { RequestFacts } from './sdk.js' */

/**
 * What the SDK gives for a tool that was registered.
 *
 * @typedef {{ update(changes: { description: string }): void, remove(): void }} RegisteredTool
 */

/**
 * What a cell tells the request that watches it. The cell keeps it for its life, the requests come and go.
 *
 * @typedef {{ report?: (message: string) => void }} Watcher
 */

/**
 * Puts `exec` and `wait` on an MCP server.
 *
 * @param {McpServer} server
 * @param {CodeModeServerOptions} [options]
 */
export function serveCodeMode(server, options) {
  return new CodeModeServer(server, options)
}

class CodeModeServer {
  /** @readonly */
  session

  #declareTools
  /** @type {AsyncLocalStorage<Watcher>} */
  #watchers = new AsyncLocalStorage()
  /**
   * Of the cells that run on after an answer.
   *
   * @type {Map<string, Watcher>}
   */
  #yielded = new Map()
  #modelTools
  /** @type {Record<'exec' | 'wait', RegisteredTool>} */
  #registered

  /**
   * @param {McpServer} server
   * @param {CodeModeServerOptions} [options]
   */
  constructor(server, { declareTools, tools = {}, onNotify, ...options } = {}) {
    this.#declareTools = declareTools
    this.session = new Session({
      ...options,
      onNotify: (notification) => {
        this.#watchers.getStore()?.report?.(notification.text)
        return onNotify?.call(options, notification)
      },
    })
    this.#modelTools = this.#modelToolsFor(tools)
    this.#registered = {
      exec: this.#register(server, this.#modelTools.exec, (input, request) => this.#exec(input, request)),
      wait: this.#register(server, this.#modelTools.wait, (input, request) => this.#wait(input, request)),
    }
  }

  /**
   * Other tools for the cells that start from now on. The client is told that the list of tools has changed.
   *
   * @param {Record<string, Tool>} tools
   */
  setTools(tools) {
    this.#modelTools = this.#modelToolsFor(tools)
    this.#registered.exec.update({ description: this.#modelTools.exec.description })
  }

  /** Takes the two tools off the server, and closes the session. */
  async close() {
    for (const tool of Object.values(this.#registered)) tool.remove()
    this.#yielded.clear()
    await this.session.close()
  }

  /** @param {Record<string, Tool>} tools */
  #modelToolsFor(tools) {
    const watched = Object.entries(tools).map(([name, tool]) => [name, this.#watched(tool)])
    return this.session.modelTools({ declareTools: this.#declareTools, tools: Object.fromEntries(watched) })
  }

  /**
   * A tool that tells whoever watches its cell when it is done. What is wrong with it is for the session to say.
   *
   * @param {Tool} tool
   * @returns {Tool}
   */
  #watched(tool) {
    if (typeof tool?.execute !== 'function') return tool
    return {
      ...tool,
      /**
       * @param {unknown} input
       * @param {ToolCall} call
       */
      execute: async (input, call) => {
        try {
          return await tool.execute(input, call)
        } finally {
          this.#watchers.getStore()?.report?.(`${call.name} (${call.id}) is done`)
        }
      },
    }
  }

  /**
   * @param {McpServer} server
   * @param {ModelTool} tool
   * @param {(input: Record<string, unknown>, request: RequestFacts) => Promise<McpCallToolResult>} answer
   * @returns {RegisteredTool}
   */
  #register(server, { name, description, inputSchema }, answer) {
    // Scripts reach nothing but the tools, of which nothing is known here: no hints.
    return server.registerTool(
      name,
      { description, inputSchema: described(inputSchema) },
      (/** @type {Record<string, unknown>} */ input, /** @type {unknown} */ extra) =>
        answer(input, requestFacts(extra)),
    )
  }

  /**
   * @param {Record<string, unknown>} input
   * @param {RequestFacts} request
   */
  async #exec(input, request) {
    /** @type {Watcher} */
    const watcher = {}
    const result = await this.#watchers.run(watcher, () =>
      this.#answer(this.#modelTools.exec, input, request, watcher),
    )
    if (result.cellId !== undefined) this.#yielded.set(result.cellId, watcher)
    return result.answer
  }

  /**
   * @param {Record<string, unknown>} input
   * @param {RequestFacts} request
   */
  async #wait(input, request) {
    const cellId = String(input.cell_id)
    const result = await this.#answer(this.#modelTools.wait, input, request, this.#yielded.get(cellId) ?? {})
    if (!this.session.activeCells.includes(cellId)) this.#yielded.delete(cellId)
    return result.answer
  }

  /**
   * @param {ModelTool} tool
   * @param {unknown} input
   * @param {RequestFacts} request
   * @param {Watcher} watcher
   */
  async #answer(tool, input, request, watcher) {
    /** @type {ModelRunOptions} */
    const options = { callId: request.id, signal: request.signal }
    const before = watcher.report
    watcher.report = progressOf(request)
    try {
      const { content, success, cellId } = await answerModel(tool, input, options)
      return { cellId, answer: { content: content.map(toMcpContent), isError: !success } }
    } finally {
      watcher.report = before
    }
  }
}

/**
 * Progress of a request, if its client asked for it: a count of what has happened, and what it was.
 *
 * @param {RequestFacts} request
 */
function progressOf({ progressToken, notify }) {
  if (progressToken === undefined) return undefined
  let progress = 0
  return (/** @type {string} */ message) => {
    progress += 1
    const params = { progressToken, progress, message }
    // A client that is gone needs no progress.
    notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}

/**
 * Both generations of the SDK take schemas of zod. This one tells the JSON schema and lets every object pass: the tools check their
 * input themselves, and what they say is meant for the model.
 *
 * @param {any} schema
 */
function described(schema) {
  return z.looseObject({}).meta(schema)
}

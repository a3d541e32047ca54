// All tools that the options name: those of a module, and those of MCP servers.

import { inspect } from 'node:util'
import { messageOf } from '../json.js'
import { say } from './say.js'
import { toolsOfFile } from './tools-file.js'

/** @import { Tool, ToolCall } from '../../index.d.ts' */
/** @import { Servers } from './servers.js' */
/** @import { OpenTools } from './tools-file.js' */

const SHOWN_LENGTH = 120

export class ToolSources {
  /** @type {OpenTools | undefined} */
  #file
  /** @type {Servers | undefined} */
  #servers
  #tellsCalls
  #tellsServers
  /** @type {() => void} */
  onChange = () => {}

  /**
   * @param {object} [told]
   * @param {boolean} [told.calls] whether each call is told
   * @param {boolean} [told.servers] whether it is told how the servers do; it always is, where they do badly
   */
  constructor({ calls = false, servers = process.stderr.isTTY } = {}) {
    this.#tellsCalls = calls
    this.#tellsServers = servers
  }

  /** @param {Record<string, any>} options */
  async open({ tools, config }) {
    if (tools !== undefined) this.#file = await toolsOfFile(tools)
    if (config !== undefined) {
      const { Servers } = await import('./servers.js')
      this.#servers = new Servers(this.#tellsServers ? say : () => {}, () => this.onChange())
      await this.#servers.start(config)
    }
  }

  /** @returns {Record<string, Tool>} */
  get tools() {
    const all = { ...this.#servers?.tools, ...this.#file?.tools }
    if (!this.#tellsCalls) return all
    return Object.fromEntries(Object.entries(all).map(([name, tool]) => [name, told(tool)]))
  }

  get namespaces() {
    return this.#servers?.namespaces ?? {}
  }

  async close() {
    await this.#servers?.close()
    await this.#file?.close()
  }
}

/**
 * A tool whose calls are told.
 *
 * @param {Tool} tool
 * @returns {Tool}
 */
function told(tool) {
  return {
    ...tool,
    /**
     * @param {unknown} input
     * @param {ToolCall} call
     */
    async execute(input, call) {
      const started = performance.now()
      const duration = () => `${Math.round(performance.now() - started)} ms`
      say(`${call.id} ${call.name} ${short(input)}`)
      try {
        const result = await tool.execute(input, call)
        say(`${call.id} ${call.name} gave ${short(result)}, ${duration()}`)
        return result
      } catch (error) {
        say(`${call.id} ${call.name} failed: ${messageOf(error)}, ${duration()}`)
        throw error
      }
    },
  }
}

/** @param {unknown} value */
function short(value) {
  const text = inspect(value, { breakLength: Infinity, depth: 3 })
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text
}

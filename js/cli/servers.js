// Starts the MCP servers of `--config`, and keeps their tools.

import { versions } from '../functions.js'
import { messageOf } from '../json.js'
import { CommandError } from './command-error.js'
import { say } from './say.js'
import { serversOfFile } from './servers-file.js'

/** @import { Client } from '@modelcontextprotocol/sdk/client/index.js' */
/** @import { Tool } from '../../index.d.ts' */
/** @import { HttpServer, StdioServer } from './servers-file.js' */

/**
 * @typedef {object} Connection
 * @property {string} name
 * @property {Client} client
 * @property {Record<string, Tool>} tools
 * @property {string | undefined} instructions
 */

/** The servers that are connected. */
export class Servers {
  /** @type {Connection[]} */
  #connections = []
  #closing = false
  #tell
  #onChange

  /**
   * @param {(line: string) => void} tell called with what goes on
   * @param {() => void} onChange called when the tools have changed
   */
  constructor(tell, onChange) {
    this.#tell = tell
    this.#onChange = onChange
  }

  /** @returns {Record<string, Tool>} */
  get tools() {
    return Object.assign({}, ...this.#connections.map(({ tools }) => tools))
  }

  /** What the servers say about themselves, by their names. */
  get namespaces() {
    const entries = this.#connections.map(({ name, instructions }) => [
      name,
      instructions === undefined ? {} : { description: instructions },
    ])
    return Object.fromEntries(entries)
  }

  /**
   * Starts all servers of a file, at once.
   *
   * @param {string} file
   */
  async start(file) {
    const servers = await serversOfFile(file)
    const sdk = await loadedSdk()
    const started = await Promise.allSettled(servers.map((server) => this.#connect(sdk, server)))
    const failures = started.flatMap((outcome, index) =>
      outcome.status === 'rejected'
        ? [`server \`${servers[index]?.name}\`: ${messageOf(outcome.reason)}`]
        : [],
    )
    for (const failure of failures) say(failure)
    if (failures.length > 0 && failures.length === servers.length) {
      throw new CommandError(`none of the servers in ${file} could be started`)
    }
  }

  async close() {
    this.#closing = true
    await Promise.allSettled(this.#connections.map(({ client }) => client.close()))
  }

  /**
   * @param {Sdk} sdk
   * @param {StdioServer | HttpServer} server
   */
  async #connect(sdk, server) {
    const { name } = server
    const before = performance.now()
    const client = new sdk.Client({ name: 'codecell', version: versions.codecell })
    /** @type {Connection} */
    const connection = { name, client, tools: {}, instructions: undefined }
    try {
      await client.connect(transportTo(sdk, server, this.#tell))
      connection.instructions = client.getInstructions()
      connection.tools = await sdk.toolsFromMcp(client, {
        prefix: `${name}__`,
        namespace: name,
        onChange: (tools) => {
          connection.tools = tools
          this.#tell(`server \`${name}\` changed its tools: ${Object.keys(tools).length} now`)
          this.#onChange()
        },
        onError: (error) => say(`server \`${name}\`: its tools could not be listed: ${messageOf(error)}`),
      })
    } catch (error) {
      // A server that cannot be used is not left running.
      await client.close()
      throw error
    }
    client.onclose = () => this.#onClose(connection)
    this.#connections.push(connection)
    // Whichever was first.
    this.#connections.sort((a, b) => a.name.localeCompare(b.name))
    const seconds = ((performance.now() - before) / 1000).toFixed(1)
    this.#tell(`server \`${name}\`: ${Object.keys(connection.tools).length} tools (${seconds} s)`)
  }

  /** @param {Connection} connection */
  #onClose(connection) {
    if (this.#closing) return
    say(`server \`${connection.name}\` has ended; its tools are gone`)
    this.#connections = this.#connections.filter((one) => one !== connection)
    this.#onChange()
  }
}

/** @typedef {Awaited<ReturnType<typeof loadedSdk>>} Sdk */

async function loadedSdk() {
  try {
    const [{ Client }, stdio, http, sse, { toolsFromMcp }] = await Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/client/stdio.js'),
      import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
      import('@modelcontextprotocol/sdk/client/sse.js'),
      import('../adapters/mcp/index.js'),
    ])
    return {
      Client,
      StdioClientTransport: stdio.StdioClientTransport,
      getDefaultEnvironment: stdio.getDefaultEnvironment,
      StreamableHTTPClientTransport: http.StreamableHTTPClientTransport,
      SSEClientTransport: sse.SSEClientTransport,
      toolsFromMcp,
    }
  } catch (error) {
    throw withoutSdk(error)
  }
}

/**
 * The packages for MCP are not installed by themselves.
 *
 * @param {unknown} error
 */
export function withoutSdk(error) {
  if (/** @type {any} */ (error)?.code !== 'ERR_MODULE_NOT_FOUND') return error
  return new CommandError(
    'for MCP the packages @modelcontextprotocol/sdk and zod are needed: npm install @modelcontextprotocol/sdk zod, ' +
      'or npx -p codecell -p @modelcontextprotocol/sdk -p zod codecell …',
    { cause: error },
  )
}

/**
 * @param {Sdk} sdk
 * @param {StdioServer | HttpServer} server
 * @param {(line: string) => void} tell
 * @returns {any} the types of the SDK's own transports differ from what its client takes, in optional members
 */
function transportTo(sdk, server, tell) {
  if (server.transport === 'stdio') {
    const { name, command, args, env, cwd } = server
    const transport = new sdk.StdioClientTransport({
      command,
      args,
      // Not the whole environment: secrets in it are not for every server.
      env: { ...sdk.getDefaultEnvironment(), ...env },
      ...(cwd !== undefined && { cwd }),
      stderr: 'pipe',
    })
    lines(transport.stderr, (line) => tell(`server \`${name}\` says: ${line}`))
    return transport
  }
  const options = { requestInit: { headers: server.headers } }
  if (server.transport === 'sse') return new sdk.SSEClientTransport(server.url, options)
  return new sdk.StreamableHTTPClientTransport(server.url, options)
}

/**
 * @param {import('node:stream').Stream | null} stream
 * @param {(line: string) => void} use
 */
function lines(stream, use) {
  let rest = ''
  stream?.on('data', (/** @type {Buffer} */ data) => {
    const parts = (rest + data.toString()).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts.filter((one) => one.trim() !== '')) use(part)
  })
}

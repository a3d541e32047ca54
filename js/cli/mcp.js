// codecell mcp: code mode over the tools of other MCP servers, as an MCP server over standard input and output.

import { CodecellError } from '../errors.js'
import { versions } from '../functions.js'
import { CommandError, EXIT } from './command-error.js'
import { onInterrupt } from './interrupt.js'
import { limitsOf } from './limits.js'
import { say } from './say.js'
import { withoutSdk } from './servers.js'
import { ToolSources } from './tool-sources.js'

/** @import { CodeModeServer } from '../../types/mcp.d.ts' */

const INSTRUCTIONS =
  'Call `exec` with JavaScript that calls the tools, as many as it takes, and emits only what you need to see.'

/**
 * @param {Record<string, any>} options
 * @returns {Promise<number>}
 */
export async function mcp(options) {
  if (options.config === undefined && options.tools === undefined) {
    throw new CommandError('give --config with MCP servers, or --tools with a module, or both')
  }
  const limits = limitsOf(options)
  const { McpServer, StdioServerTransport, serveCodeMode } = await loadedSdk()
  const sources = new ToolSources({ calls: options.verbose, servers: true })
  const ended = whenEnded()
  try {
    await sources.open(options)
    const server = new McpServer(
      { name: 'codecell', version: versions.codecell },
      { instructions: INSTRUCTIONS },
    )
    const codeMode = served(() =>
      serveCodeMode(server, {
        tools: sources.tools,
        namespaces: sources.namespaces,
        limits,
        declareTools: !options.deferred,
      }),
    )
    sources.onChange = () => renewed(codeMode, sources)
    await server.connect(new StdioServerTransport())
    say(`serving exec and wait, with ${Object.keys(sources.tools).length} tools`)
    const exitCode = await ended
    await codeMode.close()
    await server.close()
    return exitCode
  } finally {
    await sources.close()
  }
}

/** Resolves to the exit code, when the client has gone or a signal came. */
function whenEnded() {
  return /** @type {Promise<number>} */ (
    new Promise((resolve) => {
      onInterrupt(resolve)
      // The transport of the SDK does not look for it.
      process.stdin.on('end', () => resolve(EXIT.done))
      process.stdin.on('close', () => resolve(EXIT.done))
      process.stdout.on('error', () => resolve(EXIT.done))
    })
  )
}

/**
 * @template T
 * @param {() => T} make
 */
function served(make) {
  try {
    return make()
  } catch (error) {
    throw error instanceof CodecellError ? new CommandError(error.message) : error
  }
}

/**
 * @param {CodeModeServer} codeMode
 * @param {ToolSources} sources
 */
function renewed(codeMode, sources) {
  try {
    codeMode.setTools(sources.tools)
  } catch (error) {
    if (!(error instanceof CodecellError)) throw error
    say(`the tools are left as they were: ${error.message}`)
  }
}

async function loadedSdk() {
  try {
    const [{ McpServer }, { StdioServerTransport }, { serveCodeMode }] = await Promise.all([
      import('@modelcontextprotocol/sdk/server/mcp.js'),
      import('@modelcontextprotocol/sdk/server/stdio.js'),
      import('../adapters/mcp/index.js'),
    ])
    return { McpServer, StdioServerTransport, serveCodeMode }
  } catch (error) {
    throw withoutSdk(error)
  }
}

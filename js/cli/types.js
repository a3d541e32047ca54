// codecell types: prints the declarations of the tools, as a model reads them.

import { CodecellError } from '../errors.js'
import { renderToolDeclaration } from '../functions.js'
import { Session } from '../session.js'
import { CommandError, EXIT } from './command-error.js'
import { ToolSources } from './tool-sources.js'

/** @import { Tool } from '../../index.d.ts' */

/** What the description of exec says about the results of MCP. */
const MCP_TYPES = /^Shared MCP Types:\n```ts\n([\s\S]*?)^```$/m

/**
 * @param {Record<string, any>} options
 * @returns {Promise<number>}
 */
export async function types(options) {
  if (options.config === undefined && options.tools === undefined) {
    throw new CommandError('give --tools with a module, or --config with MCP servers, or both')
  }
  const sources = new ToolSources()
  try {
    await sources.open(options)
    const { tools, namespaces } = sources
    const session = new Session({ tools, namespaces })
    const { exec, wait } = session.modelTools()
    await session.close()
    const whole = `# exec\n\n${exec.description}\n\n# wait\n\n${wait.description}`
    console.log(options.description ? whole : declarations(tools, exec.description))
    return EXIT.done
  } catch (error) {
    throw error instanceof CodecellError ? new CommandError(error.message) : error
  } finally {
    await sources.close()
  }
}

/**
 * @param {Record<string, Tool>} tools
 * @param {string} description
 */
function declarations(tools, description) {
  const shared = MCP_TYPES.exec(description)?.[1]
  const own = Object.keys(tools)
    .sort()
    .map((name) => {
      const tool = /** @type {Tool} */ (tools[name])
      return `${comment(tool.description)}${renderToolDeclaration(name, tool)}`
    })
  return [...(shared === undefined ? [] : [shared.trimEnd()]), ...own].join('\n\n')
}

/** @param {string | undefined} description */
function comment(description) {
  if (!description) return ''
  const lines = description.trim().replaceAll('*/', '*\\/').split('\n')
  return lines.length === 1
    ? `/** ${lines[0]} */\n`
    : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join('\n')}\n */\n`
}

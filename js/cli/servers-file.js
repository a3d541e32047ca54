// The file of `--config`: MCP servers, as MCP clients have them.

import { readFile } from 'node:fs/promises'
import { messageOf } from '../json.js'
import { closest } from './arguments.js'
import { CommandError } from './command-error.js'

/**
 * @typedef {object} StdioServer
 * @property {'stdio'} transport
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {string | undefined} cwd
 */

/**
 * @typedef {object} HttpServer
 * @property {'http' | 'sse'} transport
 * @property {string} name
 * @property {URL} url
 * @property {Record<string, string>} headers
 */

const KEYS = ['type', 'command', 'args', 'env', 'cwd', 'url', 'headers', 'disabled']
const HTTP_TYPES = ['http', 'streamable-http', 'streamableHttp']

/**
 * @param {string} file
 * @returns {Promise<(StdioServer | HttpServer)[]>}
 */
export async function serversOfFile(file) {
  const config = record(file, await parsed(file))
  const servers = config.mcpServers ?? config.servers
  if (servers === undefined) {
    const found = Object.keys(config).map((key) => `"${key}"`)
    throw new CommandError(
      `${file} has no "mcpServers": { "mcpServers": { "name": { "command": "…", "args": [] } } }; ` +
        `it has ${found.length === 0 ? 'nothing' : found.join(', ')}`,
    )
  }
  return Object.entries(record(`${file}: mcpServers`, servers))
    .map(([name, server]) => ({ name, server: record(`${file}: mcpServers.${name}`, server) }))
    .filter(({ server }) => server.disabled !== true)
    .map(({ name, server }) => serverOf(`${file}: mcpServers.${name}`, name, server))
}

/** @param {string} file */
async function parsed(file) {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new CommandError(`${file}, which --config names, cannot be read: ${messageOf(error)}`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CommandError(`${file} is no valid JSON: ${messageOf(error)}`)
  }
}

/**
 * @param {string} label
 * @param {string} name
 * @param {Record<string, unknown>} server
 * @returns {StdioServer | HttpServer}
 */
function serverOf(label, name, server) {
  for (const key of Object.keys(server)) {
    // Clients have keys of their own, such as "alwaysAllow"; only what looks like a slip is one.
    const meant = KEYS.includes(key) ? undefined : closest(key, KEYS)
    if (meant === undefined) continue
    throw new CommandError(`${label} has an unknown key "${key}"; did you mean "${meant}"?`)
  }
  const { type, command, url } = server
  if (command !== undefined && url === undefined) {
    return {
      transport: 'stdio',
      name,
      command: expanded(`${label}.command`, command),
      args: list(`${label}.args`, server.args),
      env: strings(`${label}.env`, server.env),
      cwd: server.cwd === undefined ? undefined : expanded(`${label}.cwd`, server.cwd),
    }
  }
  if (url === undefined || command !== undefined) {
    throw new CommandError(
      `${label} must have either a "command", for a server to start, or a "url"; it has ${command === undefined ? 'neither' : 'both'}`,
    )
  }
  const text = expanded(`${label}.url`, url)
  if (!URL.canParse(text)) throw new CommandError(`${label}.url must be a URL; got ${JSON.stringify(text)}`)
  if (type !== undefined && type !== 'sse' && !HTTP_TYPES.includes(String(type))) {
    throw new CommandError(
      `${label}.type must be "http" or "sse" for a server with a "url"; got ${JSON.stringify(type)}`,
    )
  }
  return {
    transport: type === 'sse' ? 'sse' : 'http',
    name,
    url: new URL(text),
    headers: strings(`${label}.headers`, server.headers),
  }
}

/**
 * @param {string} label
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
function record(label, value) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return /** @type {Record<string, unknown>} */ (value)
  }
  throw new CommandError(`${label} must be an object; got ${JSON.stringify(value)}`)
}

/**
 * @param {string} label
 * @param {unknown} value
 */
function list(label, value) {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    throw new CommandError(`${label} must be a list of strings; got ${JSON.stringify(value)}`)
  }
  return value.map((one, index) => expanded(`${label}[${index}]`, one))
}

/**
 * @param {string} label
 * @param {unknown} value
 */
function strings(label, value) {
  const entries = value === undefined ? [] : Object.entries(record(label, value))
  return Object.fromEntries(entries.map(([key, one]) => [key, expanded(`${label}.${key}`, one)]))
}

/**
 * A string, with what it names of the environment: `${NAME}`, `${env:NAME}`, `${NAME:-otherwise}`.
 *
 * @param {string} label
 * @param {unknown} value
 */
function expanded(label, value) {
  if (typeof value !== 'string') {
    throw new CommandError(`${label} must be a string; got ${JSON.stringify(value)}`)
  }
  return value.replaceAll(
    /\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]*))?\}/g,
    (_, /** @type {string} */ name, /** @type {string | undefined} */ otherwise) => {
      const found = process.env[name] ?? otherwise
      if (found !== undefined) return found
      throw new CommandError(`${label} names \${${name}}, and there is no such variable in the environment`)
    },
  )
}

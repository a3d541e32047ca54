import { COMMANDS } from './arguments.js'

/** @import { CommandName, Option } from './arguments.js' */

const WIDTH = 100

export function overview() {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => row(name, summary, 8))
  return `codecell runs JavaScript that a model wrote: each script in a V8 isolate of its own, with your tools and nothing else.

Usage: codecell COMMAND [options]

Commands:
${rows.join('\n')}

codecell COMMAND --help tells the options of a command, codecell --version the version.`
}

const EXAMPLES = {
  run: `Exit codes:
  0 the script completed        4 it met a limit
  1 it threw                    70 the engine was lost
  2 wrong arguments or files    130 Ctrl-C, which terminates the script first
  3 it did not compile          143 SIGTERM, likewise

Example:
  codecell run report.js --tools tools.mjs --wall-ms 60000`,
  mcp: `Example, in the configuration of an MCP client:
  { "mcpServers": { "code": { "command": "npx", "args": ["codecell", "mcp", "--config", "servers.json"] } } }

It needs the packages @modelcontextprotocol/sdk and zod.`,
  types: `Example:
  codecell types --tools tools.mjs`,
}

/** @param {CommandName} name */
export function commandHelp(name) {
  const { usage, summary, options } = COMMANDS[name]
  const rows = Object.entries(options).map(([option, facts]) => row(left(option, facts), facts.help, 24))
  return `${wrapped(summary, WIDTH).join('\n')}

Usage: ${usage}

Options:
${rows.join('\n')}

${EXAMPLES[name]}`
}

/**
 * @param {string} name
 * @param {Option} option
 */
function left(name, { type, short, value }) {
  const shownValue = value === undefined ? '' : type === 'boolean' ? `[=${value}]` : ` ${value}`
  return `${short ? `-${short}, ` : '    '}--${name}${shownValue}`
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} width
 */
function row(name, text, width) {
  const lines = wrapped(text, WIDTH - width - 2)
  return lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(width)}${line}`).join('\n')
}

/**
 * @param {string} text
 * @param {number} width
 */
function wrapped(text, width) {
  /** @type {string[]} */
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.length - 1
    const line = lines[last] ? `${lines[last]} ${word}` : word
    if (line.length <= width || lines[last] === '') lines[last] = line
    else lines.push(word)
  }
  return lines
}

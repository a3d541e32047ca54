// Reads the arguments of the command.

import { parseArgs } from 'node:util'
import { CommandError } from './command-error.js'

/**
 * @typedef {object} Option
 * @property {'string' | 'boolean'} type
 * @property {string} [short]
 * @property {string} [value] how help calls its value; that of a boolean may be left out
 * @property {string} help
 */

/** @type {Record<string, Option>} */
const COMMON = {
  help: { type: 'boolean', short: 'h', help: 'Print this help.' },
  version: { type: 'boolean', short: 'V', help: 'Print the version.' },
}

/** @type {Record<string, Option>} */
const TOOLS = {
  tools: {
    type: 'string',
    short: 't',
    value: 'FILE',
    help: 'A module whose default export is a record of tools, or a function that returns one.',
  },
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    help: 'MCP servers, as MCP clients have them: { "mcpServers": { "name": { "command": …, "args": […] } } }.',
  },
}

/** @type {Record<string, Option>} */
const LIMITS = {
  'cpu-ms': { type: 'string', value: 'MS', help: 'How long a script may compute. Default: no limit.' },
  'wall-ms': { type: 'string', value: 'MS', help: 'How long a script may live. Default: no limit.' },
  'heap-mib': { type: 'string', value: 'MIB', help: 'Heap of a script, from 16 to 2048. Default: 128.' },
}

/** @typedef {'run' | 'mcp' | 'types'} CommandName */

/** @type {Record<CommandName, { usage: string, summary: string, options: Record<string, Option>, positionals: number }>} */
export const COMMANDS = {
  run: {
    usage: 'codecell run SCRIPT [options]',
    summary:
      'Runs a script and prints what it emits, as it comes. SCRIPT is a file, or - for standard input.',
    positionals: 1,
    options: {
      ...TOOLS,
      media: {
        type: 'string',
        short: 'm',
        value: 'FOLDER',
        help: 'Where pictures and sounds are written to. Default: the current folder.',
      },
      stored: {
        type: 'string',
        value: 'FILE',
        help: 'Stored values, as JSON: read before the script runs, and written after it.',
      },
      verbose: { type: 'boolean', short: 'v', help: 'Tell each tool call on standard error.' },
      inspect: {
        type: 'boolean',
        value: 'PORT',
        help: 'Let a debugger attach to the script, at 127.0.0.1. Default port: 9229. Needs the package ws.',
      },
      'inspect-brk': {
        type: 'boolean',
        value: 'PORT',
        help: 'Likewise; the script starts when one has attached, and pauses at its first line.',
      },
      ...LIMITS,
      ...COMMON,
    },
  },
  mcp: {
    usage: 'codecell mcp [--config FILE] [--tools FILE] [options]',
    summary:
      'Serves MCP over standard input and output: exec and wait, whose scripts call all tools of the given servers.',
    positionals: 0,
    options: {
      ...TOOLS,
      deferred: {
        type: 'boolean',
        help: 'Leave the tools out of the description of exec; scripts find them in ALL_TOOLS.',
      },
      verbose: { type: 'boolean', short: 'v', help: 'Tell each tool call on standard error.' },
      ...LIMITS,
      ...COMMON,
    },
  },
  types: {
    usage: 'codecell types [--config FILE] [--tools FILE] [options]',
    summary: 'Prints the declarations of the tools, as a model reads them.',
    positionals: 0,
    options: {
      ...TOOLS,
      description: {
        type: 'boolean',
        short: 'd',
        help: 'Print the whole descriptions of exec and wait instead.',
      },
      ...COMMON,
    },
  },
}

/**
 * @param {string[]} args
 * @returns {{ command?: CommandName, options: Record<string, any>, positionals: string[] }}
 */
export function commandLine(args) {
  const [first, ...rest] = args
  if (first === undefined) return { options: {}, positionals: [] }
  if (first === 'help') return commandLine(rest[0] === undefined ? ['--help'] : [rest[0], '--help'])
  if (first.startsWith('-')) return parsed(undefined, COMMON, args)
  if (!isCommand(first)) {
    const names = Object.keys(COMMANDS)
    throw new CommandError(
      `there is no command \`${first}\`${didYouMean(first, names)} Commands: ${names.join(', ')}.`,
    )
  }
  const result = parsed(first, COMMANDS[first].options, rest)
  checkPositionals(first, result)
  return result
}

/**
 * @param {string} name
 * @returns {name is CommandName}
 */
function isCommand(name) {
  return Object.hasOwn(COMMANDS, name)
}

/**
 * @param {CommandName | undefined} command
 * @param {Record<string, Option>} options
 * @param {string[]} args
 */
function parsed(command, options, args) {
  const { values, positionals, tokens } = parseArgs({
    args,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { type, short }]) => [name, short ? { type, short } : { type }]),
    ),
    allowPositionals: true,
    // Its own messages do not say what would be right.
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'option') checkOption(command, options, token)
  }
  return { ...(command && { command }), options: values, positionals }
}

/**
 * @param {CommandName | undefined} command
 * @param {Record<string, Option>} options
 * @param {{ name: string, rawName: string, value?: string | undefined }} token
 */
function checkOption(command, options, { name, rawName, value }) {
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (option === undefined) {
    const known = Object.keys(options).map((one) => `--${one}`)
    throw new CommandError(
      `there is no option \`${rawName}\`${didYouMean(rawName, known)} ${helpHint(command)}`,
    )
  }
  if (option.type === 'string' && (value === undefined || value === '')) {
    throw new CommandError(`\`${rawName}\` needs a value: ${rawName} ${option.value}. ${helpHint(command)}`)
  }
  if (option.type === 'boolean' && option.value === undefined && value !== undefined) {
    throw new CommandError(`\`${rawName}\` takes no value; got ${JSON.stringify(value)}.`)
  }
}

/**
 * @param {CommandName} command
 * @param {{ options: Record<string, any>, positionals: string[] }} given
 */
function checkPositionals(command, { options, positionals }) {
  if (options.help || options.version) return
  const { positionals: wanted, usage } = COMMANDS[command]
  if (positionals.length < wanted) throw new CommandError(`no script was given. Usage: ${usage}`)
  if (positionals.length > wanted) {
    throw new CommandError(
      `\`${positionals[wanted]}\` is one argument too many. Usage: ${usage}. ${helpHint(command)}`,
    )
  }
}

/** @param {CommandName} [command] */
function helpHint(command) {
  return `See: codecell ${command === undefined ? '' : `${command} `}--help`
}

/**
 * The end of a sentence that says that something is not known.
 *
 * @param {string} given
 * @param {string[]} known
 */
function didYouMean(given, known) {
  const meant = closest(given, known)
  return meant === undefined ? '.' : `; did you mean \`${meant}\`?`
}

/**
 * What was probably meant.
 *
 * @param {string} given
 * @param {string[]} known
 */
export function closest(given, known) {
  const [nearest] = known
    .map((name) => ({ name, distance: editDistance(given, name) }))
    .sort((a, b) => a.distance - b.distance)
  // With more of it wrong, it is another word.
  return nearest !== undefined && nearest.distance <= Math.max(2, Math.floor(nearest.name.length / 3))
    ? nearest.name
    : undefined
}

/**
 * Levenshtein's.
 *
 * @param {string} from
 * @param {string} to
 */
function editDistance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j += 1) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

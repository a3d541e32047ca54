#!/usr/bin/env node
// The command `codecell`. Exit codes: see EXIT in command-error.js.

import { commandLine } from './arguments.js'
import { CommandError, EXIT } from './command-error.js'
import { commandHelp, overview } from './help.js'

/** Each is loaded when it is wanted: --help needs no addon. */
const COMMANDS = {
  run: () => import('./run.js'),
  mcp: () => import('./mcp.js'),
  types: () => import('./types.js'),
}

// Whoever read the output may have gone: `codecell types | head`. That is no fault, and ends nothing but the printing.
process.stdout.on('error', () => {})
process.exitCode = await main(process.argv.slice(2))
// What the tools of a program left open, such as connections, does not keep the command from ending.
process.stdout.write('', () => process.exit())

/** @param {string[]} args */
async function main(args) {
  try {
    const { command, options, positionals } = commandLine(args)
    if (options.version) return say(await versionText())
    if (command === undefined) return say(overview())
    if (options.help) return say(commandHelp(command))
    const { [command]: start } = /** @type {any} */ (await COMMANDS[command]())
    return await start(options, positionals)
  } catch (error) {
    return fail(error)
  }
}

/** @param {string} text */
function say(text) {
  console.log(text)
  return EXIT.done
}

async function versionText() {
  const { versions } = await import('../functions.js')
  return `codecell ${versions.codecell} (V8 ${versions.v8}, Node ${process.versions.node})`
}

/** @param {unknown} error */
function fail(error) {
  if (error instanceof CommandError) {
    console.error(`codecell: ${error.message}`)
    return error.exitCode
  }
  console.error('codecell:', error)
  return EXIT.internal
}

// codecell run: runs a script and prints what it emits, as it comes.

import { readFile, writeFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { CodecellError } from '../errors.js'
import { messageOf } from '../json.js'
import { Session } from '../session.js'
import { CommandError, EXIT } from './command-error.js'
import { inspectOf } from './inspect.js'
import { onInterrupt } from './interrupt.js'
import { limitsOf } from './limits.js'
import { Output } from './output.js'
import { say } from './say.js'
import { ToolSources } from './tool-sources.js'

/** @import { CellError, CellResult } from '../../index.d.ts' */

/** How often output is asked for: soon enough for a person. */
const POLL_MS = 100
/** From this time on, and as often, a person is told that the script still runs. */
const PROGRESS_MS = 10_000

/**
 * @param {Record<string, any>} options
 * @param {string[]} positionals
 * @returns {Promise<number>}
 */
export async function run(options, [script = '-']) {
  const limits = limitsOf(options)
  const inspect = inspectOf(options)
  const source = await sourceOf(script)
  const storedValues = await storedValuesOf(options.stored)
  const sources = new ToolSources(options.verbose && { calls: true, servers: true })
  try {
    await sources.open(options)
    const session = newSession({
      tools: sources.tools,
      namespaces: sources.namespaces,
      limits,
      storedValues,
      ...inspect,
      onNotify: ({ text }) => say(text),
    })
    const name = script === '-' ? 'stdin' : basename(script, extname(script))
    try {
      return await watched(session, source, new Output(options.media ?? '.', name))
    } finally {
      if (options.stored !== undefined) await keep(options.stored, session)
      await session.close()
    }
  } finally {
    await sources.close()
  }
}

/** @param {import('../../index.d.ts').SessionOptions} options */
function newSession(options) {
  try {
    return new Session(options)
  } catch (error) {
    throw error instanceof CodecellError ? new CommandError(error.message) : error
  }
}

/** @param {string} script */
async function sourceOf(script) {
  try {
    return script === '-' ? await textOf(process.stdin) : await readFile(script, 'utf8')
  } catch (error) {
    throw new CommandError(`the script ${script} cannot be read: ${messageOf(error)}`)
  }
}

/**
 * @param {string | undefined} file
 * @returns {Promise<Record<string, any>>}
 */
async function storedValuesOf(file) {
  if (file === undefined) return {}
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return {}
    throw new CommandError(`${file}, which --stored names, cannot be read: ${messageOf(error)}`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CommandError(`${file}, which --stored names, is no valid JSON: ${messageOf(error)}`)
  }
}

/**
 * @param {string} file
 * @param {Session} session
 */
async function keep(file, session) {
  try {
    await writeFile(file, `${JSON.stringify(session.storedValues(), null, 2)}\n`)
  } catch (error) {
    throw new CommandError(`the stored values could not be written to ${file}: ${messageOf(error)}`)
  }
}

/**
 * Watches a cell until it ends.
 *
 * @param {Session} session
 * @param {string} source
 * @param {Output} output
 * @returns {Promise<number>} the exit code
 */
async function watched(session, source, output) {
  const interruption = new AbortController()
  /** @type {number | undefined} */
  let interrupted
  onInterrupt((exitCode) => {
    interrupted = exitCode
    say('terminating the script; once more ends it at once')
    interruption.abort()
  })
  // Whoever reads the output has gone: `codecell run … | head`.
  process.stdout.on('error', () => interruption.abort())
  const progress = new Progress()
  let result = await started(session, source, interruption.signal)
  for (;;) {
    if (result.status === 'missing') throw new Error('the cell was lost')
    progress.clear()
    await output.print(result.content)
    if (result.status !== 'running') break
    progress.show(result.usage)
    result = interruption.signal.aborted
      ? await session.terminate(result.cellId)
      : await session.wait(result.cellId, { yieldTimeMs: POLL_MS, yieldSignal: interruption.signal })
  }
  if (result.status === 'terminated') {
    say('the script was terminated')
    return interrupted ?? EXIT.done
  }
  return ended(result)
}

/**
 * @param {Session} session
 * @param {string} source
 * @param {AbortSignal} yieldSignal
 */
async function started(session, source, yieldSignal) {
  try {
    return await session.exec(source, { yieldTimeMs: POLL_MS, yieldSignal })
  } catch (error) {
    if (
      error instanceof CodecellError &&
      (error.code === 'INVALID_INPUT' || error.code === 'INVALID_ARGUMENT')
    )
      throw new CommandError(error.message)
    throw error
  }
}

/**
 * @param {Exclude<CellResult, { status: 'missing' }>} result
 * @returns {number} the exit code
 */
function ended(result) {
  if (!('unhandledRejections' in result || result.status === 'failed')) return EXIT.done
  for (const rejection of result.unhandledRejections ?? []) {
    say(`a promise of the script rejected, and nobody looked: ${rejection.message}`)
  }
  if (result.status !== 'failed') return EXIT.done
  const { error } = result
  const text = [error.stack ?? `${error.name}: ${error.message}`, error.frame].filter(Boolean).join('\n\n')
  say(`the script failed (${error.code})\n${text}`)
  return exitCodeOf(error)
}

/** @param {CellError} error */
function exitCodeOf({ code }) {
  switch (code) {
    case 'SCRIPT_ERROR':
      return EXIT.scriptFailed
    case 'SYNTAX_ERROR':
      return EXIT.syntax
    case 'ENGINE_LOST':
      return EXIT.internal
    default:
      return EXIT.limit
  }
}

/** A line on the terminal that says how long a script has been running. */
class Progress {
  #shown = false
  #next = PROGRESS_MS

  /** @param {import('../../index.d.ts').CellUsage} usage */
  show({ wallMs, cpuMs, toolCalls }) {
    if (!process.stderr.isTTY || wallMs < this.#next) return
    this.#next = wallMs + 1_000
    this.#shown = true
    const seconds = (/** @type {number} */ time) => `${(time / 1000).toFixed(0)} s`
    const line = `running for ${seconds(wallMs)}, ${seconds(cpuMs)} of it computing, ${toolCalls} tool calls`
    process.stderr.write(`\r\x1b[K${line}`)
  }

  clear() {
    if (this.#shown) process.stderr.write('\r\x1b[K')
    this.#shown = false
  }
}

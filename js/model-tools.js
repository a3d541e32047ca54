import * as check from './check.js'
import { invalidInput, withCodes } from './errors.js'
import { messageOf, toNativeJson } from './json.js'
import { addon } from './native.js'
import { throwIfAborted } from './signals.js'
import { isWatched, modelToolChannel, Trace } from './tracing.js'

/** @import { CellError, CellResult, ModelOutput, ModelTool, ModelToolTrace, Session } from '../index.d.ts' */
/** @import { ToolSet } from './tool-set.js' */

/**
 * @typedef {object} ModelSettings
 * @property {string} sessionId
 * @property {ToolSet} toolSet the tools of the cells that exec starts
 * @property {number} defaultYieldTimeMs
 * @property {number} maxYieldTimeMs
 * @property {boolean} hasConsole whether what a script writes to `console` is output
 */

const RUN_KEYS = ['callId', 'signal', 'yieldSignal']
/** From this yield time on there is grace. */
const GRACE_FROM_MS = 10_000
const GRACE_MS = 1_000

/**
 * The two tools that a model is given.
 *
 * @param {Session} session
 * @param {ModelSettings} settings
 * @param {unknown} given
 * @returns {{ exec: ModelTool, wait: ModelTool }}
 */
export function modelTools(session, { toolSet: ofSession, ...times }, given) {
  const options = check.options('modelTools options', given, ['declareTools', 'tools'])
  const declareTools = check.optional(check.boolean, 'declareTools', options.declareTools) ?? true
  const toolSet = options.tools === undefined ? ofSession : ofSession.withTools(options.tools)
  const settings = { ...times, toolSet }
  const { defaultYieldTimeMs, hasConsole } = settings
  return withCodes(() => ({
    exec: {
      name: 'exec',
      description: toolSet.native.execDescription(defaultYieldTimeMs, declareTools, hasConsole),
      grammar: { syntax: 'lark', definition: addon.execGrammar() },
      inputSchema: JSON.parse(addon.execInputSchema()),
      run: async (input, options) => traced('exec', runExec, session, settings, input, options),
    },
    wait: {
      name: 'wait',
      description: addon.waitDescription(defaultYieldTimeMs),
      inputSchema: JSON.parse(addon.waitInputSchema()),
      run: async (input, options) => traced('wait', runWait, session, settings, input, options),
    },
  }))
}

/**
 * @typedef {(
 *   session: Session,
 *   settings: ModelSettings,
 *   input: unknown,
 *   given: unknown,
 *   note?: (result: CellResult) => void,
 * ) => Promise<ModelOutput>} Serve
 */

/**
 * Serves a call of the model, and tells of it if anybody listens.
 *
 * @param {'exec' | 'wait'} tool
 * @param {Serve} serve
 * @param {Parameters<Serve>} call
 */
async function traced(tool, serve, ...[session, settings, input, given]) {
  if (!isWatched(modelToolChannel)) return serve(session, settings, input, given)
  /** @type {ModelToolTrace} */
  const message = { sessionId: settings.sessionId, tool, callId: callIdIn(given), input }
  if (tool === 'wait') message.cellId = cellIdIn(input)
  const trace = new Trace(modelToolChannel, message)
  const note = (/** @type {CellResult} */ result) => trace.note({ cellId: result.cellId, cellResult: result })
  try {
    const output = await trace.run(() => serve(session, settings, input, given, note))
    trace.end({ result: output })
    return output
  } catch (error) {
    trace.end({ error })
    throw error
  }
}

/** @param {unknown} given */
function callIdIn(given) {
  const { callId } = /** @type {{ callId?: unknown }} */ (given ?? {})
  return typeof callId === 'string' ? callId : undefined
}

/** @param {unknown} input */
function cellIdIn(input) {
  try {
    return waitInput(input).cellId
  } catch {
    // The call itself tells what is wrong.
    return undefined
  }
}

/** @type {Serve} */
async function runExec(session, settings, input, given, note) {
  const started = performance.now()
  const options = runOptions(given)
  const source = sourceOf(input)
  const { yieldTimeMs, maxOutputTokens } = JSON.parse(withCodes(() => addon.parseExecSource(source)))
  const result = await session.exec(source, {
    ...options,
    yieldTimeMs: withGrace(yieldTimeMs, settings),
    tools: /** @type {any} */ (settings.toolSet), // exec takes a set as it is
  })
  note?.(result)
  return modelOutput(result, maxOutputTokens, performance.now() - started)
}

/** @type {Serve} */
async function runWait(session, settings, input, given, note) {
  const started = performance.now()
  const { signal, yieldSignal } = runOptions(given)
  const { cellId, yieldTimeMs, maxTokens, terminate } = waitInput(input)
  throwIfAborted(signal)
  const result = terminate
    ? await session.terminate(cellId)
    : await session.wait(cellId, { signal, yieldSignal, yieldTimeMs: withGrace(yieldTimeMs, settings) })
  note?.(result)
  return modelOutput(result, maxTokens, performance.now() - started)
}

/** @param {unknown} given */
function runOptions(given) {
  const { callId, signal, yieldSignal } = check.options('run options', given, RUN_KEYS)
  return {
    callId: check.optional(check.string, 'callId', callId),
    signal: check.optional(check.abortSignal, 'signal', signal),
    yieldSignal: check.optional(check.abortSignal, 'yieldSignal', yieldSignal),
  }
}

/** @param {unknown} input */
function sourceOf(input) {
  if (typeof input === 'string') return input
  if (typeof input === 'object' && input !== null && 'source' in input && typeof input.source === 'string') {
    return input.source
  }
  throw invalidInput('exec expects raw JavaScript source text')
}

/**
 * A nested call is often given the same time as the cell around it. With a second more, the cell can return its result
 * at once, instead of after another round through the model.
 *
 * @param {number | undefined} requested
 * @param {ModelSettings} settings
 */
function withGrace(requested, { defaultYieldTimeMs, maxYieldTimeMs }) {
  const time = requested ?? defaultYieldTimeMs
  return Math.min(time >= GRACE_FROM_MS ? time + GRACE_MS : time, maxYieldTimeMs)
}

/**
 * What a model gave to `wait`. Models send null for what they leave out, and numbers for ids.
 *
 * @param {unknown} input
 */
function waitInput(input) {
  const given = typeof input === 'string' ? parsed(input) : input
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidInput('wait expects JSON arguments')
  }
  const { cell_id, yield_time_ms, max_tokens, terminate } = /** @type {Record<string, unknown>} */ (given)
  return {
    cellId: cellIdOf(cell_id),
    yieldTimeMs: notNegative('yield_time_ms', yield_time_ms),
    maxTokens: notNegative('max_tokens', max_tokens),
    terminate: booleanOf('terminate', terminate) ?? false,
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badArguments(messageOf(error) ?? 'no valid JSON')
  }
}

/** @param {string} message */
function badArguments(message) {
  return invalidInput(`failed to parse function arguments: ${message}`)
}

/** @param {unknown} value */
function cellIdOf(value) {
  if (value === undefined || value === null) throw badArguments('`cell_id` is missing')
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw badArguments(`\`cell_id\` must be a string; got ${check.shown(value)}`)
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function notNegative(name, value) {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && value >= 0) return value
  throw badArguments(`\`${name}\` must be a non-negative number; got ${check.shown(value)}`)
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function booleanOf(name, value) {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'boolean') return value
  throw badArguments(`\`${name}\` must be a boolean; got ${check.shown(value)}`)
}

/**
 * @param {CellResult} result
 * @param {number | undefined} maxTokens
 * @param {number} wallMs
 * @returns {ModelOutput}
 */
function modelOutput(result, maxTokens, wallMs) {
  const { status, cellId } = result
  if (status === 'pending') throw new Error('only execToPending and waitToPending answer with `pending`')
  const content = toNativeJson(status === 'missing' ? [] : result.content)
  const errorText = status === 'failed' ? textOf(result.error) : null
  const tokens = maxTokens === undefined ? null : wholeTokens(maxTokens)
  /** @type {ModelOutput} */
  const output = {
    content: JSON.parse(
      withCodes(() => addon.modelOutput(status, cellId, content, errorText, tokens, wallMs)),
    ),
    success: status !== 'failed' && status !== 'missing',
  }
  if (status === 'running') output.cellId = cellId
  return output
}

/** @param {number} count */
export function wholeTokens(count) {
  return Math.min(Math.floor(count), Number.MAX_SAFE_INTEGER)
}

/**
 * An error as a model reads it: the stack, and the lines of the script around the place.
 *
 * @param {CellError} error
 */
function textOf({ stack, message, frame }) {
  const text = stack ?? message
  return frame === undefined ? text : `${text}\n\n${frame}`
}

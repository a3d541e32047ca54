import * as check from './check.js'
import { invalidArgument } from './errors.js'
import { inspectOf } from './inspect/options.js'
import { checkedJson } from './json.js'
import { addonPath, launcherPath } from './native.js'

/** @import { Limits, Notification } from '../index.d.ts' */
/** @typedef {(notification: Notification) => unknown} OnNotify */

const MIB = 1024 * 1024

/** Bun and Deno have functions of libuv's names, which are not for use. */
const LIBUV =
  process.versions.bun === undefined && process.versions.deno === undefined ? process.versions.uv : undefined

/** How each limit is checked. */
const LIMITS = {
  heapBytes: between(16 * MIB, 2048 * MIB),
  arrayBufferBytes: between(1),
  cpuMs: check.duration,
  wallMs: check.duration,
  activeCells: between(1),
  pendingToolCalls: between(1),
  timers: between(1),
  outputBytes: between(1),
  messageBytes: between(1),
  storedBytes: between(1),
  sourceBytes: between(1),
  toolGraceMs: check.milliseconds,
}
const LIMIT_NAMES = /** @type {(keyof Limits)[]} */ (Object.keys(LIMITS))

const SESSION_KEYS = [
  'tools',
  'namespaces',
  'isolation',
  'childOptions',
  'limits',
  'defaultYieldTimeMs',
  'maxYieldTimeMs',
  'storedValues',
  'console',
  'typescript',
  'inspect',
  'onNotify',
]
const CHILD_KEYS = ['cellsPerChild', 'strict']
const WAIT_TO_PENDING_KEYS = ['signal', 'yieldSignal']
const WAIT_KEYS = ['yieldTimeMs', ...WAIT_TO_PENDING_KEYS]
const EXEC_TO_PENDING_KEYS = ['callId', 'signal', 'yieldSignal', 'tools']
const EXEC_KEYS = ['yieldTimeMs', ...EXEC_TO_PENDING_KEYS]

const MOST_CELLS_PER_CHILD = 64
const DEFAULT_YIELD_TIME_MS = 10_000
const DEFAULT_MESSAGE_BYTES = 64 * MIB

/**
 * @param {number} minimum
 * @param {number} [maximum]
 * @returns {(name: string, value: unknown) => number}
 */
function between(minimum, maximum) {
  return (name, value) => check.integer(name, value, minimum, maximum)
}

/**
 * The options of a session, checked and with their defaults. The tools are checked by their tool set.
 *
 * @param {unknown} given
 */
export function sessionOptions(given) {
  const options = check.options('options', given, SESSION_KEYS)
  const limits = limitsOf(options.limits)
  const child = childOf(options)
  const onNotify = check.optional(check.fn, 'onNotify', options.onNotify)
  return {
    tools: options.tools,
    namespaces: options.namespaces,
    limits,
    child,
    console: check.optional(consoleChoice, 'console', options.console) ?? 'off',
    typescript: check.optional(typescriptChoice, 'typescript', options.typescript) ?? 'auto',
    inspect: inspectOf(options.inspect, options.isolation),
    messageBytes: limits.messageBytes ?? DEFAULT_MESSAGE_BYTES,
    defaultYieldTimeMs: wholeMilliseconds(
      check.optional(check.milliseconds, 'defaultYieldTimeMs', options.defaultYieldTimeMs) ??
        DEFAULT_YIELD_TIME_MS,
    ),
    maxYieldTimeMs: wholeMilliseconds(
      check.optional(check.milliseconds, 'maxYieldTimeMs', options.maxYieldTimeMs) ?? Infinity,
    ),
    storedValues: storedValuesOf(options.storedValues),
    onNotify: onNotify && /** @type {OnNotify} */ ((notification) => onNotify.call(given, notification)),
  }
}

/** @typedef {ReturnType<typeof sessionOptions>} Settings */

/**
 * @param {string} name
 * @param {unknown} value
 */
function isolationChoice(name, value) {
  return check.oneOf(name, value, ['thread', 'process'])
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function consoleChoice(name, value) {
  return check.oneOf(name, value, ['off', 'output', 'events'])
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function typescriptChoice(name, value) {
  return check.oneOf(name, value, ['auto', 'off'])
}

/**
 * How child processes are used; undefined: not at all.
 *
 * @param {Record<string, unknown>} options
 * @returns {{ cellsPerChild?: number, strict?: boolean } | undefined}
 */
function childOf(options) {
  const isolation = check.optional(isolationChoice, 'isolation', options.isolation)
  const given = check.options('childOptions', options.childOptions, CHILD_KEYS)
  const cellsPerChild = check.optional(
    between(1, MOST_CELLS_PER_CHILD),
    'childOptions.cellsPerChild',
    given.cellsPerChild,
  )
  const strict = check.optional(check.boolean, 'childOptions.strict', given.strict)
  if (isolation === 'process') {
    return {
      ...(cellsPerChild === undefined ? {} : { cellsPerChild }),
      ...(strict === undefined ? {} : { strict }),
    }
  }
  if (options.childOptions === undefined) return undefined
  throw invalidArgument("childOptions are for isolation: 'process'; leave them out with 'thread'")
}

/** @param {unknown} given */
function limitsOf(given) {
  const options = check.options('limits', given, LIMIT_NAMES)
  /** @type {Limits} */
  const limits = {}
  for (const name of LIMIT_NAMES) {
    const value = check.optional(LIMITS[name], `limits.${name}`, options[name])
    if (value !== undefined) limits[name] = value
  }
  return limits
}

/**
 * Pairs of key and JSON text.
 *
 * @param {unknown} given
 * @returns {[key: string, jsonText: string][]}
 */
function storedValuesOf(given) {
  if (given === undefined) return []
  return Object.entries(check.record('storedValues', given)).map(([key, value]) => [
    key,
    checkedJson(check.member('storedValues', key), value),
  ])
}

/**
 * The addon counts whole milliseconds, and JSON has no Infinity.
 *
 * @param {number} time
 */
function wholeMilliseconds(time) {
  return Math.min(Math.ceil(time), Number.MAX_SAFE_INTEGER)
}

/**
 * What the addon is told of a session.
 *
 * @param {Settings} settings
 */
export function nativeSessionOptions(settings) {
  const { limits, child, inspect, storedValues, defaultYieldTimeMs, maxYieldTimeMs } = settings
  /** @type {Limits} */
  const finite = { ...limits }
  if (finite.cpuMs === Infinity) delete finite.cpuMs
  if (finite.wallMs === Infinity) delete finite.wallMs
  if (finite.toolGraceMs !== undefined) finite.toolGraceMs = wholeMilliseconds(finite.toolGraceMs)
  return {
    limits: finite,
    features: { typescript: settings.typescript === 'auto', console: settings.console },
    child: child && {
      launcher: launcherPath,
      addon: addonPath,
      // The sandbox of a child has no access to the system's.
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      libuv: LIBUV,
      ...child,
    },
    inspect: inspect?.start,
    storedValues,
    defaultYieldTimeMs,
    maxYieldTimeMs: maxYieldTimeMs === Number.MAX_SAFE_INTEGER ? null : maxYieldTimeMs,
  }
}

/**
 * @param {unknown} given
 * @param {boolean} step
 */
export function execOptions(given, step) {
  const options = check.options('exec options', given, step ? EXEC_TO_PENDING_KEYS : EXEC_KEYS)
  return {
    ...observation(options),
    callId: check.optional(check.string, 'callId', options.callId),
    tools: options.tools,
  }
}

/**
 * @param {unknown} given
 * @param {boolean} step
 */
export function waitOptions(given, step) {
  return observation(check.options('wait options', given, step ? WAIT_TO_PENDING_KEYS : WAIT_KEYS))
}

/** @param {Record<string, unknown>} options */
function observation(options) {
  return {
    yieldTimeMs: check.optional(check.milliseconds, 'yieldTimeMs', options.yieldTimeMs),
    signal: check.optional(check.abortSignal, 'signal', options.signal),
    yieldSignal: check.optional(check.abortSignal, 'yieldSignal', options.yieldSignal),
  }
}

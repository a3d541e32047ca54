import { isIPv4 } from 'node:net'
import * as check from '../check.js'
import { invalidArgument } from '../errors.js'

const KEYS = ['port', 'host', 'waitForDebugger', 'breakOnStart']
const DEFAULT_PORT = 9229
const MOST_PORT = 65_535

/**
 * How the cells of a session can be debugged.
 *
 * @typedef {object} Inspect
 * @property {string} host
 * @property {number} port 0: one that is free
 * @property {'atOnce' | 'whenTold' | 'paused'} start when a script starts
 */

/**
 * Undefined: they can't be debugged.
 *
 * @param {unknown} given
 * @param {unknown} isolation
 * @returns {Inspect | undefined}
 */
export function inspectOf(given, isolation) {
  if (given === undefined || given === false) return undefined
  const options = given === true ? {} : check.options('inspect', given, KEYS)
  if (isolation === 'process') {
    throw invalidArgument(
      "inspect is for isolation: 'thread'; with 'process' the isolates are out of reach of a debugger. Leave isolation " +
        'out while you debug: the results are the same',
    )
  }
  const { waitForDebugger, breakOnStart } = options
  const waits = check.optional(check.boolean, 'inspect.waitForDebugger', waitForDebugger)
  const breaks = check.optional(check.boolean, 'inspect.breakOnStart', breakOnStart)
  return {
    host: check.optional(loopback, 'inspect.host', options.host) ?? '127.0.0.1',
    port: check.optional(port, 'inspect.port', options.port) ?? DEFAULT_PORT,
    start: breaks ? 'paused' : waits ? 'whenTold' : 'atOnce',
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function port(name, value) {
  return check.integer(name, value, 0, MOST_PORT)
}

/**
 * Whoever reaches the port can run code in the cells and call their tools.
 *
 * @param {string} name
 * @param {unknown} value
 */
function loopback(name, value) {
  const host = check.string(name, value)
  if (host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return host
  throw invalidArgument(
    `${name} must be an address of this machine alone: '127.0.0.1', '::1' or 'localhost'; got ${check.shown(host)}. ` +
      'To debug from another machine, forward the port: ssh -L 9229:127.0.0.1:9229 …',
  )
}

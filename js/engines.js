// The engines of the process, which all sessions share.

import * as check from './check.js'
import { withCodes } from './errors.js'
import { addon } from './native.js'

const KEYS = ['ready', 'idleMs']
const MOST_READY = 64

/**
 * @param {{ ready?: number, idleMs?: number }} [options]
 * @returns {{ ready: number, idleMs: number }}
 */
export function configureEngines(options) {
  const given = check.options('options', options, KEYS)
  const ready = check.optional(readyThreads, 'ready', given.ready)
  const idle = check.optional(check.duration, 'idleMs', given.idleMs)
  const [readyNow, idleMs] = withCodes(() => addon.configureEngines(ready ?? null, idle ?? null))
  return { ready: readyNow, idleMs }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function readyThreads(name, value) {
  return check.integer(name, value, 0, MOST_READY)
}

// What the tests of `isolation: 'process'` share: they look at the children from outside.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { Session } from '../../js/index.js'
import { until } from './lifecycle-helpers.js'

/** @import { ChildProcessEvent, SessionOptions } from '../../index.d.ts' */

/**
 * A session with its cells in child processes, which is closed when the test is done.
 *
 * @param {SessionOptions} [options]
 */
export function openProcessSession(options) {
  const session = new Session({ isolation: 'process', defaultYieldTimeMs: Infinity, ...options })
  onTestFinished(() => session.close())
  return session
}

/** The events of all child processes from now on, until the test is done. */
export function childEvents() {
  /** @type {ChildProcessEvent[]} */
  const events = []
  const note = (/** @type {unknown} */ event) => events.push(/** @type {ChildProcessEvent} */ (event))
  subscribe('codecell:engine', note)
  onTestFinished(() => unsubscribe('codecell:engine', note))
  return events
}

/** The child processes of this program that are there now, zombies too. Linux only. */
export function children() {
  const pids = []
  for (const thread of readdirSync('/proc/self/task')) {
    const list = readOrEmpty(`/proc/self/task/${thread}/children`)
    for (const pid of list.split(' ').filter(Boolean).map(Number)) {
      if (readOrEmpty(`/proc/${pid}/comm`).startsWith('codecell-launch')) pids.push(pid)
    }
  }
  return pids
}

/** @param {string} path */
function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The thread or the process has ended meanwhile.
    return ''
  }
}

/**
 * A line of /proc/PID/status, of a process or of one of its threads.
 *
 * @param {number} pid
 * @param {string} name
 */
export function statusOf(pid, name) {
  const line = readOrEmpty(`/proc/${pid}/status`)
    .split('\n')
    .find((one) => one.startsWith(`${name}:`))
  return line?.slice(name.length + 1).trim()
}

/**
 * The processor time of a process, in hundredths of a second.
 *
 * @param {number} pid
 */
function cpuOf(pid) {
  const fields = readOrEmpty(`/proc/${pid}/stat`)
    .replace(/^.*\) /, '')
    .split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/**
 * The child that runs a script of this session: the one that a cell keeps busy.
 *
 * @param {Session} session
 */
export async function childOf(session) {
  const before = new Map(children().map((pid) => [pid, cpuOf(pid)]))
  const result = await session.exec('yield_control(); while (true);')
  let busiest
  await until(() => {
    busiest = children().find((pid) => cpuOf(pid) - (before.get(pid) ?? 0) >= 10)
    return busiest
  }, 'a busy child')
  await session.terminate(/** @type {string} */ (result.cellId))
  return /** @type {number} */ (/** @type {unknown} */ (busiest))
}

/** @param {number} pid */
export const isThere = (pid) => existsSync(`/proc/${pid}`)

/** Descriptors of this process. */
export const descriptors = () => readdirSync('/proc/self/fd').length

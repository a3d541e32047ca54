// What the tests of sessions and cells share.

import { afterEach, expect } from 'vitest'
import { CodecellError, Session } from '../../js/index.js'

const DEADLINE_MS = 20_000

/** @type {Set<Session>} */
const opened = new Set()
/** @type {Set<() => void>} */
const heldUp = new Set()

afterEach(async () => {
  const sessions = [...opened]
  opened.clear()
  // A call that nobody answered would hold its cell up for `toolGraceMs`.
  for (const resolve of heldUp) resolve()
  heldUp.clear()
  await Promise.all(sessions.map((session) => session.close()))
})

/**
 * A session that is closed after the test, in which a cell never yields by itself.
 *
 * @param {import('../../index.d.ts').SessionOptions} [options]
 */
export function newSession(options) {
  const session = new Session({ defaultYieldTimeMs: Infinity, ...options })
  opened.add(session)
  return session
}

/**
 * The texts of a result.
 *
 * @param {any} result
 * @returns {string[]}
 */
export function texts(result) {
  return result.content.map((/** @type {any} */ item) => item.text)
}

/** @param {number} [ms] */
export function sleep(ms = 0) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/**
 * Waits until something is so. Fails if it never is.
 *
 * @param {() => unknown} condition
 * @param {string} [what]
 */
export async function until(condition, what = String(condition)) {
  const end = Date.now() + DEADLINE_MS
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`it never came to be: ${what}`)
    await sleep(2)
  }
}

/** A promise, and what settles it. */
function deferred() {
  /** @type {(value?: any) => void} */
  let resolve = () => {}
  /** @type {(reason?: any) => void} */
  let reject = () => {}
  const promise = new Promise((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/**
 * A tool that answers when the test says so. Each call stands in `calls`.
 */
export function gate() {
  /** @type {{ input: any, call: any, resolve: (value?: any) => void, reject: (reason?: any) => void }[]} */
  const calls = []
  return {
    calls,
    /**
     * @param {any} input
     * @param {any} call
     */
    execute(input, call) {
      const { promise, resolve, reject } = deferred()
      heldUp.add(resolve)
      calls.push({ input, call, resolve, reject })
      return promise
    },
  }
}

/**
 * What a promise comes to, with the order of the questions kept apart from their failures.
 *
 * @param {Promise<any>} promise
 * @returns {Promise<{ value?: any, error?: any }>}
 */
export function outcome(promise) {
  return promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  )
}

/**
 * The CodecellError that a function throws or a promise rejects with.
 *
 * @param {(() => unknown) | Promise<unknown>} work
 * @param {string} code
 * @param {string | RegExp} message
 */
export async function expectFault(work, code, message) {
  const { error, value } = await outcome(
    typeof work === 'function' ? (async () => work())() : Promise.resolve(work),
  )
  expect(error, `no fault, but ${JSON.stringify(value)}`).toBeInstanceOf(CodecellError)
  expect(error.code).toBe(code)
  if (typeof message === 'string') expect(error.message).toBe(message)
  else expect(error.message).toMatch(message)
}

/**
 * Waits again and again until the cell is done, and returns all its results.
 *
 * @param {Session} session
 * @param {any} first
 * @param {import('../../index.d.ts').WaitOptions} [options]
 */
export async function allResults(session, first, options) {
  const results = [first]
  let last = first
  while (last.status === 'running') {
    last = await session.wait(last.cellId, options)
    results.push(last)
  }
  return results
}

/** A script that never ends, and never runs again once it has begun. */
export const FOREVER = 'await new Promise(() => {})'

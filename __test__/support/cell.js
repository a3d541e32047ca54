import { Session } from 'codecell'
import { expect, onTestFinished } from 'vitest'

/** @import { CellError, CellResult, ExecOptions, SessionOptions } from 'codecell' */

/**
 * A session that is closed when the test is done.
 *
 * @param {SessionOptions} [options]
 */
export function openSession(options) {
  // No test waits for a clock: a cell is watched until it ends.
  const session = new Session({ defaultYieldTimeMs: Infinity, ...options })
  onTestFinished(() => session.close())
  return session
}

/**
 * The result of one cell in a session of its own.
 *
 * @param {string} source
 * @param {SessionOptions} [options]
 * @returns {Promise<any>}
 */
export function run(source, options) {
  return openSession(options).exec(source)
}

/**
 * The content of a cell that must complete.
 *
 * @param {string} source
 * @param {SessionOptions} [options]
 */
export async function content(source, options) {
  return contentOf(await run(source, options))
}

/**
 * The texts of a cell that must complete with nothing but texts.
 *
 * @param {string} source
 * @param {SessionOptions} [options]
 * @returns {Promise<string[]>}
 */
export async function texts(source, options) {
  return textsOf(await run(source, options))
}

/**
 * The one text of a cell, read as JSON.
 *
 * @param {string} source
 * @param {SessionOptions} [options]
 * @returns {Promise<any>}
 */
export async function json(source, options) {
  const found = await texts(source, options)
  expect(found).toHaveLength(1)
  return JSON.parse(found[0] ?? '')
}

/**
 * The error of a cell that must fail.
 *
 * @param {string} source
 * @param {SessionOptions} [options]
 * @returns {Promise<CellError>}
 */
export async function failure(source, options) {
  const result = await run(source, options)
  expect(result.status).toBe('failed')
  return result.error
}

/**
 * What a statement throws in a cell: which class of the cell's own realm, and the message.
 *
 * @param {string} statement
 * @param {SessionOptions} [options]
 * @returns {Promise<{ name: string, message: string }>}
 */
export async function thrownBy(statement, options) {
  const caught = await json(
    `let caught
    try { ${statement} } catch (error) { caught = error }
    if (caught === undefined) throw new Error('nothing was thrown')
    const Class = [TypeError, RangeError, SyntaxError, Error].find((one) => caught instanceof one)
    text({ name: Class?.name ?? typeof caught, message: caught?.message ?? String(caught) })`,
    options,
  )
  return caught
}

/**
 * What misusing a helper throws.
 *
 * @param {string} message
 */
export const typeError = (message) => ({ name: 'TypeError', message })

/**
 * What a limit throws.
 *
 * @param {string} message
 */
export const rangeError = (message) => ({ name: 'RangeError', message })

/** @param {any} result */
function contentOf(result) {
  // The error says more than the status.
  expect(result.error).toBeUndefined()
  expect(result.status).toBe('completed')
  return result.content
}

/**
 * @param {any} result
 * @returns {string[]}
 */
export function textsOf(result) {
  return contentOf(result).map((item) => {
    expect(item.type).toBe('text')
    return item.text
  })
}

/** A promise with its ends outside. */
export function deferred() {
  /** @type {(value?: any) => void} */
  let resolve = () => {}
  /** @type {(reason?: unknown) => void} */
  let reject = () => {}
  const promise = new Promise((...ends) => {
    ;[resolve, reject] = ends
  })
  return { promise, resolve, reject }
}

import { isNativeError } from 'node:util/types'
import { shown } from './check.js'
import { invalidArgument } from './errors.js'

/**
 * The JSON text of a value that Rust parses. A lone surrogate is no UTF-8, so the parser there would refuse it: it
 * becomes U+FFFD, as it does in a plain string.
 *
 * @param {unknown} value
 */
export function toNativeJson(value) {
  return withoutLoneSurrogates(JSON.stringify(value))
}

/**
 * In what JSON.stringify writes, `\ud…` always is a lone surrogate; only an escaped backslash before it misleads.
 *
 * @param {string} text
 */
function withoutLoneSurrogates(text) {
  if (!text.includes('\\ud')) return text
  return text.replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\ufffd'))
}

/**
 * The JSON text of a value that the caller gave.
 *
 * @param {string} name how messages call it
 * @param {unknown} value
 */
export function checkedJson(name, value) {
  let text
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw invalidArgument(
      `${name} must be what JSON can say: ${messageOf(error) ?? 'it cannot be serialised'}`,
    )
  }
  if (text === undefined) throw invalidArgument(`${name} must be what JSON can say; got ${shown(value)}`)
  return text
}

/**
 * What something that was thrown says, or undefined if it says nothing. Its getters may throw, too.
 *
 * @param {unknown} thrown
 */
export function messageOf(thrown) {
  try {
    // An error of another realm is no instance of ours; a DOMException is no native error.
    const message = thrown instanceof Error || isNativeError(thrown) ? thrown.message : undefined
    if (typeof message === 'string' && message !== '') return message
    return String(thrown) || undefined
  } catch {
    return undefined
  }
}

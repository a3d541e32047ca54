import { messageOf } from '../../json.js'

/** @import { Exception } from '@opentelemetry/api' */

/**
 * @typedef {object} Failure
 * @property {string} type what `error.type` says
 * @property {string} [message]
 * @property {Exception} [exception]
 */

/**
 * How something ended that may have failed.
 *
 * @param {{ error?: unknown }} message
 * @returns {Failure | undefined}
 */
export function failureOf(message) {
  if (!('error' in message)) return undefined
  const { error } = message
  const name = textAt(error, 'name')
  const text = textAt(error, 'message') ?? messageOf(error) ?? 'it failed'
  return {
    // Codes tell more than names. Those of a DOMException are numbers.
    type: textAt(error, 'code') ?? name ?? '_OTHER',
    message: text,
    exception: name === undefined ? text : { name, message: text, stack: textAt(error, 'stack') },
  }
}

/**
 * A text that an error has. Anything can be thrown: its getters may throw, too.
 *
 * @param {unknown} error
 * @param {string} key
 * @returns {string | undefined}
 */
function textAt(error, key) {
  if (typeof error !== 'object' || error === null) return undefined
  try {
    const value = Reflect.get(error, key)
    return typeof value === 'string' && value !== '' ? value : undefined
  } catch {
    return undefined
  }
}

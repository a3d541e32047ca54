// Checks of what a caller gives. Each returns the value if it is right, and throws INVALID_ARGUMENT if not; the message
// tells what the value was and what would be right.

import { invalidArgument } from './errors.js'

const SHOWN_LENGTH = 60

/**
 * A value, short enough for a message.
 *
 * @param {unknown} value
 */
export function shown(value) {
  switch (typeof value) {
    case 'string':
      return `${JSON.stringify(shortened(value))} (string)`
    case 'number':
    case 'boolean':
      return `${value} (${typeof value})`
    case 'bigint':
      return `${shortened(String(value))}n (bigint)`
    case 'undefined':
      return 'undefined'
    case 'function':
    case 'symbol':
      return `a ${typeof value}`
    default:
      if (value === null) return 'null'
      return Array.isArray(value) ? 'an array' : 'an object'
  }
}

/** @param {string} text */
function shortened(text) {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text
}

/**
 * @param {string} name
 * @param {string} expected
 * @param {unknown} value
 */
function wrong(name, expected, value) {
  return invalidArgument(`${name} must be ${expected}; got ${shown(value)}`)
}

/**
 * How a member is written in a message: `tools.search`, `tools["a-b"]`.
 *
 * @param {string} name
 * @param {string} key
 */
export function member(name, key) {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
    ? `${name}.${key}`
    : `${name}[${JSON.stringify(shortened(key))}]`
}

/**
 * An object that is read by key. Arrays and maps are not: their elements would go unseen.
 *
 * @param {string} name
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
export function record(name, value) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)) {
    return /** @type {Record<string, unknown>} */ (value)
  }
  if (value instanceof Map) throw invalidArgument(`${name} must be a plain object; got a Map`)
  throw wrong(name, 'an object', value)
}

/**
 * An object of options, none of them unknown. Absent is empty.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {readonly string[]} known
 */
export function options(name, value, known) {
  if (value === undefined) return /** @type {Record<string, unknown>} */ ({})
  const given = record(name, value)
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) {
      throw invalidArgument(
        `unknown key ${JSON.stringify(shortened(key))} in ${name}; known are ${known.join(', ')}`,
      )
    }
  }
  return given
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} minimum
 * @param {number} [maximum]
 */
export function integer(name, value, minimum, maximum = Number.MAX_SAFE_INTEGER) {
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum)
    return value
  throw wrong(name, `an integer from ${minimum} to ${maximum}`, value)
}

/**
 * Milliseconds. Infinity is for ever.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function milliseconds(name, value) {
  if (typeof value === 'number' && value >= 0) return value
  throw wrong(name, 'a number of milliseconds, 0 or more (Infinity is allowed)', value)
}

/**
 * Milliseconds that are not 0.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function duration(name, value) {
  if (typeof value === 'number' && value > 0) return value
  throw wrong(name, 'a number of milliseconds, more than 0', value)
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function string(name, value) {
  if (typeof value === 'string') return value
  throw wrong(name, 'a string', value)
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function boolean(name, value) {
  if (typeof value === 'boolean') return value
  throw wrong(name, 'true or false', value)
}

/**
 * @template {string} T
 * @param {string} name
 * @param {unknown} value
 * @param {readonly T[]} choices
 */
export function oneOf(name, value, choices) {
  const choice = choices.find((one) => one === value)
  if (choice !== undefined) return choice
  throw wrong(name, choices.map((one) => `'${one}'`).join(' or '), value)
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function fn(name, value) {
  if (typeof value === 'function') return /** @type {(...args: any[]) => unknown} */ (value)
  throw wrong(name, 'a function', value)
}

/**
 * Judged by its looks: a signal may come from another realm or a polyfill.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function abortSignal(name, value) {
  if (
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function' &&
    'removeEventListener' in value &&
    typeof value.removeEventListener === 'function'
  ) {
    return /** @type {AbortSignal} */ (value)
  }
  throw wrong(name, 'an AbortSignal', value)
}

/**
 * Checks a value that may be left out.
 *
 * @template T
 * @param {(name: string, value: unknown) => T} check
 * @param {string} name
 * @param {unknown} value
 */
export function optional(check, name, value) {
  return value === undefined ? undefined : check(name, value)
}

import { types } from 'node:util'
import { expect } from 'vitest'

/**
 * Fails unless a value is data and nothing else: no proxy, no accessor, no function, no symbol, no prototype but the
 * two of the host that JSON has.
 *
 * @param {unknown} value
 * @param {string} path
 */
export function expectPlain(value, path = 'it') {
  expect(['string', 'number', 'boolean', 'undefined', 'object'], path).toContain(typeof value)
  if (typeof value !== 'object' || value === null) return
  expect(types.isProxy(value), `${path} is a proxy`).toBe(false)
  const prototype = Array.isArray(value) ? Array.prototype : Object.prototype
  expect(Object.getPrototypeOf(value) === prototype, `the prototype of ${path}`).toBe(true)
  for (const key of Reflect.ownKeys(value)) {
    expect(typeof key, path).toBe('string')
    const property = Object.getOwnPropertyDescriptor(value, key)
    expect(property, `${path}.${String(key)}`).toHaveProperty('value')
    expectPlain(property?.value, `${path}.${String(key)}`)
  }
}

/** What a script could wish to change of the host. */
const HOST_OBJECTS = [
  globalThis,
  ...[
    Object,
    Function,
    Array,
    Promise,
    Error,
    TypeError,
    RegExp,
    Map,
    Set,
    String,
    Symbol,
    ArrayBuffer,
  ].flatMap((Class) => [Class, Class.prototype]),
  JSON,
  Reflect,
  Object.getPrototypeOf(async () => {}),
  Object.getPrototypeOf([][Symbol.iterator]()),
]

/**
 * Remembers all that a script could wish to change of the host.
 *
 * @returns {() => string[]} what has changed since
 */
export function watchHost() {
  // With the first of these Node puts symbols of its own onto the global object.
  void globalThis.Headers
  const before = HOST_OBJECTS.map(properties)
  return () =>
    HOST_OBJECTS.flatMap((object, index) => {
      const now = properties(object)
      const keys = [...new Set([...before[index].keys(), ...now.keys()])]
      return keys
        .filter((key) => before[index].get(key) !== now.get(key))
        .map((key) => `${index} ${String(key)}`)
    })
}

/** @param {object} object */
function properties(object) {
  return new Map(
    Reflect.ownKeys(object).map((key) => {
      const { value, get } = Object.getOwnPropertyDescriptor(object, key) ?? {}
      // A getter of the global object may become what it stands for.
      return [key, object === globalThis ? true : (get ?? value)]
    }),
  )
}

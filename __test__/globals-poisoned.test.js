import { describe, expect, test } from 'vitest'
import { openSession } from './support/cell.js'

/** Ways in which a script can spoil its own realm. */
const POISON = {
  'Array.prototype.push': 'Array.prototype.push = evil',
  'Array.prototype methods':
    "for (const key of Object.getOwnPropertyNames(Array.prototype)) if (typeof [][key] === 'function') Array.prototype[key] = evil",
  'Array.prototype[Symbol.iterator]': 'Array.prototype[Symbol.iterator] = evil',
  'setters for indices':
    "for (const key of ['0', '1', '2']) for (const one of [Array.prototype, Object.prototype]) trap(one, key)",
  'Promise.prototype.then':
    'Promise.prototype.then = evil; Promise.prototype.catch = evil; Promise.prototype.finally = evil',
  'Promise.prototype.constructor': "trap(Promise.prototype, 'constructor')",
  'Promise statics':
    "for (const key of ['resolve', 'reject', 'all', 'withResolvers', 'try']) Promise[key] = evil; globalThis.Promise = evil",
  'Symbol.species':
    'for (const Class of [Array, Promise, Map, Set, RegExp, ArrayBuffer]) trap(Class, Symbol.species)',
  'Object.prototype.then': "trap(Object.prototype, 'then')",
  'Object.prototype get, set, value':
    "for (const key of ['get', 'set', 'value', 'writable', 'enumerable', 'configurable']) trap(Object.prototype, key)",
  'Object.prototype message, name, stack':
    "for (const key of ['message', 'name', 'stack', 'cause', 'code', 'line', 'column']) trap(Object.prototype, key)",
  'Object.prototype of media':
    "for (const key of ['detail', '_meta', 'mimeType', 'mime_type']) trap(Object.prototype, key)",
  toJSON: 'for (const one of [String, Number, Boolean, BigInt, Symbol]) trap(one.prototype, "toJSON")',
  JSON: 'JSON.stringify = evil; JSON.parse = evil; globalThis.JSON = evil',
  'String and Number':
    'globalThis.String = evil; globalThis.Number = evil; String.prototype.toString = evil; Number.prototype.valueOf = evil',
  'Error.prepareStackTrace': 'Error.prepareStackTrace = evil',
  'Error.captureStackTrace': 'Error.captureStackTrace = evil; Error.stackTraceLimit = 0',
  'Error and TypeError':
    "for (const Class of [Error, TypeError, RangeError]) { Class.prototype.constructor = evil; trap(Class.prototype, 'name'); trap(Class.prototype, 'message') }; globalThis.Error = evil; globalThis.TypeError = evil",
  'Function.prototype.call':
    'for (const key of ["call", "apply", "bind", "toString"]) Function.prototype[key] = evil',
  'Function.prototype[Symbol.hasInstance]':
    "trap(Function.prototype, 'prototype'); Object.setPrototypeOf(text, null); Object.setPrototypeOf(tools.echo, null)",
  'Object statics':
    'for (const key of Object.getOwnPropertyNames(Object)) if (typeof Object[key] === "function") Object[key] = evil',
  'Reflect and Proxy':
    'for (const key of Object.getOwnPropertyNames(Reflect)) Reflect[key] = evil; globalThis.Reflect = evil; globalThis.Proxy = evil',
  'Map, Set and iterators':
    'for (const Class of [Map, Set, WeakMap, Iterator]) for (const key of Object.getOwnPropertyNames(Class.prototype)) if (key !== "size" && key !== "constructor") Object.defineProperty(Class.prototype, key, { value: evil })',
  'the prototype of Object.prototype':
    'try { Object.setPrototypeOf(Object.prototype, new Proxy({}, {})) } catch {}',
  everything:
    'for (const name of Object.getOwnPropertyNames(globalThis)) if (!["text", "tools", "store", "notify", "image", "globalThis"].includes(name)) try { globalThis[name] = evil } catch {}',
}

/** What JavaScript itself, or a helper, reads from objects of the script: then code of the script runs, in its own realm. */
const RUNS_BY_RULE = new Set([
  'Promise.prototype.constructor',
  'Object.prototype.then',
  'Object.prototype of media',
])

const PRELUDE = `const define = Object.defineProperty, keep = { __proto__: null, text, tools, store, notify, image }
  const evil = function () { keep.text('poisoned') }
  const trap = (object, key) => define(object, key, { __proto__: null, get: evil, set: evil, configurable: true })`

/** What the script does then, without help of what it has spoiled. */
const WORK = `const { text, tools, store, notify, image } = keep
  text('text')
  text({ a: 1, b: 'x' })
  store('k', { a: 'stored' })
  notify('heard')
  image({ image_url: 'data:,x' })
  text((await tools.echo({ a: 'there and back' })).a)
  let message = 'none'
  try { await tools.bad() } catch (error) { message = 'caught' }
  text(message)
  try { image(1) } catch (error) { text('misuse') }
  throw 'end'`

describe('c.2 poisoned intrinsics: helpers, tools and errors do not go through them', () => {
  test.each(Object.entries(POISON))('c.2 poison: %s', async (name, poison) => {
    const inputs = []
    const heard = []
    const session = openSession({
      onNotify: ({ text }) => void heard.push(text),
      tools: {
        echo: {
          execute(input) {
            inputs.push(input)
            return input
          },
        },
        bad: {
          execute() {
            throw new Error('no')
          },
        },
      },
    })
    const result = await session.exec(`${PRELUDE}\n${poison}\n{ ${WORK} }`)
    const texts = result.content.filter(({ type }) => type === 'text').map(({ text }) => text)
    if (!RUNS_BY_RULE.has(name)) expect(texts).not.toContain('poisoned')
    const own = texts.filter((text) => text !== 'poisoned')
    expect(own).toEqual(['text', '{"a":1,"b":"x"}', 'there and back', 'caught', 'misuse'])
    expect(result.content.filter(({ type }) => type === 'image')).toEqual([
      { type: 'image', imageUrl: 'data:,x', detail: 'high' },
    ])
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'SCRIPT_ERROR', name: 'string', message: 'end' },
    })
    expect(inputs).toEqual([{ a: 'there and back' }])
    expect(heard).toEqual(['heard'])
    expect(session.storedValues()).toEqual({ k: { a: 'stored' } })
  })
})

test('c.2 poison: an uncaught error is told as it was made', async () => {
  for (const poison of Object.values(POISON)) {
    const session = openSession({ tools: { echo: { execute: (input) => input } } })
    const { status, error } = await session.exec(
      `const error = new RangeError('told')\n${PRELUDE}\n${poison}\nthrow error`,
    )
    expect([poison, status, error]).toMatchObject([
      poison,
      'failed',
      { name: 'RangeError', message: 'told', line: 1 },
    ])
  }
})

import { describe, expect, test } from 'vitest'
import { deferred, failure, json, openSession, texts, textsOf } from './support/cell.js'

/** Calls one tool with the given function and prints how its promise settled. */
const settled = (execute, options) =>
  json(
    `const [{ status, value, reason }] = await Promise.allSettled([tools.call()])
    text(status === 'fulfilled'
      ? { value, type: typeof value }
      : { message: reason.message, name: reason.name, isError: reason instanceof Error })`,
    { tools: { call: { execute } }, ...options },
  )

const failed = (message) => ({ message, name: 'ToolError', isError: true })
const thrower = (thrown) => () => {
  throw thrown
}

/** What the JSON of this runtime says about a value that it refuses: V8 and JavaScriptCore have other words. */
function refusalOf(value) {
  try {
    return void JSON.stringify(value)
  } catch (error) {
    return error.message
  }
}

describe('results', () => {
  test.each([
    ['null', null],
    ['true', true],
    ['a number', -1.5e-7],
    ['a string', 'a "quoted"\n\0\u2028 text 😀'],
    ['an empty string', ''],
    ['an array', [1, [2, [null]]]],
    ['an object', { a: { b: [] } }],
  ])('3.2 result: JSON arrives as it is: %s', async (_, value) => {
    expect(await settled(() => value)).toEqual({ value, type: typeof value })
    expect(await settled(async () => value)).toEqual({ value, type: typeof value })
  })

  test('3.2 result: undefined arrives as undefined', async () => {
    expect(await settled(() => undefined)).toEqual({ type: 'undefined' })
    expect(await settled(async () => {})).toEqual({ type: 'undefined' })
  })

  test.each([
    ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a Map', new Map([[1, 2]]), {}],
    ['an Error', new Error('x'), {}],
    [
      'a class instance',
      new (class {
        a = 1
        #b = 2
        c() {}
      })(),
      { a: 1 },
    ],
    ['an object with toJSON', { toJSON: () => 'mine' }, 'mine'],
    ['a Buffer', Buffer.from('a'), { type: 'Buffer', data: [97] }],
    ['holes and odd numbers', [undefined, NaN, Infinity, () => {}], [null, null, null, null]],
    ['properties without JSON', { a: undefined, b() {}, c: Symbol(), d: 1 }, { d: 1 }],
    ['a boxed value', Object(1), 1],
  ])('3.3 result: a value is what JSON makes of it: %s', async (_, value, expected) => {
    expect(await settled(() => value)).toEqual({ value: expected, type: typeof expected })
  })

  test('3.3 result: one with `isError` resolves like any other', async () => {
    const value = { content: [{ type: 'text', text: 'no' }], isError: true, _meta: { a: 1 } }
    expect(await settled(() => value)).toEqual({ value, type: 'object' })
  })

  test('3.2 result: each is a fresh object of the script’s realm', async () => {
    const shared = { list: [1] }
    const source = `const [a, b] = [await tools.call(), await tools.call()]
      a.list.push(2)
      text([a !== b, b.list, a instanceof Object, a.list instanceof Array, Object.getPrototypeOf(a) === Object.prototype])`
    const found = await json(source, { tools: { call: { execute: () => shared } } })
    expect(found).toEqual([true, [1], true, true, true])
    expect(shared).toEqual({ list: [1] })
  })

  test('3.2 result: a thenable is adopted', async () => {
    // biome-ignore lint/suspicious/noThenProperty: the host may return anything
    expect(await settled(() => ({ then: (done) => done('adopted') }))).toMatchObject({ value: 'adopted' })
    // biome-ignore lint/suspicious/noThenProperty: the host may return anything
    expect(await settled(() => ({ then: (_, fail) => fail(new Error('no')) }))).toEqual(failed('no'))
    // biome-ignore lint/suspicious/noThenProperty: the host may return anything
    expect(await settled(() => ({ then: thrower(new Error('thrown')) }))).toEqual(failed('thrown'))
  })

  test('3.2 result: a thenable that settles twice counts once', async () => {
    const twice = (done, fail) => {
      done('first')
      done('second')
      fail(new Error('third'))
      throw new Error('fourth')
    }
    // biome-ignore lint/suspicious/noThenProperty: the host may return anything
    expect(await settled(() => ({ then: twice }))).toMatchObject({ value: 'first' })
  })

  test('3.2 result: calls may settle in any order', async () => {
    const source = `const order = []
      await Promise.all([0, 1, 2].map((n) => tools.call({ n }).then(() => order.push(n))))
      text(order)`
    const waiting = []
    const execute = ({ n }) => {
      const { promise, resolve } = deferred()
      waiting[n] = resolve
      if (n === 2) {
        setImmediate(() => {
          for (const next of [2, 0, 1]) waiting[next]()
        })
      }
      return promise
    }
    expect(await json(source, { tools: { call: { execute } } })).toEqual([2, 0, 1])
  })
})

describe('failures', () => {
  test('3.2 failure: what the host throws or rejects with becomes an Error named ToolError with its message', async () => {
    expect(await settled(thrower(new Error('no such page')))).toEqual(failed('no such page'))
    expect(await settled(() => Promise.reject(new TypeError('bad type')))).toEqual(failed('bad type'))
  })

  test('3.2 failure: the error is of the script’s realm, and has nothing of the host', async () => {
    class HostError extends Error {
      secret = 'secret'
      constructor() {
        super('no', { cause: new Error('secret') })
        this.name = 'HostError'
      }
    }
    const source = `const error = await tools.call().catch((error) => error)
      text({
        own: Reflect.ownKeys(error).sort(),
        enumerable: Object.keys(error),
        prototype: Object.getPrototypeOf(error) === Error.prototype,
        text: String(error),
      })
      text(error.stack)`
    const [facts, stack] = await texts(source, { tools: { call: { execute: thrower(new HostError()) } } })
    expect(JSON.parse(facts)).toEqual({
      own: ['message', 'name', 'stack'],
      enumerable: [],
      prototype: true,
      text: 'ToolError: no',
    })
    expect(stack).toBe('ToolError: no\n    at exec_main.mjs:1:27')
  })

  test.each([
    ['a string', 'plain', 'plain'],
    ['a number', 42, '42'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a bigint', 1n, '1'],
    ['an object', { a: 1 }, '[object Object]'],
    ['an object with toString', { toString: () => 'told' }, 'told'],
    ['an array', ['a', 'b'], 'a,b'],
    ['an error without message', new RangeError(), 'RangeError'],
    ['a DOMException', new DOMException('aborted', 'AbortError'), 'aborted'],
  ])('3.2 failure: anything that is thrown becomes a message: %s', async (_, thrown, message) => {
    expect(await settled(thrower(thrown))).toEqual(failed(message))
    expect(await settled(() => Promise.reject(thrown))).toEqual(failed(message))
  })

  test.each([
    ['an object whose toString throws', { toString: thrower(new Error('hostile')) }],
    ['an object without prototype', Object.create(null)],
    ['an object whose toString gives no string', { toString: () => ({}), valueOf: () => ({}) }],
    [
      'an error whose message throws',
      Object.defineProperty(new Error(), 'message', { get: thrower(new Error('hostile')) }),
    ],
    ['a revoked proxy', revoked()],
    ['a proxy of traps that throw', new Proxy(new Error('x'), everyTrap(thrower(new Error('hostile'))))],
    ['an empty string', ''],
  ])('3.2 failure: what cannot be told is `tool x failed`: %s', async (_, thrown) => {
    expect(await settled(thrower(thrown))).toEqual(failed('tool `call` failed'))
  })

  test.each([
    ['a bigint', 1n, refusalOf(1n)],
    ['a nested bigint', { a: [1n] }, refusalOf({ a: [1n] })],
    ['a toJSON that throws', { toJSON: thrower(new Error('mine')) }, 'mine'],
    ['a toJSON that throws null', { toJSON: thrower(null) }, 'null'],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('mine')
        },
      },
      'mine',
    ],
    ['a function', () => 1, 'a function'],
    ['a class', class {}, 'a function'],
    ['a symbol', Symbol('s'), 'a symbol'],
    ['a toJSON with nothing to say', { toJSON() {} }, 'an object'],
    ['a proxy whose ownKeys trap throws', new Proxy({}, { ownKeys: thrower(new Error('mine')) }), 'mine'],
  ])('3.2 failure: a result that is not JSON rejects: %s', async (_, value, reason) => {
    expect(await settled(() => value)).toEqual(
      failed(`tool \`call\` returned a value that is not JSON: ${reason}`),
    )
  })

  test('3.2 failure: a circular result rejects', async () => {
    const circle = {}
    circle.circle = circle
    const found = await settled(() => circle)
    expect(found.message).toBe(`tool \`call\` returned a value that is not JSON: ${refusalOf(circle)}`)
  })

  test.each([
    ['a revoked proxy', revoked()],
    ['a proxy of traps that throw', new Proxy({}, everyTrap(thrower(new Error('hostile'))))],
    [
      'a then getter that throws',
      {
        // biome-ignore lint/suspicious/noThenProperty: the host may return anything
        get then() {
          throw new Error('hostile')
        },
      },
    ],
  ])('3.2 failure: a hostile result rejects: %s', async (_, value) => {
    expect(await settled(() => value)).toMatchObject({ name: 'ToolError', isError: true })
  })

  test('3.2 failure: it harms neither the cell nor other calls', async () => {
    const session = openSession({
      tools: {
        bad: { execute: () => 1n },
        worse: { execute: thrower(null) },
        good: { execute: () => 'good' },
      },
    })
    const source = `const results = await Promise.allSettled([tools.bad(), tools.worse(), tools.good()])
      text(results.map(({ status }) => status))`
    expect(textsOf(await session.exec(source))).toEqual(['["rejected","rejected","fulfilled"]'])
    expect(textsOf(await session.exec('text(await tools.good())'))).toEqual(['good'])
  })

  test('3.2 failure: uncaught, it fails the cell, at the place of the call', async () => {
    const tools = { 'my-call': { execute: thrower(new Error('no')) } }
    const source = `// @exec: {"yield_time_ms": 60000}
const more = 1
async function work() {
  return await tools.my_call({ more })
}
await work()`
    expect(await failure(source, { tools })).toMatchObject({
      code: 'SCRIPT_ERROR',
      name: 'ToolError',
      message: 'no',
      line: 4,
      column: 22,
      stack: expect.stringContaining('ToolError: no\n    at '),
    })
  })

  test('3.2 failure: the place of the call is told also through Promise.all, and after a rethrow', async () => {
    const tools = { good: { execute: () => 1 }, bad: { execute: thrower(new Error('no')) } }
    const all = 'await Promise.all([\n  tools.good(),\n  tools.bad(),\n])'
    expect(await failure(all, { tools })).toMatchObject({ name: 'ToolError', line: 3, column: 9 })
    const rethrown = 'try {\n  await tools.bad()\n} catch (error) {\n  throw error\n}'
    expect(await failure(rethrown, { tools })).toMatchObject({ name: 'ToolError', line: 2, column: 15 })
  })

  test('3.2 failure: lone surrogates of a message become replacement characters', async () => {
    expect(await settled(thrower(new Error('a\ud800b')))).toEqual(failed('a\ufffdb'))
  })
})

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function everyTrap(trap) {
  return Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, trap]))
}

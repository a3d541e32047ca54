import { describe, expect, test } from 'vitest'
import { failure, openSession } from './support/cell.js'

const bad = {
  execute() {
    throw new Error('no')
  },
}

describe('what was thrown', () => {
  test('2.14 errors: a thrown Error gives its class, its message, V8’s stack and its place', async () => {
    expect(await failure("throw new RangeError('too far')")).toMatchObject({
      code: 'SCRIPT_ERROR',
      name: 'RangeError',
      message: 'too far',
      stack: 'RangeError: too far\n    at exec_main.mjs:1:7',
      line: 1,
      column: 7,
    })
  })

  test.each([
    ['null.x', 'TypeError', "Cannot read properties of null (reading 'x')"],
    ['missing', 'ReferenceError', 'missing is not defined'],
    ['new Array(-1)', 'RangeError', 'Invalid array length'],
    ["decodeURI('%')", 'URIError', 'URI malformed'],
    ['(1).x()', 'TypeError', '1.x is not a function'],
    ['BigInt(0.5)', 'RangeError', undefined],
  ])('2.14 errors: an error of JavaScript itself: %s', async (source, name, message) => {
    const error = await failure(source)
    expect(error).toMatchObject({ code: 'SCRIPT_ERROR', name, line: 1 })
    if (message !== undefined) expect(error.message).toBe(message)
  })

  test('2.14 errors: an endless recursion is a RangeError of the script, which it can catch', async () => {
    const error = await failure('(function down() { down() })()')
    expect(error).toMatchObject({ name: 'RangeError', message: 'Maximum call stack size exceeded' })
  })

  test.each([
    [
      'a class of the script',
      'class HttpError extends Error {}\nthrow new HttpError("404")',
      'HttpError',
      '404',
    ],
    ['a name of its own', 'throw Object.assign(new Error("x"), { name: "Mine" })', 'Mine', 'x'],
    [
      'a name on the prototype',
      'class A extends Error {}\nA.prototype.name = "Named"\nthrow new A("x")',
      'Named',
      'x',
    ],
    ['a class without a name', 'throw new (class extends TypeError {})("x")', 'TypeError', 'x'],
    ['an AggregateError', 'throw new AggregateError([new Error("a")], "many")', 'AggregateError', 'many'],
    ['an error with a cause', 'throw new Error("outer", { cause: new Error("inner") })', 'Error', 'outer'],
    ['an error without message', 'throw new TypeError()', 'TypeError', ''],
    ['a message with line ends', 'throw new Error("a\\nb")', 'Error', 'a\nb'],
    ['a rejection', 'await Promise.reject(new EvalError("x"))', 'EvalError', 'x'],
  ])('2.14 errors: %s', async (_, source, name, message) => {
    expect(await failure(source)).toMatchObject({ code: 'SCRIPT_ERROR', name, message })
  })

  test.each([
    ["'plain'", 'string', 'plain'],
    ["''", 'string', ''],
    ['42', 'number', '42'],
    ['NaN', 'number', 'NaN'],
    ['10n', 'bigint', '10'],
    ['true', 'boolean', 'true'],
    ['undefined', 'undefined', 'undefined'],
    ['null', 'object', 'null'],
    ["Symbol('s')", 'symbol', 'Symbol(s)'],
    ["{ message: 'told', code: 1 }", 'object', 'told'],
  ])(
    '2.14 errors: a thrown non-error has its type for a name, and no stack: throw %s',
    async (value, name, message) => {
      for (const source of [`throw ${value}`, `await Promise.reject(${value})`]) {
        const error = await failure(source)
        expect(error).toMatchObject({ code: 'SCRIPT_ERROR', name, message })
        expect(error).not.toHaveProperty('stack')
      }
    },
  )

  test.each([
    ['{ a: 1 }', 'object'],
    ['[1, 2]', 'object'],
    ['new Map()', 'object'],
    ['function named() {}', 'function'],
    ['class Named {}', 'function'],
    ['Object.create(null)', 'object'],
  ])('2.14 errors: an object or function without a message is told by V8: throw %s', async (value, name) => {
    const error = await failure(`throw ${value}`)
    expect(error).toMatchObject({ code: 'SCRIPT_ERROR', name })
    expect(error.message).not.toBe('')
    expect(error).not.toHaveProperty('stack')
  })

  test('2.14 errors: what was emitted and stored before is kept', async () => {
    const session = openSession()
    const result = await session.exec("text('before'); store('k', 1); throw new Error('x')")
    expect(result).toMatchObject({ status: 'failed', content: [{ type: 'text', text: 'before' }] })
    expect(session.storedValues()).toEqual({ k: 1 })
  })

  test('2.14 errors: one that the script catches is its own affair', async () => {
    const session = openSession()
    expect(await session.exec("try { throw new Error('x') } catch {}")).toMatchObject({ status: 'completed' })
  })

  test('2.14 errors: lone surrogates become replacement characters', async () => {
    expect(await failure("throw new Error('a\\ud800')")).toMatchObject({ message: 'a\ufffd' })
  })
})

describe('unhandled rejections', () => {
  test('2.14 unhandledRejections: what nobody looked at is told on the result, and does not fail the cell', async () => {
    const session = openSession()
    const result = await session.exec(
      "Promise.reject(new TypeError('lost'))\nPromise.reject('plain')\ntext('on')",
    )
    expect(result).toMatchObject({
      status: 'completed',
      content: [{ text: 'on' }],
      unhandledRejections: [
        { code: 'SCRIPT_ERROR', name: 'TypeError', message: 'lost', line: 1, column: 16 },
        { code: 'SCRIPT_ERROR', name: 'string', message: 'plain' },
      ],
    })
  })

  test.each([
    ['handled at once', 'Promise.reject(1).catch(() => {})'],
    ['handled later', 'const p = Promise.reject(1); await 0; await 0; p.catch(() => {})'],
    [
      'handled in a timer',
      'const p = Promise.reject(1); await new Promise((done) => setTimeout(() => done(p.catch(() => {})), 0))',
    ],
    ['awaited', 'try { await Promise.reject(1) } catch {}'],
    ['raced', 'await Promise.race([1, Promise.reject(2)])'],
    ['settled', 'await Promise.allSettled([Promise.reject(1)])'],
    ['none', '1'],
  ])('2.14 unhandledRejections: absent if every rejection was handled: %s', async (_, source) => {
    const session = openSession()
    const result = await session.exec(source)
    expect(result.status).toBe('completed')
    expect(result).not.toHaveProperty('unhandledRejections')
  })

  test('2.14 unhandledRejections: those of a failed cell are told, but not its own failure', async () => {
    const session = openSession()
    const result = await session.exec("Promise.reject(new Error('lost')); throw new Error('mine')")
    expect(result).toMatchObject({ status: 'failed', error: { message: 'mine' } })
    expect(result.unhandledRejections.map(({ message }) => message)).toEqual(['lost'])
  })

  test('2.14 unhandledRejections: a failed tool call that nobody looked at is one, with the place of the call', async () => {
    const session = openSession({ tools: { bad, good: { execute: () => 1 } } })
    const result = await session.exec('tools.bad()\nawait tools.good()')
    expect(result).toMatchObject({
      status: 'completed',
      unhandledRejections: [{ name: 'ToolError', message: 'no', line: 1, column: 7 }],
    })
  })

  test('2.14 unhandledRejections: they are told with the last result only', async () => {
    const session = openSession({ tools: { good: { execute: () => 1 } } })
    const first = await session.exec("Promise.reject('lost'); yield_control(); await tools.good()")
    expect(first).not.toHaveProperty('unhandledRejections')
    expect(await session.wait(first.cellId)).toMatchObject({ unhandledRejections: [{ message: 'lost' }] })
  })

  test('2.14 unhandledRejections: their number is bounded', async () => {
    const session = openSession()
    const result = await session.exec('for (let i = 0; i < 50_000; i++) Promise.reject(i)')
    expect(result.status).toBe('completed')
    expect(result.unhandledRejections.length).toBeGreaterThan(0)
    expect(result.unhandledRejections.length).toBeLessThan(1000)
    expect(result.unhandledRejections[0]).toMatchObject({ name: 'number', message: '0' })
  })

  test('2.14 unhandledRejections: hostile reasons run no code', async () => {
    const session = openSession()
    const result = await session.exec(`const spin = () => { text('ran'); while (true); }
      Promise.reject({ get message() { spin() }, toString: spin, toJSON: spin })
      Promise.reject(Object.defineProperty(new Error(), 'message', { get: spin }))
      Promise.reject(new Proxy({}, { get: spin, getPrototypeOf: spin, getOwnPropertyDescriptor: spin }))`)
    expect(result).toMatchObject({ status: 'completed', content: [] })
    expect(result.unhandledRejections).toHaveLength(3)
  })
})

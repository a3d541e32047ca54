import { describe, expect, test } from 'vitest'
import { openSession, run, textsOf } from './support/cell.js'

/** Code that would be noticed: it prints, and never returns. */
const SPIN = "const spin = () => { text('ran'); while (true); };"

/** Every trap of a proxy. */
const TRAPS = 'new Proxy({}, { get: () => spin })'

describe('no code of a thrown value is run, so it can neither hang nor lie', () => {
  test.each([
    ['a stack getter', "throw Object.defineProperty(new Error('x'), 'stack', { get: spin })"],
    ['a stack setter', "throw Object.defineProperty(new Error('x'), 'stack', { set: spin, get: spin })"],
    ['a message getter', "throw Object.defineProperty(new Error('x'), 'message', { get: spin })"],
    ['a name getter', "throw Object.defineProperty(new Error('x'), 'name', { get: spin })"],
    ['a constructor getter', "throw Object.defineProperty(new Error('x'), 'constructor', { get: spin })"],
    ['a cause getter', "throw Object.defineProperty(new Error('x'), 'cause', { get: spin })"],
    ['an errors getter', "throw Object.defineProperty(new AggregateError([]), 'errors', { get: spin })"],
    [
      'inherited getters',
      'class A extends Error { get name() { spin() } get message() { spin() } }; throw new A()',
    ],
    [
      'getters on Error.prototype',
      "for (const key of ['name', 'message', 'stack', 'toString']) Object.defineProperty(Error.prototype, key, { get: spin }); throw new Error('x')",
    ],
    [
      'getters on Object.prototype',
      "for (const key of ['name', 'message', 'stack', 'code', 'value', 'get', 'then']) Object.defineProperty(Object.prototype, key, { __proto__: null, get: spin, set: spin }); throw new Error('x')",
    ],
    ['toString', 'throw { toString: spin, valueOf: spin }'],
    ['toString of an error', "throw Object.assign(new Error('x'), { toString: spin })"],
    ['Symbol.toPrimitive', 'throw { get [Symbol.toPrimitive]() { spin() } }'],
    ['Symbol.toStringTag', 'throw { get [Symbol.toStringTag]() { spin() } }'],
    ['toJSON', 'throw { toJSON: spin }'],
    [
      'getters of a plain object',
      'throw { get message() { spin() }, get name() { spin() }, get stack() { spin() } }',
    ],
    ['a then method', 'throw { then: spin }'],
    ['a proxy', `throw new Proxy({}, ${TRAPS})`],
    ['a proxy of an error', `throw new Proxy(new Error('x'), ${TRAPS})`],
    ['a proxy of a function', `throw new Proxy(() => {}, ${TRAPS})`],
    ['a revoked proxy', 'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy'],
    [
      'a proxy as prototype of an error',
      `throw Object.setPrototypeOf(new Error('x'), new Proxy({}, ${TRAPS}))`,
    ],
    ['Error.prepareStackTrace', "Error.prepareStackTrace = spin; throw new Error('x')"],
    [
      'a getter for Error.prepareStackTrace',
      "Object.defineProperty(Error, 'prepareStackTrace', { get: spin }); throw new Error('x')",
    ],
    [
      'names of functions',
      "const f = () => { throw new Error('x') }; Object.defineProperty(f, 'name', { get: spin }); f()",
    ],
  ])('2.14 hostile errors: %s', async (_, source) => {
    for (const way of [source, `await (async () => { ${source} })()`]) {
      const result = await run(`${SPIN}\n${way}`, { limits: { cpuMs: 5000 } })
      expect(result).toMatchObject({ status: 'failed', content: [], error: { code: 'SCRIPT_ERROR' } })
      expect(typeof result.error.message).toBe('string')
      expect(typeof result.error.name).toBe('string')
    }
  })

  test.each([
    ['an own stack', "throw Object.assign(new Error('x'), { stack: 'forged' })"],
    ['Error.prepareStackTrace', "Error.prepareStackTrace = () => 'forged'; throw new Error('x')"],
    ['an overwritten stack', "const error = new Error('x'); error.stack = 'forged'; throw error"],
  ])('2.14 hostile errors: the stack is V8’s, not what the script says: %s', async (_, source) => {
    const { error } = await run(source)
    expect(error.stack).toMatch(/^Error: x\n {4}at exec_main\.mjs:1:\d+$/)
    expect(error.line).toBe(1)
  })

  test.each([
    'Error.stackTraceLimit = 0',
    'delete Error.stackTraceLimit',
    "Error.stackTraceLimit = 'x'",
    'Object.freeze(Error)',
  ])(
    '2.14 hostile errors: the place is told whatever the script does to stack traces: %s',
    async (source) => {
      const { error } = await run(`${source}\nthrow new Error('x')`)
      expect(error).toMatchObject({ name: 'Error', message: 'x', line: 2, column: 7 })
    },
  )

  test('2.14 hostile errors: properties of other types than string are not told', async () => {
    const { error } = await run(
      "throw Object.assign(new Error('x'), { name: 1, message: {}, code: 'FORGED', line: 99 })",
    )
    expect(error).toMatchObject({ code: 'SCRIPT_ERROR', line: 1 })
    expect([typeof error.name, typeof error.message]).toEqual(['string', 'string'])
  })

  test('2.14 hostile errors: an object that only looks like an error has the stack that it claims, and no place', async () => {
    const { error } = await run(
      "throw { __proto__: Error.prototype, name: 'Fake', message: 'm', stack: 'forged' }",
    )
    expect(error).toMatchObject({ name: 'object', message: 'm' })
    expect(error.stack).toBe('forged')
    expect(error).not.toHaveProperty('line')
  })
})

describe('sizes are bounded', () => {
  const LONGEST = 1_000_000
  const HUGE = "'x'.repeat(5_000_000)"

  test.each([
    ['a message', `throw new Error(${HUGE})`],
    ['a thrown string', `throw ${HUGE}`],
    ['a thrown symbol', `throw Symbol(${HUGE})`],
    ['a message of a plain object', `throw { message: ${HUGE} }`],
    ['the source of a thrown function', `throw new Function('/*' + ${HUGE} + '*/')`],
    ['a name', `throw Object.assign(new Error('x'), { name: ${HUGE} })`],
    [
      'the name of a class',
      `class A extends Error {}; Object.defineProperty(A, 'name', { value: ${HUGE} }); throw new A('x')`,
    ],
    [
      'the names of functions',
      `const f = (n) => { if (n === 0) throw new Error('x'); f(n - 1) }; Object.defineProperty(f, 'name', { value: ${HUGE} }); f(9)`,
    ],
    ['a source URL', `eval('throw new Error(1)\\n//# sourceURL=' + ${HUGE})`],
    ['a specifier', `await import(${HUGE})`],
  ])('2.14 huge errors: %s is cut', async (_, source) => {
    const result = await run(source)
    expect(result).toMatchObject({ status: 'failed', error: { code: 'SCRIPT_ERROR' } })
    expect(JSON.stringify(result.error).length).toBeLessThan(LONGEST)
  })

  test('2.14 huge errors: what is cut starts with what was said, and shows that it was cut', async () => {
    const { error } = await run("throw new Error('start ' + 'ä'.repeat(1_000_000))")
    expect(error.message).toMatch(/^start ä+…$/)
  })

  test('2.14 huge errors: messages of unhandled rejections are cut, too', async () => {
    const result = await run(`for (let i = 0; i < 100; i++) Promise.reject(${HUGE})`)
    expect(result.status).toBe('completed')
    expect(JSON.stringify(result.unhandledRejections).length).toBeLessThan(20 * LONGEST)
  })
})

test('2.14 hostile errors: the next cell of the session is unharmed', async () => {
  const session = openSession()
  await session.exec(
    'Error.prepareStackTrace = () => { while (true); }; throw { toString() { while (true); } }',
  )
  expect(textsOf(await session.exec("text(new Error('x').stack.includes('exec_main.mjs:1:6'))"))).toEqual([
    'true',
  ])
})

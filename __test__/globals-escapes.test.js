import { describe, expect, test } from 'vitest'
import { json, openSession, texts, textsOf } from './support/cell.js'

const tools = {
  call: { execute: () => ({ list: [{}] }) },
  bad: {
    execute() {
      throw new Error('no')
    },
  },
}

/** Everything that a cell is handed, by the way it gets it. */
const HANDED = {
  'a helper': 'text',
  'a scripted helper': 'as_settled',
  'a tool function': 'tools.call',
  'the tools object': 'tools',
  ALL_TOOLS: 'ALL_TOOLS',
  'an element of ALL_TOOLS': 'ALL_TOOLS[0]',
  'the promise of a call': 'tools.call()',
  'a result': 'await tools.call()',
  'a part of a result': '(await tools.call()).list[0]',
  'the error of a tool': 'await tools.bad().catch((error) => error)',
  'the error of misuse': '(() => { try { image(1) } catch (error) { return error } })()',
  'the error of an import': "await import('fs').catch((error) => error)",
  'a loaded value': "(store('k', { a: [] }), load('k'))",
  'a timeout id': 'Object(setTimeout(() => {}, 1))',
  'the results of as_settled': 'as_settled([1])',
  'a result of as_settled': '(await as_settled([1]).next()).value',
  'a module namespace': "Object.values(await import('@openai/code_mode'))[1]",
  'the global object': 'globalThis',
}

describe('c.2 what a cell is handed leads to its own realm only', () => {
  test.each(Object.entries(HANDED))('c.2 constructor chains: %s', async (_, expression) => {
    const source = `const found = []
      const own = new Set([Object, Function, Array, Promise, Error, TypeError, Number, (async () => {}).constructor,
        (async function* () {}).constructor, Iterator])
      for (let at = ${expression}, seen = new Set(); at !== null && at !== undefined && !seen.has(at); at = Object.getPrototypeOf(at)) {
        seen.add(at)
        let made = at.constructor?.constructor?.('return [typeof process, typeof require, globalThis]')?.()
        if (typeof made?.next === 'function') made = (await made.next()).value
        if (made) found.push([made[0], made[1], made[2] === globalThis])
        if (typeof at.constructor === 'function' && !own.has(at.constructor)) found.push(String(at.constructor))
      }
      text(found)`
    const found = await json(source, { tools })
    expect(found.length).toBeGreaterThan(0)
    for (const one of found) expect(one).toEqual(['undefined', 'undefined', true])
  })

  test('c.2 constructor chains: a tool function makes functions of the cell', async () => {
    const source = `try { text(tools.call.constructor('return process')()) } catch (error) { text([error.name, error.message]) }`
    expect(await json(source, { tools })).toEqual(['ReferenceError', 'process is not defined'])
  })

  test('c.2 stack frames: neither caller, callee nor call sites lead out', async () => {
    const source = `Error.prepareStackTrace = (error, frames) => frames
      let frames
      await stream_settled([1], () => { frames = new Error('x').stack })
      const more = await new Promise((done) => setTimeout(() => done(new Error('x').stack), 0))
      let toJSON
      text({ toJSON() { toJSON = new Error('x').stack } })
      text([frames, more, toJSON].flat().map((frame) => [frame.getThis(), frame.getFunction()]).flat().filter(Boolean).length)
      text(['caller', 'arguments'].map((key) => {
        try { return text[key] ?? null } catch { return null }
      }))`
    expect(await texts(source, { tools })).toEqual(['undefined', '0', '[null,null]'])
  })

  test('c.2 Error.prepareStackTrace: it gets errors of the cell only, and nothing of the host', async () => {
    const source = `const seen = []
      Error.prepareStackTrace = (error, frames) => { seen.push([error instanceof Error, String(frames.map((one) => one.getFileName()))]); return 'mine' }
      String((await tools.bad().catch((error) => error)).stack)
      try { image(1) } catch (error) { String(error.stack) }
      text(seen)`
    for (const [own, files] of await json(source, { tools })) {
      expect(own).toBe(true)
      expect(files.replaceAll('exec_main.mjs', '').replaceAll(',', '')).toBe('')
    }
  })

  test('c.2 receivers: helpers and tools do not care for `this`', async () => {
    const source = `for (const receiver of [null, globalThis, new Proxy({}, { get() { throw 1 } }), 1]) {
        text.call(receiver, 'on')
        await tools.call.call(receiver)
      }`
    expect(await texts(source, { tools })).toEqual(['on', 'on', 'on', 'on'])
  })

  test('c.2 frozen intrinsics: helpers work when everything is frozen', async () => {
    const source = `for (const name of Object.getOwnPropertyNames(globalThis)) {
        const value = globalThis[name]
        if (typeof value === 'function' && value.prototype) Object.freeze(value.prototype)
        if (Object(value) === value && value !== globalThis) Object.freeze(value)
      }
      text([(await tools.call()).list.length, (await tools.bad().catch((error) => error)).name])
      store('k', [1]); text(load('k'))`
    expect(await texts(source, { tools })).toEqual(['[1,"ToolError"]', '[1]'])
  })
})

describe('c.2 nothing of the host shows', () => {
  test('c.2 errors: a tool’s error tells its message, not where the host is', async () => {
    const source = `const error = await tools.bad().catch((error) => error)
      text([String(error), error.stack, error.cause ?? null, Reflect.ownKeys(error).map(String)])`
    const text = (await texts(source, { tools }))[0]
    expect(text).not.toMatch(/node|\.test\.js|file:|work\/main/)
  })

  test('c.2 usage: host objects are not touched by what cells do', async () => {
    const before = [Object.prototype, Array.prototype, Promise.prototype, Error, JSON].map((one) =>
      Reflect.ownKeys(one),
    )
    const session = openSession({ tools })
    textsOf(
      await session.exec(`for (const object of [Object.prototype, Array.prototype, Promise.prototype, Error, JSON]) object.polluted = 1
        Error.prepareStackTrace = () => 'mine'; JSON.parse = null; Error.stackTraceLimit = 0
        await tools.call({ __proto__: { a: 1 }, ['__proto__']: { polluted: 1 }, constructor: { prototype: { polluted: 1 } } })`),
    )
    expect(
      [Object.prototype, Array.prototype, Promise.prototype, Error, JSON].map((one) => Reflect.ownKeys(one)),
    ).toEqual(before)
    expect({}.polluted).toBeUndefined()
    expect(new Error('x').stack).toContain('globals-escapes')
  })

  test('c.2 host pollution: an Object.prototype that the host polluted is not seen in cells', async () => {
    const session = openSession({ tools })
    Object.defineProperty(Object.prototype, 'hostPolluted', { value: 1, configurable: true })
    try {
      const source =
        'text([({}).hostPolluted === undefined, (await tools.call()).hostPolluted === undefined])'
      expect(textsOf(await session.exec(source))).toEqual(['[true,true]'])
    } finally {
      delete Object.prototype.hostPolluted
    }
  })
})

// What a script sends out: the host sees data and nothing else, and no code of the script runs at the wrong time.

import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openSession, texts } from './support/cell.js'
import { ISOLATIONS } from './support/isolations.js'
import { expectPlain, watchHost } from './support/plain.js'

/** Values that are more than data, or try to be. Each is sent to a tool. */
const VALUES = {
  'a key __proto__': `JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}')`,
  'a computed key __proto__':
    "{ ['__proto__']: { polluted: 1 }, constructor: { prototype: { polluted: 1 } } }",
  'a getter': '{ get a() { return { polluted: 1 } } }',
  'a proxy':
    '{ p: new Proxy({ a: 1 }, { ownKeys: () => ["a", "__proto__"], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) }) }',
  'a proxy of an array': '{ p: new Proxy([1, 2], {}) }',
  'a class instance':
    '{ a: new (class A { constructor() { this.x = 1 } })(), d: new Date(0), m: new Map([[1, 2]]), e: new Error("x") }',
  'a toJSON that returns a proxy': '{ toJSON: () => new Proxy({ toJSON: 1, then: 2 }, {}) }',
  'a then': '{ then: (resolve) => resolve(1), a: { then: 1 } }',
  'a null prototype': '{ __proto__: null, a: { __proto__: null, b: 1 } }',
  'inspect hooks':
    '{ [Symbol.for("nodejs.util.inspect.custom")]: () => "hooked", inspect: "hooked", toString: "hooked", a: 1 }',
  'an array with extras': '{ a: Object.assign([1], { x: 1, toJSON: undefined }), b: [, 1] }',
  'wrapped primitives': '{ a: Object(1), b: Object("x"), c: Object(true), d: new Boolean(false) }',
  'raw JSON': `{ a: JSON.rawJSON?.('1e400') ?? 1 }`,
  'keys that change while they are read': `(() => { const o = { get a() { delete o.b; o.c = 1; return 1 }, b: 2 }; return o })()`,
  'a length that lies':
    '{ a: new Proxy([], { get: (target, key) => key === "length" ? 3 : { polluted: 1 } }) }',
}

describe.each(ISOLATIONS)('c.2 data, isolation %s', (isolation) => {
  test.each(Object.entries(VALUES))('c.2 data: a tool gets plain data: %s', async (_, value) => {
    const changes = watchHost()
    const inputs = []
    const execute = (input) => {
      inputs.push(input)
      // What a host may do without a thought.
      inspect(input, { depth: 9 })
      return JSON.parse(JSON.stringify(input))
    }
    const session = openSession({ isolation, tools: { send: { execute } } })
    const result = await session.exec(`const value = ${value}
      const back = await tools.send(value); text(back); store('k', value); throw Object.assign(new Error('x'), value)`)
    expect(inputs).toHaveLength(1)
    expectPlain(inputs[0])
    expectPlain(result)
    expectPlain(session.storedValues())
    expect({ ...inputs[0] }.polluted).toBeUndefined()
    expect({}.polluted).toBeUndefined()
    expect(changes()).toEqual([])
  })

  test('c.2 data: results, notifications, errors and ids are plain data whatever a script throws', async () => {
    const heard = []
    const session = openSession({ isolation, onNotify: (one) => void heard.push(one) })
    for (const thrown of [
      "new Error('x')",
      '{ code: "FORGED", name: {}, message: [] }',
      'new Proxy(new Error("x"), {})',
      'Object.assign(new AggregateError([1], "x"), { cellId: 1, status: "completed" })',
      'Symbol("x")',
      'null',
    ]) {
      const result = await session.exec(
        `notify({ toJSON: () => ({ __proto__: null }) }); text({ type: 'image' }); Promise.reject(${thrown}); throw ${thrown}`,
      )
      expect(result).toMatchObject({ status: 'failed', error: { code: 'SCRIPT_ERROR' } })
      expectPlain(result)
    }
    expectPlain(heard)
    expect(heard).toHaveLength(6)
  })

  test.each([
    ['toJSON', '{ toJSON() { exit() } }'],
    ['a getter', '{ get a() { exit() } }'],
    ['a proxy', 'new Proxy({}, { ownKeys() { exit() } })'],
    ['Symbol.toPrimitive', 'new Date(NaN)'],
  ])('c.2 data: the end of a cell inside of its serialisation is its end: %s', async (_, value) => {
    const calls = []
    const session = openSession({
      isolation,
      tools: { send: { execute: (input) => void calls.push(input) } },
    })
    for (const use of ['text', 'notify', 'tools.send', "((value) => store('k', value))"]) {
      const result = await session.exec(
        `${value === 'new Date(NaN)' ? 'Date.prototype.toJSON = () => exit(); ' : ''}${use}(${value}); text('after')`,
      )
      expect(result).toMatchObject({ status: 'completed', content: [] })
    }
    expect(calls).toEqual([])
    expect(session.storedValues()).toEqual({})
  })

  test('c.2 data: a script that calls tools while its input is serialised is served in order', async () => {
    const inputs = []
    const source = `await tools.send({ first: { toJSON() { tools.send({ inner: 1 }); text('inside'); return 1 } } }); text('done')`
    const tools = { send: { execute: (input) => void inputs.push(input) } }
    expect(await texts(source, { isolation, tools })).toEqual(['inside', 'done'])
    expect(inputs).toEqual([{ inner: 1 }, { first: 1 }])
  })

  test('c.2 data: finalizers, weak references and timeouts do nothing after the end', async () => {
    const inputs = []
    const tools = {
      send: { execute: (input) => void inputs.push(input) },
      pause: { execute: async () => {} },
    }
    const session = openSession({ isolation, tools, limits: { heapBytes: 16 * 2 ** 20 } })
    const result = await session.exec(`
      const late = () => { text('late'); notify('late'); store('late', 1); tools.send({ late: 1 }) }
      globalThis.registry = new FinalizationRegistry(late)
      for (let i = 0; i < 1000; i++) registry.register({}, i)
      setTimeout(late); tools.pause().then(late); Promise.resolve().then(() => exit())
      await new Promise(() => {})`)
    expect(result).toMatchObject({ status: 'completed', content: [] })
    // Other cells collect garbage, and time passes.
    for (let i = 0; i < 5; i++)
      await session.exec('for (let i = 0; i < 2e5; i++) new Array(10); await tools.pause()')
    expect(inputs).toEqual([])
    expect(session.storedValues()).toEqual({})
    expect(await session.wait(result.cellId)).toMatchObject({ status: 'missing' })
  })

  test('c.2 data: a finalizer that runs in time is code of the cell like any other', async () => {
    const source = `let ran = 0
      const registry = new FinalizationRegistry(() => { ran++; for (const name of ['process', 'require']) if (name in globalThis) text(name) })
      for (let round = 0; round < 50 && ran === 0; round++) {
        for (let i = 0; i < 1e4; i++) registry.register({}, 1)
        await new Promise((done) => setTimeout(done, 1))
      }
      text(ran > 0)`
    expect(await texts(source, { isolation, limits: { heapBytes: 16 * 2 ** 20 } })).toEqual(['true'])
  })
})

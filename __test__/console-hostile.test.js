import { expect, test } from 'vitest'
import { openSession, run, texts } from './support/cell.js'

const OUTPUT = /** @type {const} */ ({ console: 'output' })

test('a script that has spoilt its realm is written of all the same', async () => {
  const source = `
    const evil = () => { throw new Error('evil') }
    const classes = [Array, Map, Set, String, Number, Function, RegExp, Date, Promise, Error, Symbol]
    const list = [1, 'two'], value = { b: 2 }
    const places = classes.flatMap(({ prototype }) => Reflect.ownKeys(prototype).filter((key) => key !== 'constructor').map((key) => [prototype, key]))
    for (const key of ['get', 'set', 'value', 'enumerable', 'length', '0', 'then']) places.push([Object.prototype, key])
    const { defineProperty } = Object, { length } = places
    const trap = { __proto__: null, get: evil, set: evil }
    Error.prepareStackTrace = evil
    for (let i = 0; i < length; i++) try { defineProperty(places[i][0], places[i][1], trap) } catch {}
    globalThis.Object = globalThis.Array = globalThis.Reflect = globalThis.JSON = globalThis.String = globalThis.Map = evil
    console.log('%s %j', 'a', 1, list, value)
    console.table(list)`
  const printed = await texts(source, OUTPUT)
  expect(printed[0]).toBe("a 1 [ 1, 'two' ] { b: 2 }")
  expect(printed).toHaveLength(2)
})

test('no code of the script runs while a value is shown', async () => {
  const source = `
    const calls = []
    const trap = new Proxy({}, { get: (_, name) => (...args) => { calls.push(name); return Reflect[name](...args) } })
    const note = (name) => () => { calls.push(name); return name }
    class Loud {
      get [Symbol.toStringTag]() { return note('tag')() }
      toString() { return note('toString')() }
      toJSON() { return note('toJSON')() }
      [Symbol.for('nodejs.util.inspect.custom')]() { return note('custom')() }
      [Symbol.toPrimitive]() { return note('primitive')() }
      get own() { return note('getter')() }
    }
    const values = [new Loud(), new Proxy({ a: 1 }, trap), new Proxy([1], trap), new Proxy(() => {}, trap),
      Object.create(new Proxy({}, trap)), new Proxy(new Map([[1, 2]]), trap), new Proxy(new Proxy({ b: 1 }, trap), trap),
      { get loop() { for (;;); } }, Object.defineProperty([], 0, { get: note('element'), enumerable: true }),
      Object.defineProperty(new Error('e'), 'message', { get: note('message') }),
      Object.defineProperty(function () {}, 'name', { get: note('name') })]
    console.log(...values)
    console.log('%s %d %i %f %o %O %c', ...values)
    for (const value of values) { console.dir(value, { depth: 5 }); console.table(value); console.table([value], [value]) }
    console.count(values[0]); console.time(values[0]); console.timeEnd(values[0]); console.assert(false, values[0])
    text(JSON.stringify(calls))`
  const printed = await texts(source, OUTPUT)
  expect(printed.at(-1)).toBe('[]')
  expect(printed[0]).toContain('{ a: 1 } [ 1 ]')
})

test('a revoked proxy, a chain of prototypes that ends nowhere and a detached buffer are shown', async () => {
  const source = `
    const { proxy, revoke } = Proxy.revocable({}, {}); revoke()
    console.log(proxy, [proxy])
    const target = {}; const ring = new Proxy(target, {}); Object.setPrototypeOf(target, ring)
    console.log(Object.keys(target))
    let far = {}; for (let i = 0; i < 5000; i++) far = Object.create(far)
    console.log(typeof far)
    const buffer = new ArrayBuffer(8); const view = new Uint8Array(buffer); buffer.transfer()
    console.log(view, buffer)
    console.log(far)`
  const { status, content } = await run(source, { ...OUTPUT, limits: { wallMs: 20_000 } })
  expect([status, content[0]?.text]).toEqual(['completed', '<Revoked Proxy> [ <Revoked Proxy> ]'])
})

test('what is deep, wide or endless is shown within the limits of the cell', async () => {
  const session = openSession({ ...OUTPUT, limits: { wallMs: 1_500, outputBytes: 4 * 1024 * 1024 } })
  const sources = [
    'let deep = []; for (let i = 0; i < 2e5; i++) deep = [deep]; console.log(deep); console.dir(deep, { depth: Infinity })',
    'const wide = {}; for (let i = 0; i < 3e5; i++) wide["key" + i] = i; console.log(wide)',
    'console.log(new Array(2 ** 32 - 1)); console.log(Array.from({ length: 1e6 }, (_, i) => i))',
    'const a = []; a[4e9] = 1; a[5] = 1; console.log(a)',
    'console.log("x".repeat(2 ** 29 - 24)); ',
    'const s = "y".repeat(2 ** 28); console.log({ s }, [s, s], "%s%s", s, s)',
    'const half = {}; let o = half; for (let i = 0; i < 40; i++) { o.a = {}; o.b = o.a; o = o.a }; console.dir(half, { depth: 40 })',
    '(function again(n) { try { again(n + 1) } finally { console.log(n, { n }) } })(0)',
    'for (;;) console.group("x")',
    'console.log(globalThis); console.dir(globalThis, { depth: 6, showHidden: true })',
    'console.log.call(null, 1); Reflect.apply(console.log, undefined, [1]); const { log } = console; log(2)',
    'new console.log(1)',
    'console = 5; text(console)',
    'delete globalThis.console; text(typeof console)',
    'console.log(await import("tools.js"), await import("@openai/code_mode"))',
    'console.log({ toJSON() { throw 1 } }); console.log("%j", { toJSON() { throw new Error("no") } })',
    'console.log("%j", { toJSON() { for (;;); } })',
  ]
  for (const source of sources) {
    const { status } = await session.exec(source)
    expect([source, status]).toEqual([source, expect.stringMatching(/^(completed|failed)$/)])
  }
})

test('a function of the formatter is never seen by the script', async () => {
  const source = `
    const seen = []
    Error.prepareStackTrace = (_, sites) => sites.map((site) => [site.getFunction(), site.getThis()].flatMap((it) => it ?? []))
    console.log('%j', { toJSON(...args) { seen.push(args, this instanceof Object, new Error().stack.flat()); return 1 } })
    Error.prepareStackTrace = undefined
    text(JSON.stringify(seen))
    try { (function deep() { deep() })() } catch (error) { text(error instanceof RangeError) }
    try { let deep = []; for (let i = 0; i < 2e5; i++) deep = [deep]; console.dir(deep, { depth: Infinity }) }
    catch (error) { text(error instanceof RangeError) }`
  const { status, content } = await run(source, OUTPUT)
  expect(status).toBe('completed')
  const printed = content.map((/** @type {any} */ item) => item.text)
  expect(printed).toContain('[[""],true,[]]')
  expect(printed).not.toContain('false')
})

test('after its end a cell writes nothing more', async () => {
  expect(
    await texts('console.log(1); setTimeout(() => console.log(2), 0); exit(); console.log(3)', OUTPUT),
  ).toEqual(['1'])
})

// §4.7: what cells store for later ones.

import { expect, test } from 'vitest'
import { Session } from '../js/index.js'
import { FOREVER, gate, newSession, outcome, texts, until } from './support/lifecycle-helpers.js'

test('4.7 snapshot: a cell does not see what others commit after it was started', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool }, storedValues: { a: 1 } })
  const reading = session.exec('await tools.tool({}); text(load("a")); text(load("b"))')
  await until(() => tool.calls.length === 1)
  await session.exec('store("a", 2); store("b", 3)')
  tool.calls[0].resolve()
  expect(texts(await reading)).toEqual(['1', 'undefined'])
  expect(texts(await session.exec('text(load("a")); text(load("b"))'))).toEqual(['2', '3'])
})

test('4.7 own writes: a cell sees them at once, others only after it has ended', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const writing = session.exec('store("a", 1); text(load("a")); await tools.tool({})')
  await until(() => tool.calls.length === 1)
  expect(texts(await session.exec('text(load("a"))'))).toEqual(['undefined'])
  expect(session.storedValues()).toEqual({})
  tool.calls[0].resolve()
  expect(texts(await writing)).toEqual(['1'])
  expect(session.storedValues()).toEqual({ a: 1 })
})

test('4.7 merge: only the keys that a cell wrote: {a:1,b:2}, one stores a=3 and yields, another b=4: {a:3,b:4}', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool }, storedValues: { a: 1, b: 2 } })
  await session.exec('store("a", 3); yield_control(); await tools.tool({})')
  await session.exec('store("b", 4)')
  expect(session.storedValues()).toEqual({ a: 1, b: 4 })
  await until(() => tool.calls.length === 1)
  tool.calls[0].resolve()
  await session.wait('1')
  expect(session.storedValues()).toEqual({ a: 3, b: 4 })
})

test('4.7 merge: of two that wrote the same key the last to commit wins', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const first = session.exec('store("k", "first to start"); await tools.tool({})')
  await until(() => tool.calls.length === 1)
  await session.exec('store("k", "second to start")')
  tool.calls[0].resolve()
  await first
  expect(session.storedValues()).toEqual({ k: 'first to start' })
})

test('4.7 merge: cells at once lose no key', async () => {
  const session = newSession()
  await Promise.all(Array.from({ length: 50 }, (_, index) => session.exec(`store("k${index}", ${index})`)))
  const expected = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, index]))
  expect(session.storedValues()).toEqual(expected)
})

test('4.7 commit: on completion, on exit() and on failure', async () => {
  const session = newSession()
  await session.exec('store("completed", 1)')
  await session.exec('store("exited", 1); exit(); store("after exit", 1)')
  await session.exec('store("failed", 1); throw new Error("boom")')
  await session.exec('store("rejected", 1); await Promise.reject(1)')
  expect(session.storedValues()).toEqual({ completed: 1, exited: 1, failed: 1, rejected: 1 })
})

test('4.7 commit: not on terminate, not on abort, not on close', async () => {
  const session = newSession()
  await session.exec(`store("terminated", 1); yield_control(); ${FOREVER}`)
  await session.terminate('1')
  const stop = new AbortController()
  const aborted = outcome(session.exec(`store("aborted", 1); ${FOREVER}`, { signal: stop.signal }))
  stop.abort()
  await aborted
  await session.exec(`store("closed", 1); yield_control(); ${FOREVER}`)
  await session.close()
  expect(session.storedValues()).toEqual({})
})

test('4.7 commit: it is done before the completion is told', async () => {
  const session = newSession()
  for (let round = 0; round < 50; round += 1) {
    const stored = await session.exec(`store("n", ${round})`).then(() => session.storedValues())
    expect(stored).toEqual({ n: round })
  }
})

test('4.7 commit: it does not wait for somebody to collect the completion', async () => {
  const session = newSession()
  await session.exec('yield_control(); store("a", 1)')
  await until(() => session.storedValues().a === 1)
  expect(session.activeCells).toEqual(['1'])
})

test('4.7 sessions: what one stores another does not see', async () => {
  const [one, other] = [newSession(), newSession()]
  await one.exec('store("a", 1)')
  expect(texts(await other.exec('text(load("a"))'))).toEqual(['undefined'])
  expect(other.storedValues()).toEqual({})
})

test('4.7 storedValues(): a copy, to which changes have no effect', async () => {
  const session = newSession()
  await session.exec('store("list", [1, { deep: true }])')
  const copy = /** @type {any} */ (session.storedValues())
  copy.list[1].deep = false
  copy.more = 1
  expect(session.storedValues()).toEqual({ list: [1, { deep: true }] })
})

test('4.7 storedValues option: it is read once; later changes to the object have no effect', async () => {
  const given = { a: { n: 1 } }
  const session = newSession({ storedValues: given })
  given.a.n = 2
  expect(texts(await session.exec('text(load("a").n)'))).toEqual(['1'])
})

const VALUES = {
  null: null,
  no: false,
  zero: 0,
  minus: -1.5e-7,
  big: 2 ** 53 - 1,
  empty: '',
  text: 'ü €\u{1f600}\u2028\u0000"\\',
  list: [1, [2, []], {}],
  object: { a: { b: { c: [null] } } },
  '': 'the empty key',
  'key with "quotes"\n': 1,
  constructor: 'a key like any other',
  toString: 1,
  10: 'ten',
}

test('4.7 round trip: a new session with the stored values of an old one finds them all', async () => {
  const old = newSession({ storedValues: VALUES })
  expect(old.storedValues()).toEqual(VALUES)
  await old.exec('store("new", [1])')
  const kept = JSON.parse(JSON.stringify(old.storedValues()))
  await old.close()
  const next = new Session({ storedValues: kept })
  expect(next.storedValues()).toEqual({ ...VALUES, new: [1] })
  const keys = JSON.stringify(Object.keys(VALUES))
  const result = await next.exec(`text(${keys}.map((key) => load(key)))`)
  expect(JSON.parse(texts(result)[0])).toEqual(Object.values(VALUES))
  await next.close()
})

test('4.7 round trip: `__proto__` is a key like any other', async () => {
  const session = newSession()
  await session.exec('store("__proto__", { polluted: true }); store("a", 1)')
  const stored = session.storedValues()
  expect(Object.getOwnPropertyDescriptor(stored, '__proto__')?.value).toEqual({ polluted: true })
  expect(Object.getPrototypeOf(stored)).toBe(Object.prototype)
  expect(/** @type {any} */ ({}).polluted).toBeUndefined()
  const next = newSession({ storedValues: stored })
  expect(texts(await next.exec('text(load("__proto__")); text(load("polluted"))'))).toEqual([
    '{"polluted":true}',
    'undefined',
  ])
  expect(Object.keys(next.storedValues()).sort()).toEqual(['__proto__', 'a'])
})

test('4.7 round trip: `__proto__` inside a value stays data', async () => {
  const session = newSession()
  await session.exec('store("v", JSON.parse(\'{"__proto__": {"x": 1}, "y": 2}\'))')
  const { v } = /** @type {any} */ (session.storedValues())
  expect(Object.keys(v).sort()).toEqual(['__proto__', 'y'])
  expect(v.x).toBeUndefined()
})

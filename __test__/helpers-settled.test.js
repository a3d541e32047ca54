import { describe, expect, test } from 'vitest'
import { deferred, failure, json, openSession, texts, textsOf, thrownBy } from './support/cell.js'

/** Collects what as_settled yields. */
const collect = (inputs) => `const found = []
  for await (const one of as_settled(${inputs})) found.push(one)
  text(found)`

const fulfilled = (index, value) => ({ index, status: 'fulfilled', value })
const rejected = (index, reason) => ({ index, status: 'rejected', reason })

describe('as_settled', () => {
  test('2.12 as_settled: it returns an async generator', async () => {
    const source = `const results = as_settled([])
      text([
        results[Symbol.asyncIterator]() === results,
        Object.prototype.toString.call(results),
        await results.next(),
      ])`
    expect(await json(source)).toEqual([true, '[object AsyncGenerator]', { done: true }])
  })

  test('2.12 as_settled: results come in the order in which the inputs settle', async () => {
    const gates = Array.from({ length: 3 }, deferred)
    const session = openSession({
      tools: {
        gate: { execute: ({ n }) => gates[n].promise },
        open: { execute: ({ n }) => gates[n].resolve(`value ${n}`) },
      },
    })
    const result = await session.exec(`const results = as_settled([0, 1, 2].map((n) => tools.gate({ n })))
      const found = []
      for (const n of [2, 0, 1]) {
        await tools.open({ n })
        found.push((await results.next()).value)
      }
      text([found, (await results.next()).done])`)
    const found = [fulfilled(2, 'value 2'), fulfilled(0, 'value 0'), fulfilled(1, 'value 1')]
    expect(JSON.parse(textsOf(result)[0])).toEqual([found, true])
  })

  test('2.12 as_settled: a rejected input is a result with its reason, and never rejects the iteration', async () => {
    expect(await json(collect("[Promise.reject('no'), 1, Promise.reject('never')]"))).toEqual([
      rejected(0, 'no'),
      fulfilled(1, 1),
      rejected(2, 'never'),
    ])
  })

  test('2.12 as_settled: a rejected input is handled, also one that is never looked at', async () => {
    const session = openSession()
    const result = await session.exec('as_settled([Promise.reject(1)]); await 0; await 0')
    expect(result.status).toBe('completed')
    expect(result).not.toHaveProperty('unhandledRejections')
  })

  test('2.12 as_settled: the reason is the rejected object itself', async () => {
    const source = `const mine = new Error('mine')
      for await (const { reason } of as_settled([Promise.reject(mine)])) text(reason === mine)`
    expect(await texts(source)).toEqual(['true'])
  })

  test('2.12 as_settled: inputs that are no promises count as fulfilled', async () => {
    expect(await json(collect("[1, 'a', null, { b: 2 }]"))).toEqual([
      fulfilled(0, 1),
      fulfilled(1, 'a'),
      fulfilled(2, null),
      fulfilled(3, { b: 2 }),
    ])
  })

  test('2.12 as_settled: thenables are adopted', async () => {
    const inputs =
      "[{ then: (done) => done('yes') }, { then: (_, fail) => fail('no') }, { then() { throw 'thrown' } }]"
    expect(await json(collect(inputs))).toEqual([
      fulfilled(0, 'yes'),
      rejected(1, 'no'),
      rejected(2, 'thrown'),
    ])
  })

  test('2.12 as_settled: an input that comes twice is yielded twice', async () => {
    const source = `const once = Promise.resolve('x'); ${collect('[once, once]')}`
    expect(await json(source)).toEqual([fulfilled(0, 'x'), fulfilled(1, 'x')])
  })

  test('2.12 as_settled: any iterable will do; the index is the position', async () => {
    expect(await json(collect("new Set(['a', 'b'])"))).toEqual([fulfilled(0, 'a'), fulfilled(1, 'b')])
    expect(await json(collect("'xy'"))).toEqual([fulfilled(0, 'x'), fulfilled(1, 'y')])
    expect(await json(collect('(function* () { yield 1 })()'))).toEqual([fulfilled(0, 1)])
  })

  test('2.12 as_settled: the index of a Map entry is its key, the same object', async () => {
    const source = `const key = {}
      for await (const { index, value } of as_settled(new Map([[key, Promise.resolve(7)]]))) {
        text([index === key, value])
      }`
    expect(await json(source)).toEqual([true, 7])
  })

  test('2.12 as_settled: the input is iterated at once, and once', async () => {
    const source = `let iterations = 0, values = 0
      const inputs = { *[Symbol.iterator]() { iterations++; values++; yield 1; values++; yield 2 } }
      const results = as_settled(inputs)
      const atOnce = [iterations, values]
      for await (const _ of results);
      text([atOnce, [iterations, values]])`
    expect(await json(source)).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('2.12 as_settled: what settles while the consumer is busy is queued', async () => {
    const source = `const found = []
      for await (const { index } of as_settled([1, 2, Promise.resolve(), new Promise((done) => setTimeout(done, 0))])) {
        found.push(index)
        if (index === 0) await new Promise((done) => setTimeout(done, 5))
      }
      text(found)`
    expect(await json(source)).toEqual([0, 1, 2, 3])
  })

  test('2.12 as_settled: a break ends it and drops what is queued', async () => {
    const source = `const results = as_settled([1, 2, new Promise(() => {})])
      for await (const _ of results) break
      text([await results.next(), await results.return('x')])`
    expect(await json(source)).toEqual([{ done: true }, { value: 'x', done: true }])
  })

  test('2.12 as_settled: after a break an input that rejects is still handled', async () => {
    const session = openSession()
    const result = await session.exec(`let fail
      for await (const _ of as_settled([1, new Promise((_, reject) => { fail = reject })])) break
      fail('late')
      await 0`)
    expect(result.status).toBe('completed')
    expect(result).not.toHaveProperty('unhandledRejections')
  })

  test.each(['', 'null', '1', '{}', 'Promise.resolve([])'])(
    '2.12 as_settled: what cannot be iterated makes the call throw: %s',
    async (inputs) => {
      expect(await thrownBy(`as_settled(${inputs})`)).toMatchObject({ name: 'TypeError' })
    },
  )

  test('2.12 as_settled: an iterable that throws makes the call throw the same object', async () => {
    const source = `const mine = { mine: true }
      try { as_settled((function* () { yield 1; throw mine })()) } catch (error) { text(error === mine) }`
    expect(await texts(source)).toEqual(['true'])
  })

  test('2.12 as_settled: failed tool calls are results', async () => {
    const tools = {
      good: { execute: () => 'yes' },
      bad: {
        execute() {
          throw new Error('no')
        },
      },
    }
    const source = `const found = {}
      for await (const { index, status, value, reason } of as_settled(new Map([['good', tools.good()], ['bad', tools.bad()]]))) {
        found[index] = [status, value ?? String(reason)]
      }
      text(found)`
    expect(await json(source, { tools })).toEqual({
      good: ['fulfilled', 'yes'],
      bad: ['rejected', 'ToolError: no'],
    })
  })
})

describe('stream_settled', () => {
  test('2.12 stream_settled: the callback gets each result in the order of settlement', async () => {
    const source = `const found = []
      const back = await stream_settled([Promise.reject('no'), 1], (result) => { found.push(result) })
      text({ found, back: String(back) })`
    expect(await json(source)).toEqual({ found: [rejected(0, 'no'), fulfilled(1, 1)], back: 'undefined' })
  })

  test('2.12 stream_settled: it waits for the callback before it calls it again', async () => {
    const source = `const order = []
      await stream_settled([0, 1], async ({ index }) => {
        order.push('start ' + index)
        await new Promise((done) => setTimeout(done, 0))
        order.push('end ' + index)
      })
      text(order)`
    expect(await json(source)).toEqual(['start 0', 'end 0', 'start 1', 'end 1'])
  })

  test('2.12 stream_settled: what the callback throws rejects the promise with the same object, and it is not called again', async () => {
    const source = `const mine = {}
      let calls = 0
      for (const callback of [() => { calls++; throw mine }, async () => { calls++; throw mine }]) {
        try { await stream_settled([1, 2], callback) } catch (error) { text(error === mine) }
      }
      text(calls)`
    expect(await texts(source)).toEqual(['true', 'true', '2'])
  })

  test.each(['', ', null', ', 1', ', {}', ', "x"'])(
    '2.12 stream_settled: a callback that is no function is refused: stream_settled([]%s)',
    async (rest) => {
      const error = await failure(`await stream_settled([]${rest})`)
      expect(error).toMatchObject({ name: 'TypeError', message: 'stream_settled requires a callback' })
    },
  )

  test('2.12 stream_settled: the stack of its errors shows only frames of the script', async () => {
    const error = await failure('\nawait stream_settled([])')
    expect(error).toMatchObject({ line: 2, column: 7 })
    expect(error.stack).toBe('TypeError: stream_settled requires a callback\n    at exec_main.mjs:2:7')
  })
})

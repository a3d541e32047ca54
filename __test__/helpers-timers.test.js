import { describe, expect, test } from 'vitest'
import {
  deferred,
  failure,
  json,
  openSession,
  rangeError,
  texts,
  textsOf,
  thrownBy,
  typeError,
} from './support/cell.js'

/** Comes to its end after every timeout of 0 ms that was set before it. */
const REST = 'await new Promise((done) => setTimeout(done, 0))'

describe('setTimeout', () => {
  test.each(['', 'undefined', 'null', '1', '"text(1)"', '{}', 'Symbol()'])(
    '2.10 setTimeout: a first argument that is no function is refused: %s',
    async (callback) => {
      expect(await thrownBy(`setTimeout(${callback})`)).toEqual(
        typeError('setTimeout expects a function callback'),
      )
    },
  )

  test('2.10 setTimeout: a string is not evaluated', async () => {
    expect(await texts(`try { setTimeout("text('ran')", 0) } catch {} ${REST}`)).toEqual([])
  })

  test('2.10 setTimeout: the callback gets no arguments, and `this` is undefined', async () => {
    const source = `await new Promise((done) => setTimeout(function () {
      text([arguments.length, typeof this])
      done()
    }, 0, 'a', 'b'))`
    expect(await json(source)).toEqual([0, 'undefined'])
  })

  test('2.10 setTimeout: it returns numbers that count from 1 in each cell', async () => {
    const session = openSession()
    const source = 'text([setTimeout(() => {}), setTimeout(() => {}, 5), setTimeout(() => {}, 1e9)])'
    expect(textsOf(await session.exec(source))).toEqual(['[1,2,3]'])
    expect(textsOf(await session.exec(source))).toEqual(['[1,2,3]'])
  })

  test.each([
    '',
    'undefined',
    'null',
    'NaN',
    '-5',
    '-Infinity',
    'Infinity',
    '0.9',
    '"x"',
    '{}',
    '[]',
    'false',
  ])('2.10 setTimeout: a delay that is no positive number is 0: %s', async (delay) => {
    // It fires before the timeout of 0 ms that was set after it.
    const source = `setTimeout(() => text('odd')${delay && `, ${delay}`}); ${REST}; text('zero')`
    expect(await texts(source)).toEqual(['odd', 'zero'])
  })

  test('2.10 setTimeout: a delay is converted to a number', async () => {
    const source = `const order = []
      setTimeout(() => order.push('string'), '20')
      setTimeout(() => order.push('object'), { valueOf: () => 10 })
      setTimeout(() => order.push('true'), true)
      await new Promise((done) => setTimeout(done, 30))
      text(order)`
    expect(await json(source)).toEqual(['true', 'object', 'string'])
  })

  test('2.10 setTimeout: what the conversion of a delay throws reaches the script', async () => {
    const source = `const mine = new Error('mine')
      const caught = []
      try { setTimeout(() => text('ran'), { valueOf() { throw mine } }) } catch (error) { caught.push(error === mine) }
      for (const delay of [Symbol(), 1n]) {
        try { setTimeout(() => text('ran'), delay) } catch (error) { caught.push(error instanceof TypeError) }
      }
      ${REST}
      text(caught)`
    expect(await json(source)).toEqual([true, true, true])
  })

  test('2.10 setTimeout: callbacks run in order of time, then of setting', async () => {
    const source = `const order = []
      for (const [name, delay] of [['c', 20], ['a', 0], ['d', 20], ['b', 0]]) setTimeout(() => order.push(name), delay)
      await new Promise((done) => setTimeout(done, 20))
      text(order)`
    expect(await json(source)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('2.10 setTimeout: a callback never runs within the call, and microtasks run between callbacks', async () => {
    const source = `const order = []
      setTimeout(() => { order.push(1); Promise.resolve().then(() => order.push('between')) }, 0)
      setTimeout(() => order.push(2), 0)
      order.push(0)
      ${REST}
      text(order)`
    expect(await json(source)).toEqual([0, 1, 'between', 2])
  })

  test('2.10 setTimeout: the time passes as Date tells it', async () => {
    const source = `const start = Date.now()
      await new Promise((done) => setTimeout(done, 25))
      text(Date.now() - start >= 24)`
    expect(await texts(source)).toEqual(['true'])
  })

  test('2.10 setTimeout: a callback may set timeouts, without end', async () => {
    const source = `let left = 50
      await new Promise((done) => { (function again() { left-- ? setTimeout(again, 0) : done() })() })
      text(left)`
    expect(await texts(source)).toEqual(['-1'])
  })

  test('2.10 setTimeout: a throwing callback fails the cell, even if the script would settle', async () => {
    const error = await failure(`setTimeout(() => { throw new RangeError('late') }, 0)
      text('before')
      await new Promise((done) => setTimeout(done, 50))`)
    expect(error).toMatchObject({
      code: 'SCRIPT_ERROR',
      name: 'RangeError',
      message: 'late',
      line: 1,
      column: 26,
    })
  })

  test('2.10 setTimeout: an async callback that rejects is an unhandled rejection, and does not fail the cell', async () => {
    const session = openSession()
    const result = await session.exec(`setTimeout(async () => { throw new Error('late') }, 0); ${REST}`)
    expect(result).toMatchObject({ status: 'completed', unhandledRejections: [{ message: 'late' }] })
  })

  test('2.10 setTimeout: pending timeouts do not keep the cell alive', async () => {
    expect(await texts("setTimeout(() => text('late'), 1e9); text('end')")).toEqual(['end'])
  })

  test('2.10 setTimeout: timeouts fire while the script waits for a tool', async () => {
    const gate = deferred()
    const session = openSession({
      tools: { gate: { execute: () => gate.promise }, open: { execute: () => gate.resolve() } },
    })
    const source = "setTimeout(() => tools.open(), 0); await tools.gate(); text('through')"
    expect(textsOf(await session.exec(source))).toEqual(['through'])
  })

  test('2.10 setTimeout: in pending mode an expired timeout is queued, and fires in a later observation', async () => {
    const session = openSession()
    const source = "setTimeout(() => text('fired'), 5); await new Promise(() => {})"
    let { cellId, status, content: found } = await session.execToPending(source)
    while (status === 'pending' && found.length === 0) {
      await new Promise((done) => setTimeout(done, 1))
      ;({ status, content: found } = await session.waitToPending(cellId))
    }
    expect(status).toBe('pending')
    expect(found).toEqual([{ type: 'text', text: 'fired' }])
  })

  test('2.10 setTimeout: one timeout over limits.timers throws a RangeError', async () => {
    const options = { limits: { timers: 3 } }
    const source = 'for (let i = 0; i < 4; i++) setTimeout(() => {}, 1e6)'
    const message = 'setTimeout: 3 timeouts are pending, as many as limits.timers allows'
    expect(await thrownBy(source, options)).toEqual(rangeError(message))
    const freed = 'for (let i = 0; i < 100; i++) clearTimeout(setTimeout(() => {}, 1e6)); text("on")'
    expect(await texts(freed, options)).toEqual(['on'])
  })

  test.each(['setInterval', 'setImmediate', 'clearInterval', 'clearImmediate', 'queueMicrotask'])(
    '2.10 setTimeout: there is no %s',
    async (name) => {
      expect(await texts(`text(typeof ${name})`)).toEqual(['undefined'])
    },
  )
})

describe('clearTimeout', () => {
  test('2.10 clearTimeout: the timeout does not fire', async () => {
    const source = `const id = setTimeout(() => text('cleared'), 0)
      setTimeout(() => text('kept'), 0)
      text(typeof clearTimeout(id))
      ${REST}`
    expect(await texts(source)).toEqual(['undefined', 'kept'])
  })

  test('2.10 clearTimeout: an id is converted to a number', async () => {
    const source = `for (let i = 0; i < 3; i++) setTimeout(() => text('cleared'), 0)
      clearTimeout('1'); clearTimeout({ valueOf: () => 2 }); clearTimeout([3])
      ${REST}`
    expect(await texts(source)).toEqual([])
  })

  test.each(['', 'undefined', 'null', '0', '-1', 'NaN', 'Infinity', '-Infinity', '99', '"x"', '{}', '1e300'])(
    '2.10 clearTimeout: an absent, odd or unknown id clears nothing: %s',
    async (id) => {
      const source = `setTimeout(() => text('kept'), 0); text(typeof clearTimeout(${id})); ${REST}`
      expect(await texts(source)).toEqual(['undefined', 'kept'])
    },
  )

  test.each(['Symbol()', '1n', '{ valueOf() { throw new Error("mine") } }'])(
    '2.10 clearTimeout: an id that cannot be converted is refused: %s',
    async (id) => {
      expect(await thrownBy(`clearTimeout(${id})`)).toEqual(
        typeError('clearTimeout expects a numeric timeout id'),
      )
    },
  )

  test('2.10 clearTimeout: it works from within a callback, and after the timeout has fired', async () => {
    const source = `let second
      const first = setTimeout(() => { clearTimeout(first); clearTimeout(second); text('first') }, 0)
      second = setTimeout(() => text('second'), 0)
      ${REST}`
    expect(await texts(source)).toEqual(['first'])
  })
})

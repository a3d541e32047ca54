import { describe, expect, test } from 'vitest'
import { deferred, json, openSession, run, texts, textsOf } from './support/cell.js'

describe('concurrency', () => {
  test('3.4 concurrency: any number of calls is in flight at once', async () => {
    const all = deferred()
    let inFlight = 0
    const execute = async () => {
      inFlight++
      if (inFlight === 100) all.resolve()
      await all.promise
      return inFlight--
    }
    const source = `const results = await Promise.all(Array.from({ length: 100 }, () => tools.call()))
      text(results.length)`
    expect(await texts(source, { tools: { call: { execute } } })).toEqual(['100'])
    expect(inFlight).toBe(0)
  })

  test('3.4 concurrency: calls of different cells are in flight at once, too', async () => {
    const all = deferred()
    let inFlight = 0
    const execute = async () => {
      inFlight++
      if (inFlight === 20) all.resolve()
      await all.promise
    }
    const session = openSession({ tools: { call: { execute } } })
    const source = 'await Promise.all([tools.call(), tools.call()]); text(1)'
    const results = await Promise.all(Array.from({ length: 10 }, () => session.exec(source)))
    expect(results.flatMap(textsOf)).toEqual(Array(10).fill('1'))
  })

  test('3.4 concurrency: thousands of calls, one after the other', async () => {
    let calls = 0
    const execute = ({ n }) => {
      calls++
      return n + 1
    }
    const source = 'let n = 0; while (n < 3000) n = await tools.call({ n }); text(n)'
    expect(await texts(source, { tools: { call: { execute } } })).toEqual(['3000'])
    expect(calls).toBe(3000)
  })
})

describe('limits', () => {
  const reject = `const settled = await Promise.allSettled(calls)
    text(settled.map(({ value, reason }) => value ?? { name: reason.name, message: reason.message }))`

  test('3.4 limits.pendingToolCalls: one more call rejects, and the host does not hear it', async () => {
    const gate = deferred()
    const ids = []
    const execute = ({ open }, { id }) => {
      ids.push(id)
      if (open) gate.resolve('done')
      return gate.promise
    }
    const source = `const calls = [{}, { open: true }, {}].map((input) => tools.call(input)); ${reject}
      text(await tools.call())`
    const options = { tools: { call: { execute } }, limits: { pendingToolCalls: 2 } }
    const [first, second] = await texts(source, options)
    expect(JSON.parse(first)).toEqual([
      'done',
      'done',
      { name: 'ToolError', message: '2 tool calls are in flight, as many as limits.pendingToolCalls allows' },
    ])
    expect(second).toBe('done')
    expect(ids).toEqual(['tool-1', 'tool-2', 'tool-3'])
  })

  test('3.4 limits.pendingToolCalls: the default is 1024', async () => {
    const execute = () => new Promise(() => {})
    const source = `const calls = Array.from({ length: 1025 }, () => tools.call())
      text(await Promise.race(calls.map((call) => call.catch((error) => error.message))))
      exit()`
    const options = { tools: { call: { execute } }, limits: { toolGraceMs: 0 } }
    expect(await texts(source, options)).toEqual([
      '1024 tool calls are in flight, as many as limits.pendingToolCalls allows',
    ])
  })

  const over = (bytes, limit) =>
    `the result of tool \`call\` has ${bytes} bytes as JSON, more than limits.messageBytes, which is ${limit}`

  test.each([
    ['a result', () => 'ä'.repeat(50), over(102, 100)],
    ['an object', () => ({ a: 'x'.repeat(93) }), over(101, 100)],
    [
      'the message of an error',
      () => {
        throw new Error('x'.repeat(101))
      },
      'tool `call` failed, and its message has 101 bytes, more than limits.messageBytes',
    ],
  ])('3.4 limits.messageBytes: over it the call rejects: %s', async (_, execute, message) => {
    const source = `const calls = [tools.call()]; ${reject}`
    const options = { tools: { call: { execute } }, limits: { messageBytes: 100 } }
    expect(await json(source, options)).toEqual([{ name: 'ToolError', message }])
  })

  test('3.4 limits.messageBytes: the message that says so does not count against it', async () => {
    const source = `const calls = [tools.call()]; ${reject}`
    const options = { tools: { call: { execute: () => 'x'.repeat(20) } }, limits: { messageBytes: 20 } }
    expect(await json(source, options)).toEqual([{ name: 'ToolError', message: over(22, 20) }])
  })

  test('3.4 limits.messageBytes: exactly that many bytes pass', async () => {
    const options = { tools: { call: { execute: () => 'ä'.repeat(9) } }, limits: { messageBytes: 20 } }
    expect(await texts('text(await tools.call())', options)).toEqual(['ä'.repeat(9)])
  })
})

describe('the signal', () => {
  /** A tool that never settles by itself; it keeps its signals. */
  function stubborn({ settles = true } = {}) {
    const signals = []
    const called = deferred()
    const execute = (_, { signal }) => {
      signals.push(signal)
      called.resolve()
      return new Promise((_, reject) => {
        if (settles) signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    return { signals, called: called.promise, tools: { call: { execute } } }
  }

  test('3.6 signal: each call has one of its own, which is not aborted while the call is served', async () => {
    const signals = []
    const execute = (_, { signal }) => {
      signals.push(signal)
      return signal.aborted
    }
    expect(
      await json('text([await tools.call(), await tools.call()])', { tools: { call: { execute } } }),
    ).toEqual([false, false])
    expect(signals[0]).toBeInstanceOf(AbortSignal)
    expect(signals[0]).not.toBe(signals[1])
  })

  test('3.6 signal: the end of the script aborts the calls that it did not await', async () => {
    const { signals, tools } = stubborn()
    await texts('tools.call(); tools.call()', { tools })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(signals[0].reason).toMatchObject({ name: 'AbortError' })
  })

  test('3.6 signal: a failing script aborts them, too, and exit', async () => {
    for (const end of ['throw new Error("x")', 'exit()']) {
      const { signals, tools } = stubborn()
      await run(`tools.call(); ${end}`, { tools })
      expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    }
  })

  test('3.6 signal: calls that had settled are not aborted', async () => {
    const signals = []
    const execute = (_, { signal }) => void signals.push(signal)
    await texts('await tools.call()', { tools: { call: { execute } } })
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  })

  test('3.6 signal: terminate aborts, and answers when the call has settled', async () => {
    const order = []
    const called = deferred()
    const execute = async (_, { signal }) => {
      called.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await null
      order.push('settled')
    }
    const session = openSession({ tools: { call: { execute } } })
    const result = session.exec("text('a'); await tools.call(); text('b')")
    await called.promise
    const [cellId] = session.activeCells
    const terminated = await session.terminate(cellId)
    order.push('answered')
    expect(order).toEqual(['settled', 'answered'])
    expect(terminated).toMatchObject({ status: 'terminated', content: [{ text: 'a' }] })
    expect(await result).toMatchObject({ status: 'terminated' })
  })

  test('3.6 signal: a tool that never settles holds an end up for limits.toolGraceMs only', async () => {
    const { signals, called, tools } = stubborn({ settles: false })
    const session = openSession({ tools, limits: { toolGraceMs: 10 } })
    const result = session.exec('await tools.call()')
    await called
    expect(await session.terminate(session.activeCells[0])).toMatchObject({ status: 'terminated' })
    expect(await result).toMatchObject({ status: 'terminated' })
    expect(signals[0].aborted).toBe(true)
    expect(textsOf(await session.exec("tools.call(); text('on')"))).toEqual(['on'])
  })

  test('3.6 signal: closing the session aborts', async () => {
    const { signals, called, tools } = stubborn()
    const session = openSession({ tools })
    const result = session.exec('await tools.call()')
    await called
    await session.close()
    expect(signals[0].aborted).toBe(true)
    expect(await result).toMatchObject({ status: 'terminated' })
  })

  test('3.6 signal: one that is read after the abort is aborted already', async () => {
    const called = deferred()
    const ended = deferred()
    const seen = deferred()
    const execute = async (_, call) => {
      called.resolve()
      await ended.promise
      seen.resolve(call.signal.aborted)
    }
    const session = openSession({ tools: { call: { execute } }, limits: { toolGraceMs: 0 } })
    await session.exec('tools.call()')
    await called.promise
    ended.resolve()
    expect(await seen.promise).toBe(true)
  })

  test('3.6 results after the end are lost: they reach no later cell', async () => {
    const late = deferred()
    const execute = ({ wait }) => (wait ? late.promise : 'now')
    const session = openSession({ tools: { call: { execute } }, limits: { toolGraceMs: 0 } })
    await session.exec("tools.call({ wait: true }).then((value) => { text(value); store('k', value) })")
    late.resolve('late')
    expect(textsOf(await session.exec("text(await tools.call()); text(load('k'))"))).toEqual([
      'now',
      'undefined',
    ])
  })
})

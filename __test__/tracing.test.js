// The tracing channels: what is told of cells, of their tool calls, and of a model's calls.

import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished, test } from 'vitest'
import { deferred, openSession, textsOf } from './support/cell.js'
import { FOREVER, gate, newSession, outcome, until } from './support/lifecycle-helpers.js'
import { runProgram } from './support/program.js'
import { watch } from './support/tracing.js'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const WHOLE = ['start', 'end', 'asyncStart', 'asyncEnd']
const FAILED = ['start', 'end', 'error', 'asyncStart', 'asyncEnd']

describe('codecell:cell', () => {
  test('a subscriber that freezes what it is told harms nothing', async () => {
    for (const name of ['cell', 'tool', 'model-tool']) {
      const { start } = tracingChannel(`codecell:${name}`)
      start.subscribe(Object.freeze)
      onTestFinished(() => void start.unsubscribe(Object.freeze))
    }
    const session = openSession({ tools: { tool: { execute: () => 1 } } })
    const { exec } = session.modelTools()
    expect((await exec.run('text(await tools.tool())')).success).toBe(true)
    expect((await session.exec('await tools.tool()')).status).toBe('completed')
  })

  test('a cell is told as tracePromise tells it, with one object in all events', async () => {
    const cells = watch('codecell:cell')
    const result = await openSession().exec('text(1)', { callId: 'call-7' })
    expect(cells.order()).toEqual(WHOLE)
    const [{ message, at }] = cells.events
    expect(at).toEqual({
      sessionId: expect.stringMatching(UUID),
      cellId: result.cellId,
      callId: 'call-7',
      source: 'text(1)',
    })
    for (const event of cells.events) expect(event.message).toBe(message)
    expect(message.result).toBe(result)
  })

  test('it has ended when its caller hears of its end', async () => {
    const cells = watch('codecell:cell')
    await openSession().exec('text(1)')
    expect(cells.ended()).toHaveLength(1)
  })

  test('cells of two sessions differ in the session id, those of one do not', async () => {
    const cells = watch('codecell:cell')
    const [a, b] = [openSession(), openSession()]
    for (const session of [a, a, b]) await session.exec('text(1)')
    const ids = cells.ended().map(({ sessionId, cellId, callId }) => [sessionId, cellId, callId])
    const [[first], , [second]] = ids
    expect(ids).toEqual([
      [first, '1', '1'],
      [first, '2', '2'],
      [second, '1', '1'],
    ])
    expect(first).not.toBe(second)
  })

  test('of a script that failed, the error is told', async () => {
    const cells = watch('codecell:cell')
    const result = await openSession().exec('throw new TypeError("no")')
    expect(cells.order()).toEqual(FAILED)
    const [message] = cells.ended()
    expect(message.result).toBe(result)
    expect(message.error).toBe(result.error)
    expect(message.error).toMatchObject({ code: 'SCRIPT_ERROR', name: 'TypeError', message: 'no' })
  })

  test('a cell that is watched several times is told once, and ends with its final result', async () => {
    const cells = watch('codecell:cell')
    const tool = gate()
    const session = newSession({ tools: { tool } })
    const { cellId } = await session.exec('await tools.tool()', { yieldTimeMs: 0 })
    expect(await session.wait(cellId, { yieldTimeMs: 0 })).toHaveProperty('status', 'running')
    expect(cells.order()).toEqual(['start', 'end'])
    await until(() => tool.calls.length === 1)
    tool.calls[0]?.resolve()
    const last = await session.wait(cellId)
    expect(last.status).toBe('completed')
    expect(cells.order()).toEqual(WHOLE)
    expect(cells.ended()[0].result).toBe(last)
    expect(await session.wait(cellId)).toEqual({ status: 'missing', cellId })
    expect(cells.order()).toEqual(WHOLE)
  })

  test('steps of a cell are no end of it', async () => {
    const cells = watch('codecell:cell')
    const session = openSession()
    const { cellId } = await session.execToPending(
      'await new Promise((done) => setTimeout(done, 1)); text(1)',
    )
    expect(cells.order()).toEqual(['start', 'end'])
    let result
    do result = await session.waitToPending(cellId)
    while (result.status === 'pending')
    expect(cells.ended()[0].result).toBe(result)
  })

  test('a cell that is terminated ends with that result', async () => {
    const cells = watch('codecell:cell')
    const session = openSession()
    const { cellId } = await session.exec(`yield_control(); ${FOREVER}`)
    const result = await session.terminate(cellId)
    expect(cells.order()).toEqual(WHOLE)
    expect(cells.ended()[0].result).toBe(result)
    expect(result.status).toBe('terminated')
  })

  test('a cell whose result nobody takes ends without one', async () => {
    const cells = watch('codecell:cell')
    const session = openSession()
    const controller = new AbortController()
    await session.exec(`yield_control(); ${FOREVER}`, { signal: controller.signal })
    controller.abort()
    await until(() => cells.ended().length === 1)
    await session.exec(`yield_control(); ${FOREVER}`)
    await session.exec('yield_control(); text(1)')
    await session.close()
    expect(cells.ended()).toHaveLength(3)
    for (const message of cells.ended()) expect(message).not.toHaveProperty('result')
  })

  test('what starts no cell is not told', async () => {
    const cells = watch('codecell:cell')
    const session = openSession({ limits: { activeCells: 1, sourceBytes: 100 } })
    await session.exec(`yield_control(); ${FOREVER}`)
    for (const source of ['text(1)', ' '.repeat(101)]) {
      expect(await outcome(session.exec(source))).toHaveProperty('error.code')
    }
    expect(cells.order()).toEqual(['start', 'end'])
  })

  test('a cell that began before anybody listened is not told, its later calls are', async () => {
    const first = gate()
    const session = newSession({ tools: { first, tool: { execute: () => 1 } } })
    const script = 'await tools.first(); text(await tools.tool())'
    const { cellId } = await session.exec(script, { callId: 'early', yieldTimeMs: 0 })
    await until(() => first.calls.length === 1)
    const cells = watch('codecell:cell')
    const tools = watch('codecell:tool')
    first.calls[0]?.resolve()
    textsOf(await session.wait(cellId))
    expect(cells.events).toEqual([])
    expect(tools.ended()).toMatchObject([{ cellId, callId: 'early', result: 1 }])
  })

  test('a cell that is no longer listened to goes on', async () => {
    const session = openSession()
    const cells = watch('codecell:cell')
    const { cellId } = await session.exec('yield_control(); text(1)')
    cells.stop()
    expect(textsOf(await session.wait(cellId))).toEqual(['1'])
    expect(cells.order()).toEqual(['start', 'end'])
  })
})

describe('codecell:tool', () => {
  test('a call is told with the ids of its cell, its input and its result', async () => {
    const tools = watch('codecell:tool')
    const cells = watch('codecell:cell')
    const value = { found: 3 }
    const session = openSession({
      tools: { 'find-all': { description: 'Finds.', execute: async () => value } },
    })
    const { cellId } = await session.exec('await tools.find_all({ q: "a" })', { callId: 'call-7' })
    expect(tools.order()).toEqual(WHOLE)
    const [{ message, at }] = tools.events
    const ids = { sessionId: cells.ended()[0].sessionId, cellId, callId: 'call-7', toolCallId: 'tool-1' }
    expect(at).toEqual({ ...ids, toolName: 'find-all', description: 'Finds.', input: { q: 'a' } })
    for (const event of tools.events) expect(event.message).toBe(message)
    expect(message.result).toBe(value)
    expect(message).not.toHaveProperty('error')
  })

  test('parallel calls are told apart, and end as they settle', async () => {
    const tools = watch('codecell:tool')
    const tool = gate()
    const session = newSession({ tools: { tool } })
    const result = session.exec('await Promise.all([1, 2, 3].map((n) => tools.tool({ n })))')
    await until(() => tool.calls.length === 3)
    for (const number of [2, 0, 1]) {
      tool.calls[number]?.resolve(number)
      await until(() => tools.ended().at(-1)?.result === number)
    }
    await result
    expect(tools.ended().map(({ toolCallId, input, result }) => [toolCallId, input.n, result])).toEqual([
      ['tool-3', 3, 2],
      ['tool-1', 1, 0],
      ['tool-2', 2, 1],
    ])
  })

  const mine = new Error('mine')
  test.each([
    [
      'throws',
      () => {
        throw mine
      },
      mine,
    ],
    ['rejects', () => Promise.reject(mine), mine],
    [
      'throws what is no error',
      () => {
        throw null
      },
      null,
    ],
    ['gives what is not JSON', () => 1n, { message: expect.stringContaining('not JSON') }],
    ['gives too much', () => 'a'.repeat(200), { message: expect.stringContaining('limits.messageBytes') }],
  ])('of a function that %s, the error is told', async (_how, execute, error) => {
    const tools = watch('codecell:tool')
    const session = openSession({ tools: { tool: { execute } }, limits: { messageBytes: 100 } })
    textsOf(await session.exec('await tools.tool().catch(() => text("caught"))'))
    expect(tools.order()).toEqual(FAILED)
    const [message] = tools.ended()
    if (error instanceof Error) expect(message.error).toBe(error)
    else if (error === null) expect(message.error).toBe(null)
    else expect(message.error).toMatchObject(error)
    expect(message).not.toHaveProperty('result')
  })

  test('a call that is not settled when its cell is gone ends with an AbortError, before its cell, and once', async () => {
    const tools = watch('codecell:tool')
    const cells = watch('codecell:cell')
    const tool = gate()
    const session = newSession({ tools: { tool }, limits: { toolGraceMs: 0 } })
    await session.exec('tools.tool()')
    expect(tools.order()).toEqual(FAILED)
    expect(tools.ended()[0].error).toMatchObject({ name: 'AbortError' })
    expect(cells.ended()).toHaveLength(1)
    tool.calls[0]?.resolve(1)
    await session.exec('text(1)')
    expect(tools.order()).toEqual(FAILED)
  })
})

describe('codecell:model-tool', () => {
  test('calls of exec and wait are told with their ids and the cell', async () => {
    const calls = watch('codecell:model-tool')
    const cells = watch('codecell:cell')
    const { exec, wait } = openSession().modelTools()
    const first = await exec.run({ source: 'yield_control(); text(1)' }, { callId: 'call-1' })
    const last = await wait.run({ cell_id: first.cellId }, { callId: 'call-2' })
    expect(calls.order()).toEqual([...WHOLE, ...WHOLE])
    const [{ sessionId, cellId }] = cells.ended()
    const starts = calls.events.filter(({ event }) => event === 'start').map(({ at }) => at)
    expect(starts).toEqual([
      { sessionId, tool: 'exec', callId: 'call-1', input: { source: 'yield_control(); text(1)' } },
      { sessionId, tool: 'wait', callId: 'call-2', cellId, input: { cell_id: cellId } },
    ])
    expect(calls.ended()).toMatchObject([
      { cellId, cellResult: { status: 'running' } },
      { cellId, cellResult: { status: 'completed' } },
    ])
    expect(calls.ended().map(({ result }) => result)).toEqual([first, last])
    expect(cells.ended()).toMatchObject([{ callId: 'call-1' }])
  })

  test('a call that is refused is told with its error', async () => {
    const calls = watch('codecell:model-tool')
    const { exec, wait } = openSession().modelTools()
    const refused = [exec.run(''), wait.run('{'), wait.run({ cell_id: '1', max_tokens: -1 }), exec.run(1)]
    const errors = (await Promise.allSettled(refused)).map((one) => one.status === 'rejected' && one.reason)
    expect(calls.ended().map(({ error }) => error)).toEqual(errors)
    for (const error of errors) expect(error).toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('a script that failed and a cell that is missing are answers', async () => {
    const calls = watch('codecell:model-tool')
    const { exec, wait } = openSession().modelTools()
    await exec.run('throw 1')
    await wait.run({ cell_id: '99' })
    expect(calls.order()).toEqual([...WHOLE, ...WHOLE])
    expect(calls.ended()).toMatchObject([
      { result: { success: false }, cellResult: { status: 'failed', error: { code: 'SCRIPT_ERROR' } } },
      { result: { success: false }, cellResult: { status: 'missing' } },
    ])
  })
})

describe('the async context', () => {
  /**
   * A store in which everything that starts on a channel finds itself.
   *
   * @param {string} name
   * @param {(message: any) => unknown} stored
   * @param {AsyncLocalStorage<any>} [store]
   */
  function bind(name, stored, store = new AsyncLocalStorage()) {
    const { start } = tracingChannel(name)
    start.bindStore(store, stored)
    onTestFinished(() => void start.unbindStore(store))
    return store
  }

  test('a tool runs in the store of its call, in that of its cell, and in that of the model’s call', async () => {
    const model = bind('codecell:model-tool', ({ callId }) => callId)
    const cell = bind('codecell:cell', ({ cellId }) => cellId)
    const tool = bind('codecell:tool', ({ input }) => input.n)
    /** @type {unknown[]} */
    const found = []
    const note = (/** @type {string} */ where) =>
      found.push([where, model.getStore(), cell.getStore(), tool.getStore()])
    const second = deferred()
    const session = openSession({
      tools: {
        tool: {
          async execute({ n }) {
            note('at once')
            // The second call goes on before the first.
            await (n === 1 ? second.promise : Promise.resolve())
            note('later')
            second.resolve()
          },
        },
      },
      onNotify: () => void note('notified'),
    })
    const { exec } = session.modelTools()
    await exec.run('await Promise.all([1, 2].map((n) => tools.tool({ n }))); notify("a")', { callId: 'call' })
    expect(found).toEqual([
      ['at once', 'call', '1', 1],
      ['at once', 'call', '1', 2],
      ['later', 'call', '1', 2],
      ['later', 'call', '1', 1],
      ['notified', 'call', '1', undefined],
    ])
    expect([model, cell, tool].map((store) => store.getStore())).toEqual([undefined, undefined, undefined])
  })

  test('one store for all has the nearest: parents are found at start', async () => {
    const store = new AsyncLocalStorage()
    const within = (/** @type {string} */ name) => `${store.getStore()} > ${name}`
    bind('codecell:cell', ({ cellId }) => within(`cell ${cellId}`), store)
    bind('codecell:tool', ({ toolCallId }) => within(toolCallId), store)
    const session = openSession({ tools: { tool: { execute: () => store.getStore() } } })
    const script = 'text(JSON.stringify(await Promise.all([tools.tool(), tools.tool()])))'
    const results = await Promise.all(['a', 'b'].map((user) => store.run(user, () => session.exec(script))))
    expect(results.map((result) => JSON.parse(textsOf(result)[0] ?? ''))).toEqual([
      ['a > cell 1 > tool-1', 'a > cell 1 > tool-2'],
      ['b > cell 2 > tool-1', 'b > cell 2 > tool-2'],
    ])
  })
})

test('watchers that throw or are slow change no result; what they throw is an uncaught exception', async () => {
  const { quiet, hostile, uncaught } = await runProgram('throwing-watchers')
  expect(hostile).toEqual(quiet)
  expect(hostile).toEqual([
    ['completed', ['1 of 1', '2 of 2', 'tool failed']],
    ['failed', 'SCRIPT_ERROR'],
    [true, 'Script completed'],
  ])
  expect(uncaught).toEqual([
    'watcher of asyncEnd',
    'watcher of asyncStart',
    'watcher of end',
    'watcher of error',
    'watcher of start',
    'watcher’s store',
  ])
})

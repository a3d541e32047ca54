// A debugger attaches to cells. It is chrome-remote-interface, over a real connection.

import { once } from 'node:events'
import { Server } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { deferred, openSession, textsOf } from './support/cell.js'
import {
  attach,
  debuggerOf,
  openInspected,
  pausedCell,
  startToPause,
  targetsOf,
  vanish,
} from './support/debugger.js'

const WAIT = { waitForDebugger: true }
const PAUSED = 'debugger; text("after")'

describe('a breakpoint', () => {
  test('is hit; locals can be read there, steps taken, and the result is that of the script', async () => {
    const session = openInspected(WAIT, {
      tools: { price: { execute: async ({ fruit }) => fruit.length } },
    })
    const answer = session.exec(
      [
        'const apple = await tools.price({ fruit: "apple" })',
        'const sum = apple + 1',
        'const doubled = 2 * sum',
        'text(doubled)',
      ].join('\n'),
    )
    const client = await attach(session)
    const { Debugger } = client
    const parsed = Debugger.scriptParsed()
    const { breakpointId } = await Debugger.setBreakpointByUrl({ url: 'exec_main.mjs', lineNumber: 1 })
    const paused = await startToPause(client)
    expect(paused.hitBreakpoints).toEqual([breakpointId])
    const [{ callFrameId, location }] = paused.callFrames
    const { scriptId, url, isModule } = await parsed
    expect({ url, isModule }).toEqual({ url: 'exec_main.mjs', isModule: true })
    expect(location).toMatchObject({ scriptId, lineNumber: 1 })
    const evaluate = (/** @type {string} */ expression, frame = callFrameId) =>
      Debugger.evaluateOnCallFrame({ callFrameId: frame, expression, returnByValue: true })
    expect((await evaluate('apple')).result.value).toBe(5)

    let stepped = Debugger.paused()
    await Debugger.stepOver()
    const next = (await stepped).callFrames[0]
    expect(next.location.lineNumber).toBe(2)
    expect((await evaluate('sum', next.callFrameId)).result.value).toBe(6)
    expect((await evaluate('[typeof process, typeof require, typeof tools]')).result.value).toEqual([
      'undefined',
      'undefined',
      'object',
    ])

    stepped = Debugger.resumed()
    await Debugger.resume()
    await stepped
    expect(textsOf(await answer)).toEqual(['12'])
  })

  test('counts the lines of the text that was given, the pragma being the first', async () => {
    const session = openInspected(WAIT)
    const answer = session.exec('// @exec: {"yield_time_ms": 60000}\nconst n = 1\ntext(n)')
    const client = await attach(session)
    await client.Debugger.setBreakpointByUrl({ url: 'exec_main.mjs', lineNumber: 2 })
    const { callFrames } = await startToPause(client)
    expect(callFrames[0].location.lineNumber).toBe(2)
    await client.Debugger.resume()
    expect(textsOf(await answer)).toEqual(['1'])
  })

  test('can be set while the script runs and never rests', async () => {
    const session = openInspected()
    const answer = session.exec('let go = true\nlet n = 0\nwhile (go) {\n  n += 1\n}\ntext("done")')
    const { Debugger } = await attach(session)
    const paused = Debugger.paused()
    await Debugger.setBreakpointByUrl({ url: 'exec_main.mjs', lineNumber: 3 })
    const { callFrames } = await paused
    const { callFrameId } = callFrames[0]
    await Debugger.evaluateOnCallFrame({ callFrameId, expression: 'go = false' })
    await Debugger.setBreakpointsActive({ active: false })
    await Debugger.resume()
    expect(textsOf(await answer)).toEqual(['done'])
  })

  test('in a timeout is hit', async () => {
    const session = openInspected(WAIT)
    const answer = session.exec(
      'await new Promise((resolve) => setTimeout(() => { debugger; resolve() }, 1)); text("after")',
    )
    const client = await attach(session)
    await startToPause(client)
    await client.Debugger.resume()
    expect(textsOf(await answer)).toEqual(['after'])
  })
})

test('a script that waits for a debugger starts when one says so', async () => {
  const session = openInspected(WAIT)
  const first = await session.exec('text("started")', { yieldTimeMs: 100 })
  expect(first).toMatchObject({ status: 'running', content: [] })
  const { Runtime } = await attach(session)
  await Runtime.runIfWaitingForDebugger()
  expect(textsOf(await session.wait(first.cellId))).toEqual(['started'])
})

test('with breakOnStart a script pauses at its first line', async () => {
  const session = openInspected({ breakOnStart: true })
  const answer = session.exec('text("first")\ntext("second")')
  const client = await attach(session)
  const { callFrames } = await startToPause(client)
  expect(callFrames[0].location.lineNumber).toBe(0)
  await client.Debugger.resume()
  expect(textsOf(await answer)).toEqual(['first', 'second'])
})

test('while a script is paused nothing of it happens; then all of it does', async () => {
  let isCalled = () => {}
  const called = new Promise((resolve) => {
    isCalled = () => resolve(undefined)
  })
  const session = openInspected(WAIT, { tools: { tool: { execute: async () => isCalled() } } })
  const { answer, client } = await pausedCell(
    session,
    `const seen = []
     const call = tools.tool().then(() => seen.push('tool'))
     const timer = new Promise((resolve) => setTimeout(resolve, 0)).then(() => seen.push('timer'))
     debugger
     seen.push('resumed')
     await Promise.all([call, timer])
     text(seen[0])
     text(seen.length)`,
  )
  await called
  await client.Debugger.resume()
  expect(textsOf(await answer)).toEqual(['resumed', '3'])
})

test('code of a debugger runs in the realm of the cell, while the script waits for something', async () => {
  const session = openInspected()
  const answer = session.exec('text(await new Promise((resolve) => { globalThis.settle = resolve }))')
  const { Runtime } = await attach(session)
  const kinds = '[typeof process, typeof require, typeof fetch, typeof console, typeof tools]'
  const { result } = await Runtime.evaluate({ expression: kinds, returnByValue: true })
  expect(result.value).toEqual(['undefined', 'undefined', 'undefined', 'undefined', 'object'])
  await Runtime.evaluate({ expression: "settle('Grüße, 世界 \u{1f44b}')" })
  expect(textsOf(await answer)).toEqual(['Grüße, 世界 \u{1f44b}'])
})

test('a frozen cell answers its debugger, and stays frozen', async () => {
  const { promise, resolve } = deferred()
  const session = openInspected({}, { tools: { tool: { execute: () => promise } } })
  let result = await session.execToPending(
    'let n = 0; globalThis.seen = () => n; n = await tools.tool(); text(n)',
  )
  expect(result.status).toBe('pending')
  const { Runtime } = await attach(session)
  for (const _ of [1, 2]) expect((await Runtime.evaluate({ expression: 'seen()' })).result.value).toBe(0)
  resolve(1)
  for (const _ of [1, 2]) expect((await Runtime.evaluate({ expression: 'seen()' })).result.value).toBe(0)
  while (result.status === 'pending') result = await session.waitToPending(result.cellId)
  expect(textsOf(result)).toEqual(['1'])
})

test('each cell is a target of its own', async () => {
  const session = openInspected(WAIT)
  const answers = ['one', 'two'].map((word) => session.exec(`const word = "${word}"; debugger; text(word)`))
  const targets = await targetsOf(session)
  expect(targets.map(({ title, type, url }) => [title, type, url])).toEqual([
    ['codecell cell 1', 'node', 'exec_main.mjs'],
    ['codecell cell 2', 'node', 'exec_main.mjs'],
  ])
  const clients = await Promise.all(targets.map(debuggerOf))
  const pauses = await Promise.all(clients.map(startToPause))
  const words = await Promise.all(
    pauses.map(async ({ callFrames: [{ callFrameId }] }, index) => {
      const { result } = await clients[index].Debugger.evaluateOnCallFrame({
        callFrameId,
        expression: 'word',
      })
      return result.value
    }),
  )
  expect(words).toEqual(['one', 'two'])
  await clients[1].Debugger.resume()
  expect(textsOf(await answers[1])).toEqual(['two'])
  await clients[0].Debugger.resume()
  expect(textsOf(await answers[0])).toEqual(['one'])
  expect(await targetsOf(session)).toEqual([])
})

describe('a paused cell ends at once', () => {
  test('when it is terminated', async () => {
    const session = openInspected(WAIT)
    const { answer, cellId, client } = await pausedCell(session, PAUSED)
    const disconnected = once(client, 'disconnect')
    expect(await session.terminate(cellId)).toMatchObject({ status: 'terminated', content: [] })
    expect(await answer).toMatchObject({ status: 'terminated' })
    await disconnected
  })

  test('when its signal is aborted', async () => {
    const session = openInspected(WAIT)
    const abort = new AbortController()
    const answer = session.exec(PAUSED, { signal: abort.signal })
    const rejected = expect(answer).rejects.toThrow('enough')
    await startToPause(await attach(session))
    abort.abort(new Error('enough'))
    await rejected
  })

  test('when the session closes', async () => {
    const session = openInspected(WAIT)
    const { answer } = await pausedCell(session, PAUSED)
    await session.close()
    expect(await answer).toMatchObject({ status: 'terminated' })
  })

  test('when its wallMs are over', async () => {
    const session = openInspected(WAIT, { limits: { wallMs: 3_000 } })
    const { answer } = await pausedCell(session, PAUSED)
    expect(await answer).toMatchObject({ status: 'failed', error: { code: 'TIME_LIMIT' } })
  })

  test('when it is terminated while code of the debugger runs and does not end', async () => {
    const session = openInspected(WAIT)
    const { answer, cellId, client, paused } = await pausedCell(session, PAUSED)
    const { callFrameId } = paused.callFrames[0]
    // It is never answered.
    client.Debugger.evaluateOnCallFrame({ callFrameId, expression: 'while (true) {}' }).catch(() => {})
    expect(await session.terminate(cellId)).toMatchObject({ status: 'terminated' })
    expect(await answer).toMatchObject({ status: 'terminated' })
  })
})

test('a limit that falls into code of a debugger ends the script, which never rests', async () => {
  const session = openInspected({}, { limits: { cpuMs: 3_000 } })
  const { cellId } = await session.exec('yield_control(); for (;;);')
  const client = await attach(session)
  // It is never answered.
  client.Runtime.evaluate({ expression: 'for (;;);' }).catch(() => {})
  expect(await session.wait(cellId)).toMatchObject({ status: 'failed', error: { code: 'CPU_LIMIT' } })
})

test('a limit that falls into code of a debugger ends a script that waits', async () => {
  const session = openInspected({}, { limits: { cpuMs: 500 } })
  const { cellId } = await session.exec('yield_control(); await new Promise(() => {})')
  const client = await attach(session)
  const expression = 'Promise.resolve().then(() => { for (;;); }); for (;;);'
  client.Runtime.evaluate({ expression }).catch(() => {})
  expect(await session.wait(cellId)).toMatchObject({ status: 'failed', error: { code: 'CPU_LIMIT' } })
})

test('a frozen cell that a debugger ends has ended', async () => {
  const session = openInspected({})
  const first = await session.execToPending(
    'await new Promise((resolve) => setTimeout(resolve, 100)); text("hi")',
  )
  expect(first.status).toBe('pending')
  const client = await attach(session)
  client.Runtime.evaluate({ expression: 'exit()' }).catch(() => {})
  await vi.waitUntil(async () => (await session.wait(first.cellId)).status === 'completed', {
    timeout: 20_000,
  })
})

test('a cell that waits for a debugger can be terminated', async () => {
  const session = openInspected(WAIT)
  const answer = session.exec('text("never")')
  await targetsOf(session)
  expect(await session.terminate('1')).toMatchObject({ status: 'terminated', content: [] })
  expect(await answer).toMatchObject({ status: 'terminated' })
})

test('a pause is no time of the script', async () => {
  const session = openInspected(WAIT, { limits: { cpuMs: 500 } })
  const { answer, client } = await pausedCell(session, PAUSED)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await client.Debugger.resume()
  expect(textsOf(await answer)).toEqual(['after'])
})

describe('a debugger that vanishes', () => {
  test('leaves no script paused', async () => {
    const session = openInspected(WAIT)
    const { answer, client } = await pausedCell(session, 'debugger; debugger; text("after")')
    await vanish(client)
    expect(textsOf(await answer)).toEqual(['after'])
  })

  test('takes its breakpoints along, and another one can attach', async () => {
    const session = openInspected(WAIT)
    const first = await session.exec(
      'let go = true\nwhile (go) { await new Promise((resolve) => setTimeout(resolve, 1)) }',
      {
        yieldTimeMs: 0,
      },
    )
    const one = await attach(session)
    await one.Debugger.setBreakpointByUrl({ url: 'exec_main.mjs', lineNumber: 1 })
    await startToPause(one)
    await vanish(one)
    const two = await attach(session)
    const paused = two.Debugger.paused()
    await two.Debugger.pause()
    const { callFrames, hitBreakpoints } = await paused
    expect(hitBreakpoints).toEqual([])
    await two.Debugger.evaluateOnCallFrame({
      callFrameId: callFrames[0].callFrameId,
      expression: 'go = false',
    })
    await two.Debugger.resume()
    expect(await session.wait(first.cellId)).toMatchObject({ status: 'completed' })
  })

  test('while its own code is paused lets the script go on', async () => {
    const session = openInspected()
    const answer = session.exec(
      'await new Promise((resolve) => { globalThis.resolve = resolve }); text("after")',
    )
    const client = await attach(session)
    const paused = client.Debugger.paused()
    client.Runtime.evaluate({ expression: 'debugger; resolve()' }).catch(() => {})
    await paused
    await vanish(client)
    expect(textsOf(await answer)).toEqual(['after'])
  })

  test('with another one still there leaves the pause to that one', async () => {
    const session = openInspected(WAIT)
    const answer = session.exec(PAUSED)
    const [target] = await targetsOf(session)
    const clients = [await debuggerOf(target), await debuggerOf(target)]
    const bothPaused = clients.map((client) => client.Debugger.paused())
    await clients[0].Runtime.runIfWaitingForDebugger()
    await Promise.all(bothPaused)
    await vanish(clients[0])
    const { result } = await clients[1].Runtime.evaluate({ expression: '6 * 7' })
    expect(result.value).toBe(42)
    await clients[1].Debugger.resume()
    expect(textsOf(await answer)).toEqual(['after'])
  })
})

test('memory that a debugger watches is still limited', async () => {
  const session = openInspected(WAIT, { limits: { heapBytes: 32 * 2 ** 20 } })
  const answer = session.exec('const kept = []; while (true) kept.push(new Array(1000).fill(0))')
  const { Runtime } = await attach(session)
  await Runtime.runIfWaitingForDebugger()
  expect(await answer).toMatchObject({ status: 'failed', error: { code: 'MEMORY_LIMIT' } })
})

test('a debugger that terminates the execution terminates the cell', async () => {
  const session = openInspected()
  const answer = session.exec('while (true) {}')
  const { Runtime } = await attach(session)
  await Runtime.terminateExecution()
  expect(await answer).toMatchObject({ status: 'terminated' })
})

test('the CPU profiler is refused: with that of Node it would end the process', async () => {
  const session = openInspected(WAIT)
  session.exec('text("never")')
  const { Profiler } = await attach(session)
  for (const method of ['enable', 'start', 'startPreciseCoverage']) {
    await expect(Profiler[method]()).rejects.toThrow('the CPU profiler is not available in a cell')
  }
})

test('a heap snapshot can be taken while the script waits for something', async () => {
  const session = openInspected()
  const answer = session.exec('const kept = ["a needle"]; await new Promise((go) => { globalThis.go = go })')
  const { HeapProfiler, Runtime } = await attach(session)
  let snapshot = ''
  HeapProfiler.addHeapSnapshotChunk(({ chunk }) => {
    snapshot += chunk
  })
  await HeapProfiler.takeHeapSnapshot()
  expect(snapshot).toContain('a needle')
  await Runtime.evaluate({ expression: 'go()' })
  expect(await answer).toMatchObject({ status: 'completed' })
})

test('many messages are answered, in order, while the script runs', async () => {
  const session = openInspected()
  const answer = session.exec('while (!globalThis.stop) {}; text("stopped")')
  const { Runtime } = await attach(session)
  const numbers = Array.from({ length: 5_000 }, (_, number) => number)
  const results = await Promise.all(
    numbers.map((number) => Runtime.evaluate({ expression: `'${'x'.repeat(1_000)}'.length + ${number}` })),
  )
  expect(results.map(({ result }) => result.value - 1_000)).toEqual(numbers)
  await Runtime.evaluate({ expression: 'globalThis.stop = true' })
  expect(textsOf(await answer)).toEqual(['stopped'])
})

test('a script that floods its debugger waits for it', async () => {
  const session = openInspected(WAIT)
  const count = 300
  const answer = session.exec(
    `const long = 'x'.repeat(2 ** 18)
     for (let n = 0; n < ${count}; n += 1) new Function('//# sourceURL=' + n + long)
     text("after")`,
  )
  const client = await attach(session)
  let parsed = 0
  client.Debugger.scriptParsed(({ url }) => {
    parsed += url.length > 2 ** 18 ? 1 : 0
  })
  await client.Runtime.runIfWaitingForDebugger()
  expect(textsOf(await answer)).toEqual(['after'])
  await expect.poll(() => parsed, { timeout: 30_000 }).toBe(count)
})

test('without inspect nothing listens, and a debugger statement is nothing', async () => {
  const listen = vi.spyOn(Server.prototype, 'listen')
  const session = openSession()
  expect(session.inspectorUrl).toBe(undefined)
  expect(textsOf(await session.exec(PAUSED))).toEqual(['after'])
  expect(listen).not.toHaveBeenCalled()
  listen.mockRestore()
})

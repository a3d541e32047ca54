// What the abort signals of exec and wait do (contract: ExecOptions, WaitOptions).

import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { FOREVER, gate, newSession, outcome, sleep, texts, until } from './support/lifecycle-helpers.js'

const listeners = (/** @type {AbortSignal} */ signal) => getEventListeners(signal, 'abort').length

test('exec signal: already aborted, nothing starts, and it rejects with the reason', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const reason = { not: 'even an error' }
  const signal = AbortSignal.abort(reason)
  for (const call of [
    session.exec('tools.tool({})', { signal }),
    session.execToPending('tools.tool({})', { signal }),
  ]) {
    expect((await outcome(call)).error).toBe(reason)
  }
  expect(session.activeCells).toEqual([])
  expect((await session.exec('1')).cellId).toBe('1')
  expect(tool.calls).toEqual([])
})

test('exec signal: aborted while the cell runs, it rejects with the reason, once the cell has stopped', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const stop = new AbortController()
  let rejected = false
  const running = outcome(session.exec('store("a", 1); await tools.tool({})', { signal: stop.signal })).then(
    (end) => {
      rejected = true
      return end
    },
  )
  await until(() => tool.calls.length === 1)
  stop.abort(new Error('enough'))
  await until(() => tool.calls[0].call.signal.aborted)
  await sleep(20)
  expect(rejected).toBe(false)
  tool.calls[0].resolve()
  expect((await running).error).toBe(stop.signal.reason)
  expect(session.activeCells).toEqual([])
  expect(session.storedValues()).toEqual({})
})

test('exec signal: without a reason of its own it rejects with an AbortError', async () => {
  const stop = new AbortController()
  const running = outcome(newSession().exec('while (true) {}', { signal: stop.signal }))
  stop.abort()
  expect((await running).error).toMatchObject({ name: 'AbortError' })
})

test('exec signal: after exec has answered `running`, aborting it terminates the cell', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const stop = new AbortController()
  await session.exec('const p = tools.tool({}); yield_control(); await p', { signal: stop.signal })
  const waiting = session.wait('1')
  await until(() => tool.calls.length === 1)
  stop.abort()
  await until(() => tool.calls[0].call.signal.aborted)
  tool.calls[0].resolve()
  expect((await waiting).status).toBe('terminated')
  expect(session.activeCells).toEqual([])
})

test('exec signal: after the end of the cell, aborting it has no effect', async () => {
  const stop = new AbortController()
  const result = await newSession().exec('text(1)', { signal: stop.signal })
  stop.abort()
  expect(result).toMatchObject({ status: 'completed', content: [{ text: '1' }] })
})

test('exec signal: a timeout is a signal like any other', async () => {
  const { error } = await outcome(newSession().exec('while (true) {}', { signal: AbortSignal.timeout(20) }))
  expect(error).toMatchObject({ name: 'TimeoutError' })
})

test('wait signal: already aborted, it rejects at once with the reason, and the cell goes on', async () => {
  const session = newSession()
  await session.exec('yield_control(); await new Promise((r) => setTimeout(r, 10)); text("end")')
  expect((await outcome(session.wait('1', { signal: AbortSignal.abort('why') }))).error).toBe('why')
  expect(await session.wait('1')).toMatchObject({ status: 'completed', content: [{ text: 'end' }] })
})

test('wait signal: it ends the waiting only: no call is aborted, nothing is terminated', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  await session.exec('const p = tools.tool({}); yield_control(); text(await p)')
  const leave = new AbortController()
  const waiting = outcome(session.wait('1', { signal: leave.signal }))
  await until(() => tool.calls.length === 1)
  leave.abort(new Error('left'))
  expect((await waiting).error).toBe(leave.signal.reason)
  expect(tool.calls[0].call.signal.aborted).toBe(false)
  tool.calls[0].resolve('result')
  expect(texts(await session.wait('1'))).toEqual(['result'])
})

test('yieldSignal of exec: it answers at once with `running`, and the cell goes on', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const enough = new AbortController()
  const running = session.exec('text("a"); await tools.tool({}); text("b")', { yieldSignal: enough.signal })
  await until(() => tool.calls.length === 1)
  enough.abort()
  const first = await running
  expect(first.status).toBe('running')
  expect(texts(first)).toEqual(['a'])
  tool.calls[0].resolve()
  expect(texts(await session.wait('1'))).toEqual(['b'])
})

test('yieldSignal of wait: it answers at once with `running`, and loses nothing', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  await session.exec('yield_control(); text("a"); await tools.tool({}); text("b")')
  await until(() => tool.calls.length === 1)
  const enough = new AbortController()
  const waiting = session.wait('1', { yieldSignal: enough.signal })
  enough.abort()
  const first = await waiting
  expect(first.status).toBe('running')
  expect(texts(first)).toEqual(['a'])
  tool.calls[0].resolve()
  expect(texts(await session.wait('1'))).toEqual(['b'])
})

test('yieldSignal: already aborted, the cell starts all the same, and the answer is `running` at once', async () => {
  const session = newSession()
  const first = await session.exec(FOREVER, { yieldSignal: AbortSignal.abort() })
  expect(first.status).toBe('running')
  expect((await session.wait('1', { yieldSignal: AbortSignal.abort() })).status).toBe('running')
  expect(session.activeCells).toEqual(['1'])
})

test('yieldSignal: aborted after the answer it has no effect on later waits', async () => {
  const session = newSession()
  const enough = new AbortController()
  await session.exec('yield_control(); await new Promise((r) => setTimeout(r, 30))', {
    yieldSignal: enough.signal,
  })
  const waiting = session.wait('1')
  enough.abort()
  expect((await waiting).status).toBe('completed')
})

test('both signals at once: the abort wins over the yield', async () => {
  const session = newSession()
  const both = new AbortController()
  const running = outcome(session.exec(FOREVER, { signal: both.signal, yieldSignal: both.signal }))
  both.abort('both')
  const { value, error } = await running
  // Which comes first is not told; that the cell is stopped is.
  if (error === undefined) expect(value.status).toBe('running')
  else expect(error).toBe('both')
  await until(() => session.activeCells.length === 0)
})

test('listeners: none is left on a signal after exec and wait, however they end', async () => {
  const session = newSession({ tools: { t: { execute: () => 1 } } })
  const signal = new AbortController().signal
  const yieldSignal = new AbortController().signal
  const options = { signal, yieldSignal }
  for (const source of ['1', 'throw 1', '}{', 'exit()', 'await tools.t({})'])
    await session.exec(source, options)
  await session.execToPending('1', options)
  await outcome(session.exec('', options))
  await session.exec('yield_control(); await new Promise((r) => setTimeout(r, 5))', { yieldSignal })
  const cell = session.activeCells[0]
  await session.wait(cell, { ...options, yieldTimeMs: 0 })
  await session.wait(cell, options)
  await session.wait('gone', options)
  await until(() => listeners(signal) === 0, 'no listener on signal')
  expect(listeners(yieldSignal)).toBe(0)
})

test('listeners: that of exec stays as long as its cell lives, and no longer', async () => {
  const session = newSession()
  const { signal } = new AbortController()
  await session.exec(`yield_control(); ${FOREVER}`, { signal })
  expect(listeners(signal)).toBe(1)
  await session.terminate('1')
  await until(() => listeners(signal) === 0)
})

test('listeners: none is left after an abort, and after the session is closed', async () => {
  const session = newSession()
  const stop = new AbortController()
  const running = outcome(session.exec(FOREVER, { signal: stop.signal }))
  stop.abort()
  await running
  expect(listeners(stop.signal)).toBe(0)

  const other = new AbortController()
  await session.exec(`yield_control(); ${FOREVER}`, { signal: other.signal })
  await session.close()
  await until(() => listeners(other.signal) === 0)
})

test('listeners: one signal for hundreds of cells warns of no leak', async () => {
  const session = newSession()
  /** @type {Error[]} */
  const warnings = []
  const listen = (/** @type {Error} */ warning) => void warnings.push(warning)
  process.on('warning', listen)
  const stop = new AbortController()
  const cells = Array.from({ length: 100 }, () => outcome(session.exec(FOREVER, { signal: stop.signal })))
  await sleep(5)
  stop.abort('all')
  for (const { error } of await Promise.all(cells)) expect(error).toBe('all')
  await sleep(1)
  process.off('warning', listen)
  expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([])
  expect(session.activeCells).toEqual([])
})

test('listeners: a tool that listens to its own signal leaves none behind in codecell', async () => {
  let heard = 0
  const session = newSession({
    tools: {
      t: {
        execute(_input, { signal }) {
          signal.addEventListener('abort', () => {
            heard += 1
          })
        },
      },
    },
  })
  for (let round = 0; round < 20; round += 1) await session.exec('await tools.t({})')
  // A call that has settled is not aborted any more.
  expect(heard).toBe(0)
})

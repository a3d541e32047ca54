// §4.5: stepping through a script from one time that it can only wait to the next.

import { expect, test } from 'vitest'
import { FOREVER, gate, newSession, outcome, sleep, texts, until } from './support/lifecycle-helpers.js'

/** A session with two tools that answer when the test says so, and what its cells notified. */
function stepped() {
  const tool = gate()
  /** @type {string[]} */
  const heard = []
  const session = newSession({
    tools: { tool, quick: { execute: (input) => input } },
    onNotify: ({ text }) => void heard.push(text),
  })
  return { session, tool, heard }
}

const pendingIds = (/** @type {any} */ result) => {
  expect(result.status).toBe('pending')
  return result.pendingToolCallIds
}

test('4.5 pending: a script that ends without waiting completes', async () => {
  const { session } = stepped()
  expect(await session.execToPending('text(1)')).toMatchObject({
    status: 'completed',
    content: [{ text: '1' }],
  })
  expect(await session.execToPending('await null; text(2)')).toMatchObject({ status: 'completed' })
  expect(await session.execToPending('throw new Error("no")')).toMatchObject({ status: 'failed' })
  expect(await session.execToPending('exit()')).toMatchObject({ status: 'completed' })
  expect(session.activeCells).toEqual([])
})

test('4.5 pending: a promise that never settles is pending, with no calls', async () => {
  const { session } = stepped()
  expect(pendingIds(await session.execToPending(`text(1); ${FOREVER}`))).toEqual([])
  expect(pendingIds(await session.waitToPending('1'))).toEqual([])
  expect(session.activeCells).toEqual(['1'])
})

test('4.5 pending: it answers with the output and the calls made, in order, once all of them are made', async () => {
  const { session, tool } = stepped()
  const result = await session.execToPending(
    'text("a"); const p = [tools.tool({ n: 1 }), tools.tool({ n: 2 })]; await null; p.push(tools.tool({ n: 3 })); text("b"); await Promise.all(p)',
  )
  expect(pendingIds(result)).toEqual(['tool-1', 'tool-2', 'tool-3'])
  expect(texts(result)).toEqual(['a', 'b'])
  expect(Object.keys(result).sort()).toEqual(['cellId', 'content', 'pendingToolCallIds', 'status', 'usage'])
  await until(() => tool.calls.length === 3)
})

test('4.5 frozen: the result of a tool does not run JavaScript before the next observation', async () => {
  const { session, tool, heard } = stepped()
  await session.execToPending('notify("before"); await tools.tool({}); notify("after"); text("after")')
  await until(() => tool.calls.length === 1)
  tool.calls[0].resolve()
  // A whole other cell comes and goes, with a call of its own.
  await session.exec(
    'await tools.quick({}); await new Promise((r) => setTimeout(r, 40)); notify("other cell")',
  )
  expect(heard).toEqual(['before', 'other cell'])
  const next = await session.waitToPending('1')
  expect(next).toMatchObject({ status: 'completed', content: [{ text: 'after' }] })
  expect(heard).toEqual(['before', 'other cell', 'after'])
})

test('4.5 frozen: a timeout that expires does not run before the next observation, and then it does', async () => {
  const { session, heard } = stepped()
  const first = await session.execToPending(
    'setTimeout(() => notify("one"), 1); await new Promise((r) => setTimeout(r, 3)); text("done")',
  )
  expect(pendingIds(first)).toEqual([])
  await sleep(60)
  expect(heard).toEqual([])
  const next = await session.waitToPending('1')
  expect(next).toMatchObject({ status: 'completed', content: [{ text: 'done' }] })
  expect(heard).toEqual(['one'])
})

test('4.5 frozen: what had come meanwhile is processed in the order in which it came', async () => {
  const { session, tool } = stepped()
  await session.execToPending(
    'const call = (n) => tools.tool({ n }).then(() => text(n)); await Promise.all([call(1), call(2), call(3)])',
  )
  await until(() => tool.calls.length === 3)
  for (const index of [2, 0, 1]) {
    tool.calls[index].resolve()
    await sleep(2)
  }
  const results = []
  let last
  do {
    last = await session.waitToPending('1')
    results.push(last)
  } while (last.status === 'pending')
  expect(results.flatMap(texts)).toEqual(['3', '1', '2'])
})

test('4.5 ids: only those of calls made since the last frontier', async () => {
  const { session, tool } = stepped()
  const first = await session.execToPending(
    'const a = tools.tool({ n: 1 }); const b = tools.tool({ n: 2 }); await a; await tools.tool({ n: 3 }); await b',
  )
  expect(pendingIds(first)).toEqual(['tool-1', 'tool-2'])
  await until(() => tool.calls.length === 2)
  tool.calls[0].resolve()
  await sleep(10)
  expect(pendingIds(await session.waitToPending('1'))).toEqual(['tool-3'])
  tool.calls[1].resolve()
  await sleep(10)
  expect(pendingIds(await session.waitToPending('1'))).toEqual([])
  await until(() => tool.calls.length === 3)
  tool.calls[2].resolve()
  await sleep(10)
  expect((await session.waitToPending('1')).status).toBe('completed')
})

test('4.5 ids: a call that a timeout makes appears only once that has run', async () => {
  const { session } = stepped()
  const first = await session.execToPending(
    `tools.tool({ n: 1 }); tools.tool({ n: 2 }); setTimeout(() => tools.tool({ n: 3 }), 5); ${FOREVER}`,
  )
  expect(pendingIds(first)).toEqual(['tool-1', 'tool-2'])
  await sleep(40)
  expect(pendingIds(await session.waitToPending('1'))).toEqual(['tool-3'])
})

test('4.5 waitToPending: without anything new it answers again, with nothing', async () => {
  const { session } = stepped()
  await session.execToPending('text(1); await tools.tool({})')
  for (let round = 0; round < 3; round += 1) {
    const again = await session.waitToPending('1')
    expect(pendingIds(again)).toEqual([])
    expect(texts(again)).toEqual([])
  }
})

test('4.5 mixing: wait lets a frozen cell go on, in its own time', async () => {
  const { session, tool } = stepped()
  await session.execToPending('await tools.tool({ n: 1 }); text("a"); await tools.tool({ n: 2 }); text("b")')
  await until(() => tool.calls.length === 1)
  tool.calls[0].resolve()
  const waiting = session.wait('1')
  await until(() => tool.calls.length === 2)
  tool.calls[1].resolve()
  expect(await waiting).toMatchObject({ status: 'completed', content: [{ text: 'a' }, { text: 'b' }] })
})

test('4.5 mixing: waitToPending brings a running cell to its next frontier', async () => {
  const { session } = stepped()
  const first = await session.exec(
    'text("a"); yield_control(); await tools.quick({}); text("b"); await tools.tool({})',
  )
  expect(first.status).toBe('running')
  /** @type {any} */
  let result
  const seen = []
  // The quick tool may or may not be under way at the first frontier.
  do {
    result = await session.waitToPending('1')
    expect(result.status).toBe('pending')
    seen.push(...texts(result))
    await sleep(1)
  } while (seen.length === 0)
  expect(seen).toEqual(['b'])
})

test('4.5 mixing: a frontier that nobody asked for is invisible, and its ids are forgotten', async () => {
  const { session, tool } = stepped()
  await session.exec('const p = tools.tool({ n: 1 }); yield_control(); await p; await tools.tool({ n: 2 })')
  await until(() => tool.calls.length === 1)
  expect((await session.wait('1', { yieldTimeMs: 5 })).status).toBe('running')
  tool.calls[0].resolve()
  await until(() => tool.calls.length === 2)
  expect(pendingIds(await session.waitToPending('1'))).toEqual([])
})

test('4.5 mixing: after a wait that yielded, a cell is not frozen any more', async () => {
  const { session, tool, heard } = stepped()
  await session.execToPending('await tools.tool({}); notify("ran"); await new Promise(() => {})')
  expect((await session.wait('1', { yieldTimeMs: 0 })).status).toBe('running')
  await until(() => tool.calls.length === 1)
  tool.calls[0].resolve()
  await until(() => heard.length === 1)
})

test('4.5 yield_control does not end it', async () => {
  const { session } = stepped()
  const result = await session.execToPending('text("a"); yield_control(); text("b"); await tools.tool({})')
  expect(pendingIds(result)).toEqual(['tool-1'])
  expect(texts(result)).toEqual(['a', 'b'])
})

test('4.5 there is no yield time: neither the default, nor the pragma, nor the maximum ends it', async () => {
  const session = newSession({ defaultYieldTimeMs: 0, maxYieldTimeMs: 0 })
  const source =
    '// @exec: {"yield_time_ms": 0}\nconst end = Date.now() + 30; while (Date.now() < end); text("done")'
  expect(await session.execToPending(source)).toMatchObject({ status: 'completed' })
})

test('4.5 observers: a frozen cell has none, a stepping one has one', async () => {
  const { session } = stepped()
  const stepping = outcome(session.execToPending('while (true) {}'))
  await until(() => session.activeCells.length === 1)
  expect((await outcome(session.wait('1'))).error).toMatchObject({ code: 'CELL_BUSY' })
  expect((await outcome(session.waitToPending('1'))).error).toMatchObject({ code: 'CELL_BUSY' })
  await session.terminate('1')
  expect((await stepping).value.status).toBe('terminated')
})

test('4.5 terminate: a frozen cell is terminated like any other, and its calls are aborted', async () => {
  const { session, tool } = stepped()
  await session.execToPending('await tools.tool({})')
  await until(() => tool.calls.length === 1)
  const { signal } = tool.calls[0].call
  signal.addEventListener('abort', tool.calls[0].resolve)
  expect((await session.terminate('1')).status).toBe('terminated')
  expect(signal.aborted).toBe(true)
  expect(await session.waitToPending('1')).toEqual({ status: 'missing', cellId: '1' })
})

test('4.5 abort: signal of execToPending terminates the cell, also when it is frozen', async () => {
  const { session } = stepped()
  const stop = new AbortController()
  const running = outcome(session.execToPending('while (true) {}', { signal: stop.signal }))
  stop.abort(new Error('stop'))
  expect((await running).error).toBe(stop.signal.reason)

  const later = new AbortController()
  const { cellId } = await session.execToPending(FOREVER, { signal: later.signal })
  later.abort()
  await until(() => session.activeCells.length === 0)
  expect((await session.waitToPending(cellId)).status).toBe('missing')
})

test('4.5 abort: signal of waitToPending ends the waiting, and nothing of the frontier is lost', async () => {
  const { session, tool } = stepped()
  await session.execToPending(
    'await tools.tool({ n: 1 }); text("a"); await new Promise((r) => setTimeout(r, 20)); tools.tool({ n: 2 }); text("b"); await new Promise(() => {})',
  )
  await until(() => tool.calls.length === 1)
  const leave = new AbortController()
  leave.abort('gone')
  expect((await outcome(session.waitToPending('1', { signal: leave.signal }))).error).toBe('gone')
  tool.calls[0].resolve()
  const first = await session.wait('1', { yieldTimeMs: 500 })
  const rest = first.status === 'running' ? await session.waitToPending('1') : first
  expect([first, rest].flatMap(texts)).toEqual(['a', 'b'])
})

test('4.5 yieldSignal: it answers `running`, and the cell goes on unfrozen', async () => {
  const { session, heard } = stepped()
  const enough = new AbortController()
  const running = session.execToPending(
    'for (let i = 0; i < 1e7; i += 1); const end = Date.now() + 60; while (Date.now() < end); notify("ran"); await new Promise((r) => setTimeout(r, 1)); notify("on")',
    { yieldSignal: enough.signal },
  )
  enough.abort()
  expect((await running).status).toBe('running')
  await until(() => heard.length === 2)
  expect(heard).toEqual(['ran', 'on'])
})

test('4.5 exec after execToPending: cells do not share their stepping', async () => {
  const { session } = stepped()
  await session.execToPending(FOREVER)
  const result = await session.exec(
    'await new Promise((r) => setTimeout(r, 1)); text((await tools.quick({ x: "x" })).x)',
  )
  expect(result).toMatchObject({ status: 'completed', content: [{ text: 'x' }] })
})

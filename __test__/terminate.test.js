// §4.6: how a cell is stopped.

import { expect, test } from 'vitest'
import {
  expectFault,
  FOREVER,
  gate,
  newSession,
  outcome,
  sleep,
  texts,
  until,
} from './support/lifecycle-helpers.js'

/**
 * A cell that yielded while it waits for its tool.
 *
 * @param {import('../index.d.ts').SessionOptions} [options]
 */
async function yielded(options) {
  const tool = gate()
  const session = newSession({ ...options, tools: { tool } })
  await session.exec('yield_control(); text("unseen"); await tools.tool({}); text("never")')
  await until(() => tool.calls.length === 1)
  return { session, tool, call: tool.calls[0] }
}

test('4.6 terminate: the result is `terminated`, with what nobody has seen, and then the cell is `missing`', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  await session.exec('text("seen"); yield_control(); text("unseen"); await tools.tool({})')
  await until(() => tool.calls.length === 1)
  tool.calls[0].call.signal.addEventListener('abort', () => tool.calls[0].resolve())
  const end = await session.terminate('1')
  expect(end).toMatchObject({ status: 'terminated', cellId: '1' })
  expect(texts(end)).toEqual(['unseen'])
  expect(session.activeCells).toEqual([])
  expect(await session.wait('1')).toEqual({ status: 'missing', cellId: '1' })
  expect(await session.terminate('1')).toEqual({ status: 'missing', cellId: '1' })
})

test('4.6 terminate: whoever watches the cell gets the same answer', async () => {
  const { session, call } = await yielded()
  const watching = session.wait('1')
  const stopping = session.terminate('1')
  call.resolve()
  const [seen, end] = /** @type {any[]} */ (await Promise.all([watching, stopping]))
  expect(seen.status).toBe('terminated')
  expect(end.status).toBe('terminated')
  expect(texts(seen)).toEqual(['unseen'])
  expect(seen.content).toEqual(end.content)
})

test('4.6 terminate: the exec that still waits gets it, too', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const running = session.exec('text(1); await tools.tool({})')
  await until(() => tool.calls.length === 1)
  const stopping = session.terminate('1')
  tool.calls[0].resolve()
  expect((await stopping).status).toBe('terminated')
  expect(await running).toMatchObject({ status: 'terminated', content: [{ text: '1' }] })
})

test('4.6 terminate: a second one is refused with CELL_TERMINATING while the first is under way', async () => {
  const { session, call } = await yielded()
  const first = session.terminate('1')
  await expectFault(session.terminate('1'), 'CELL_TERMINATING', 'exec cell 1 is already terminating')
  call.resolve()
  expect((await first).status).toBe('terminated')
})

test('4.6 terminate: every tool call under way is aborted, with a reason that names the cell and the call', async () => {
  const { session, call } = await yielded()
  expect(call.call.signal.aborted).toBe(false)
  const stopping = session.terminate('1')
  await until(() => call.call.signal.aborted)
  expect(call.call.signal.reason).toMatchObject({
    name: 'AbortError',
    message: expect.stringMatching(/cell 1\b.*tool-1\b/),
  })
  call.resolve()
  await stopping
})

test('4.6 terminate: it resolves only after its tools have settled, which may take time to clean up', async () => {
  /** @type {string[]} */
  const order = []
  const cleaning = {
    async execute(/** @type {any} */ _input, /** @type {any} */ { signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      order.push('aborted')
      await sleep(30)
      order.push('cleaned up')
      throw new Error('aborted')
    },
  }
  const session = newSession({ tools: { cleaning } })
  await session.exec('const p = tools.cleaning({}); yield_control(); await p')
  await session.terminate('1')
  order.push('terminated')
  expect(order).toEqual(['aborted', 'cleaned up', 'terminated'])
})

test('4.6 terminate: a tool that never settles holds it up for toolGraceMs only', async () => {
  const { session } = await yielded({ limits: { toolGraceMs: 20 } })
  expect((await session.terminate('1')).status).toBe('terminated')
  expect(session.activeCells).toEqual([])
})

test('4.6 terminate: with toolGraceMs 0 it does not wait for tools', async () => {
  const { session } = await yielded({ limits: { toolGraceMs: 0 } })
  expect((await session.terminate('1')).status).toBe('terminated')
})

test('4.6 terminate: what a tool returns after it has no effect', async () => {
  const { session, call } = await yielded({ limits: { toolGraceMs: 0 } })
  await session.terminate('1')
  call.resolve('late')
  await sleep(5)
  expect(await session.wait('1')).toEqual({ status: 'missing', cellId: '1' })
})

test('3.6 completion: calls that nobody awaited are aborted at the end of the script, which waits for them', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  let done = false
  const running = session
    .exec('tools.tool({}); text("end"); await new Promise((r) => setTimeout(r, 5))')
    .then((result) => {
      done = true
      return result
    })
  await until(() => tool.calls[0]?.call.signal.aborted)
  await sleep(20)
  expect(done).toBe(false)
  tool.calls[0].resolve()
  expect(await running).toMatchObject({
    status: 'completed',
    content: [{ text: 'end' }],
    usage: { toolErrors: 1 },
  })
})

test('3.6 completion: a call that nobody awaited and never settles holds it up for toolGraceMs only', async () => {
  const session = newSession({
    tools: { stuck: { execute: () => new Promise(() => {}) } },
    limits: { toolGraceMs: 20 },
  })
  expect((await session.exec('tools.stuck({})')).status).toBe('completed')
})

test('3.6 completion: it waits for notifications under way, and termination does not let them start', async () => {
  const heard = gate()
  const session = newSession({ onNotify: ({ text }) => heard.execute(text, {}) })
  let done = false
  const running = session.exec('notify("slow")').then(() => {
    done = true
  })
  await until(() => heard.calls.length === 1)
  await sleep(20)
  expect(done).toBe(false)
  heard.calls[0].resolve()
  await running
})

test('4.6 terminate: a completion that nobody has seen is what it answers, and not `terminated`', async () => {
  const session = newSession()
  await session.exec('yield_control(); text("end"); store("done", 1)')
  await until(() => 'done' in session.storedValues())
  const end = await session.terminate('1')
  expect(end).toMatchObject({ status: 'completed', content: [{ text: 'end' }] })
  expect(session.storedValues()).toEqual({ done: 1 })
  expect((await session.wait('1')).status).toBe('missing')
})

test('4.6 terminate: it wins over a script that has ended while its tools still clean up', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  await session.exec('store("a", 1); tools.tool({}); yield_control(); await null')
  await until(() => tool.calls[0]?.call.signal.aborted)
  const stopping = session.terminate('1')
  tool.calls[0].resolve()
  expect((await stopping).status).toBe('terminated')
  expect(session.storedValues()).toEqual({})
})

test('4.6 terminate: it stops a loop that never ends, wherever that is', async () => {
  const session = newSession()
  for (const source of [
    'while (true) {}',
    'for (;;) { try { for (;;); } catch {} finally { for (;;); } }',
    'setTimeout(() => { for (;;); }); await new Promise(() => {})',
    'await null; for (;;);',
    'Promise.resolve().then(function again() { return Promise.resolve().then(again) }); await new Promise(() => {})',
    'text({ toJSON() { for (;;); } })',
    'store("k", { get a() { for (;;); } })',
    'new Proxy({}, { get() { for (;;); } }).x',
    '[3, 1, 2].sort(() => { for (;;); })',
    '/(a+)+b/.test("a".repeat(40))',
    'eval("for (;;);")',
    'new Function("for (;;);")()',
  ]) {
    const { status, cellId } = await session.exec(source, { yieldTimeMs: 10 })
    expect(status, source).toBe('running')
    expect((await session.terminate(cellId)).status, source).toBe('terminated')
  }
  expect((await session.exec('text("healthy")')).status).toBe('completed')
})

test('4.6 terminate: no catch and no finally of the script runs', async () => {
  /** @type {string[]} */
  const heard = []
  const session = newSession({ onNotify: ({ text }) => void heard.push(text) })
  await session.exec(
    'try { yield_control(); for (;;); } catch { notify("catch") } finally { notify("finally"); store("a", 1) }',
  )
  await session.terminate('1')
  await sleep(10)
  expect(heard).toEqual([])
  expect(session.storedValues()).toEqual({})
})

test('4.6 terminate: one cell of a session does not touch the others', async () => {
  const session = newSession()
  const running = session.exec('await new Promise((r) => setTimeout(r, 40)); text("done")')
  await session.exec(`yield_control(); ${FOREVER}`)
  await session.terminate('2')
  expect(await running).toMatchObject({ status: 'completed', content: [{ text: 'done' }] })
})

test('4.6 terminate: of many at once one is served', async () => {
  const { session, call } = await yielded()
  const attempts = Array.from({ length: 10 }, () => outcome(session.terminate('1')))
  call.resolve()
  const kinds = (await Promise.all(attempts)).map(({ value, error }) => error?.code ?? value.status)
  expect(kinds.filter((kind) => kind === 'terminated')).toHaveLength(1)
  expect(kinds.every((kind) => ['terminated', 'CELL_TERMINATING', 'missing'].includes(kind))).toBe(true)
})

test('4.6 the cell is out of activeCells when its end is told', async () => {
  const session = newSession()
  for (const source of ['1', 'throw 1', 'exit()']) {
    const seen = session.exec(source).then(() => session.activeCells)
    expect(await seen).toEqual([])
  }
  await session.exec(`yield_control(); ${FOREVER}`)
  expect(await session.terminate('4').then(() => session.activeCells)).toEqual([])
})

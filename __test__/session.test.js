// §4.1 and §4.2: the session, its cells and their ids.

import { expect, test } from 'vitest'
import { Session } from '../js/index.js'
import { expectFault, FOREVER, gate, newSession, outcome, texts, until } from './support/lifecycle-helpers.js'

test('4.1 results: a completed cell has its id, content and usage, and nothing else', async () => {
  const tools = { ok: { execute: () => 1 }, bad: { execute: () => Promise.reject(new Error('no')) } }
  const result = /** @type {any} */ (
    await newSession({ tools }).exec('text(await tools.ok({})); await tools.bad({}).catch(() => {})')
  )
  expect(Object.keys(result).sort()).toEqual(['cellId', 'content', 'status', 'usage'])
  expect(result).toMatchObject({
    status: 'completed',
    cellId: '1',
    content: [{ type: 'text', text: '1' }],
    usage: { toolCalls: 2, toolErrors: 1 },
  })
  expect(Object.keys(result.usage).sort()).toEqual([
    'cpuMs',
    'peakHeapBytes',
    'toolCalls',
    'toolErrors',
    'wallMs',
  ])
  expect(result.usage.cpuMs).toBeGreaterThan(0)
  expect(result.usage.wallMs).toBeGreaterThanOrEqual(result.usage.cpuMs * 0.5)
  expect(result.usage.peakHeapBytes).toBeGreaterThan(1_000)
})

test('4.1 usage: it is that of the whole life of the cell so far, and never shrinks', async () => {
  const session = newSession({ tools: { t: { execute: () => 1 } } })
  const results = [
    await session.exec(
      'await tools.t({}); yield_control(); await tools.t({}); await new Promise((r) => setTimeout(r, 30))',
    ),
  ]
  results.push(await session.wait('1'))
  const [first, last] = results.map((result) => /** @type {any} */ (result).usage)
  expect(first.toolCalls).toBe(1)
  expect(last.toolCalls).toBe(2)
  for (const key of ['cpuMs', 'wallMs', 'peakHeapBytes']) expect(last[key]).toBeGreaterThanOrEqual(first[key])
  expect(last.wallMs).toBeGreaterThanOrEqual(29)
})

test('4.1 usage: a cell never computed for longer than it lived', async () => {
  const session = newSession()
  for (let round = 0; round < 500; round += 1) {
    const { usage } = /** @type {any} */ (await session.exec('for (let i = 0; i < 1e5; i += 1);'))
    expect(usage.wallMs).toBeGreaterThanOrEqual(usage.cpuMs)
  }
})

test('4.1 usage: aborted tool calls count as errors', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const running = session.exec('tools.tool({}); tools.tool({}); yield_control(); await new Promise(() => {})')
  await until(() => tool.calls.length === 2)
  await running
  const stopped = session.terminate('1')
  for (const { resolve } of tool.calls) resolve()
  expect(await stopped).toMatchObject({ status: 'terminated', usage: { toolCalls: 2, toolErrors: 2 } })
})

test('4.1 exec never rejects for a fault of the script', async () => {
  const session = newSession()
  for (const source of ['throw 1', '}{', 'import "fs"', 'tools.gone({})', 'await Promise.reject(null)']) {
    expect((await session.exec(source)).status, source).toBe('failed')
  }
})

test('4.2 ids: decimal strings from 1 on, for each session, never used again', async () => {
  const [one, other] = [newSession(), newSession()]
  for (const id of ['1', '2', '3']) expect((await one.exec('1')).cellId).toBe(id)
  expect((await other.exec('1')).cellId).toBe('1')
  const cells = await Promise.all([one.exec('1'), one.exec('throw 1'), one.exec('exit()')])
  expect(cells.map(({ cellId }) => cellId)).toEqual(['4', '5', '6'])
})

test('4.2 ids: bad source and a session that is full use up no id that a cell had', async () => {
  const session = newSession({ limits: { activeCells: 1 } })
  await outcome(session.exec(''))
  const { cellId } = await session.exec(`yield_control(); ${FOREVER}`)
  await outcome(session.exec('1'))
  await session.terminate(cellId)
  const next = await session.exec('1')
  expect(Number(next.cellId)).toBeGreaterThan(Number(cellId))
})

test('4.2 a cell of one session is missing in another', async () => {
  const [one, other] = [newSession(), newSession()]
  await one.exec(`yield_control(); ${FOREVER}`)
  expect(await other.wait('1')).toEqual({ status: 'missing', cellId: '1' })
  expect(await other.terminate('1')).toEqual({ status: 'missing', cellId: '1' })
  expect(one.activeCells).toEqual(['1'])
})

test('4.2 wait and terminate on an id that never was are `missing`, whatever the id', async () => {
  const session = newSession()
  for (const id of ['1', '0', '01', '-1', ' 1', '', 'x', '99999999999999999999', '1\u0000', '__proto__']) {
    const missing = { status: 'missing', cellId: id }
    expect(await session.wait(id)).toEqual(missing)
    expect(await session.terminate(id)).toEqual(missing)
    expect(await session.waitToPending(id)).toEqual(missing)
  }
})

test('4.2 activeCells: the ids of the cells alive, in a copy; also of one whose end nobody has seen', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  expect(session.activeCells).toEqual([])
  for (let count = 0; count < 3; count += 1) await session.exec('yield_control(); await tools.tool({})')
  expect([...session.activeCells].sort()).toEqual(['1', '2', '3'])
  session.activeCells.push('4')
  expect(session.activeCells).toHaveLength(3)
  await until(() => tool.calls.length === 3)
  tool.calls[0].resolve()
  expect((await session.wait(tool.calls[0].call.cellId)).status).toBe('completed')
  expect(session.activeCells).toHaveLength(2)
  expect(session.activeCells).not.toContain(tool.calls[0].call.cellId)
})

test('4.1 tools: those of an exec stand in for those of the session, in ALL_TOOLS, too', async () => {
  const session = newSession({ tools: { a: { execute: () => 'a' } } })
  const source = 'text(Object.keys(tools)); text(ALL_TOOLS.map(({ name }) => name))'
  expect(texts(await session.exec(source, { tools: { b: { execute: () => 'b' } } }))).toEqual([
    '["b"]',
    '["b"]',
  ])
  expect(texts(await session.exec(source, { tools: {} }))).toEqual(['[]', '[]'])
  expect(texts(await session.exec(source))).toEqual(['["a"]', '["a"]'])
})

test('4.1 callId: the id that notifications carry, by default that of the cell', async () => {
  /** @type {any[]} */
  const heard = []
  const session = newSession({ onNotify: (notification) => void heard.push(notification) })
  await session.exec('notify("a")')
  await session.exec('notify("b")', { callId: 'mine' })
  expect(heard).toEqual([
    { cellId: '1', callId: '1', text: 'a' },
    { cellId: '2', callId: 'mine', text: 'b' },
  ])
})

test('4.8 activeCells: one cell more is TOO_MANY_CELLS, and when one has ended there is room again', async () => {
  const session = newSession({ limits: { activeCells: 2 } })
  for (let count = 0; count < 2; count += 1) await session.exec(`yield_control(); ${FOREVER}`)
  for (const attempt of [() => session.exec('1'), () => session.execToPending('1')]) {
    await expectFault(attempt, 'TOO_MANY_CELLS', /\b2\b.*limits\.activeCells|limits\.activeCells.*\b2\b/)
  }
  const [first] = session.activeCells
  await session.terminate(first)
  expect((await session.exec('1')).status).toBe('completed')
  expect((await session.exec('1')).status).toBe('completed')
  expect(session.activeCells).toHaveLength(1)
})

test('4.8 activeCells: it recovers however the cells end, again and again', async () => {
  const session = newSession({ limits: { activeCells: 4, wallMs: 60_000 } })
  const ends = ['1', 'throw 1', 'exit()', '}{']
  for (let round = 0; round < 20; round += 1) {
    const results = await Promise.all(ends.map((source) => session.exec(source)))
    expect(results.map(({ status }) => status)).toEqual(['completed', 'failed', 'completed', 'failed'])
  }
  expect(session.activeCells).toEqual([])
})

test('4.8 activeCells: a cell whose end nobody has collected counts', async () => {
  const session = newSession({ limits: { activeCells: 1 } })
  const { cellId } = await session.exec('yield_control(); await new Promise((r) => setTimeout(r, 1))')
  expect((await outcome(session.exec('1'))).error).toMatchObject({ code: 'TOO_MANY_CELLS' })
  await session.wait(cellId)
  expect((await session.exec('1')).status).toBe('completed')
})

test('4.1 a session without options works, as does one that never ran a cell', async () => {
  const session = new Session()
  expect((await session.exec('1')).status).toBe('completed')
  await session.close()
  await new Session().close()
})

test('4.1 hundreds of cells of one session run at once', async () => {
  const session = newSession({ limits: { activeCells: 300 }, tools: { echo: { execute: (input) => input } } })
  const results = await Promise.all(
    Array.from({ length: 300 }, (_, index) => session.exec(`text((await tools.echo({ n: ${index} })).n)`)),
  )
  expect(results.map((result) => texts(result)[0])).toEqual(results.map((_, index) => String(index)))
})

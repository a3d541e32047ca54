// §4.3, §4.4 and §2.8: how a cell yields.

import { expect, test } from 'vitest'
import { allResults, FOREVER, gate, newSession, sleep, texts, until } from './support/lifecycle-helpers.js'

const LATER = 'await new Promise((r) => setTimeout(r, 300))'

test('4.4 yield: after yieldTimeMs it answers `running` with what was emitted so far, and wait resumes', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const first = await session.exec('text("a"); await tools.tool({}); text("b")', { yieldTimeMs: 30 })
  await until(() => tool.calls.length === 1)
  const second = await session.wait('1', { yieldTimeMs: 5 })
  for (const result of [first, second]) expect(result).toMatchObject({ status: 'running', cellId: '1' })
  expect([first, second].flatMap(texts)).toEqual(['a'])
  tool.calls[0].resolve()
  expect(await session.wait('1')).toMatchObject({ status: 'completed', content: [{ text: 'b' }] })
})

test('4.4 yield: a script that is done in time never yields', async () => {
  expect((await newSession().exec('text(1)', { yieldTimeMs: 60_000 })).status).toBe('completed')
})

test('4.4 yield: Infinity never yields by itself', async () => {
  const session = newSession({ defaultYieldTimeMs: 1 })
  expect((await session.exec(LATER, { yieldTimeMs: Infinity })).status).toBe('completed')
  const { cellId } = await session.exec(`yield_control(); ${LATER}`)
  expect((await session.wait(cellId, { yieldTimeMs: Infinity })).status).toBe('completed')
})

test('4.4 yield: without a time of its own, exec and wait yield after defaultYieldTimeMs', async () => {
  const session = newSession({ defaultYieldTimeMs: 5 })
  const { status, cellId } = await session.exec(FOREVER)
  expect(status).toBe('running')
  expect((await session.wait(cellId)).status).toBe('running')
})

test('4.4 yield: the pragma wins over the default, and the option over the pragma', async () => {
  const session = newSession({ defaultYieldTimeMs: 5 })
  const source = `// @exec: {"yield_time_ms": 600000}\n${LATER}`
  expect((await session.exec(source)).status).toBe('completed')
  expect((await session.exec(source, { yieldTimeMs: 5 })).status).toBe('running')
})

test('4.4 yield: yieldTimeMs of an exec says nothing about later waits', async () => {
  const session = newSession()
  const { cellId } = await session.exec(LATER, { yieldTimeMs: 1 })
  expect((await session.wait(cellId)).status).toBe('completed')
})

test('4.3 yield: maxYieldTimeMs bounds each of them', async () => {
  const session = newSession({ maxYieldTimeMs: 5 })
  const { status, cellId } = await session.exec(FOREVER, { yieldTimeMs: 600_000 })
  expect(status).toBe('running')
  expect((await session.wait(cellId, { yieldTimeMs: Infinity })).status).toBe('running')
  expect((await session.wait(cellId)).status).toBe('running')
})

test('4.3 yield time 0: a cell that is not done answers at once', async () => {
  const session = newSession()
  const { status, cellId } = await session.exec(FOREVER, { yieldTimeMs: 0 })
  expect(status).toBe('running')
  expect((await session.wait(cellId, { yieldTimeMs: 0 })).status).toBe('running')
})

test('4.3 yield time 0: it yields before what the script emits is processed', async () => {
  const session = newSession()
  const answers = []
  for (let round = 0; round < 40; round += 1) {
    const result = await session.exec('for (let i = 0; i < 256; i += 1) text(i)', { yieldTimeMs: 0 })
    answers.push(`${result.status} ${/** @type {any} */ (result).content.length}`)
  }
  expect(new Set(answers)).toEqual(new Set(['running 0']))
})

test('4.4 yield time 0 on wait: the completion of a cell that is done is there at once', async () => {
  const session = newSession()
  const { cellId } = await session.exec('yield_control(); store("done", 1); text("end")')
  await until(() => 'done' in session.storedValues())
  expect(await session.wait(cellId, { yieldTimeMs: 0 })).toMatchObject({
    status: 'completed',
    content: [{ text: 'end' }],
  })
})

test('2.8 yield_control: it answers the observer with everything emitted so far, and the script goes on', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const first = await session.exec(
    'text("a"); text("b"); yield_control(); text("c"); await tools.tool({}); text("d")',
  )
  expect(first.status).toBe('running')
  expect(texts(first)).toEqual(['a', 'b'])
  await until(() => tool.calls.length === 1)
  tool.calls[0].resolve()
  const last = await session.wait(first.cellId)
  expect(last.status).toBe('completed')
  expect(texts(last)).toEqual(['c', 'd'])
})

test('2.8 yield_control: each wait is answered by one', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const first = await session.exec(
    'for (const n of [1, 2, 3]) { text(n); yield_control(); await tools.tool({}) }',
  )
  const seen = [texts(first)]
  for (const _ of [2, 3]) {
    const waiting = session.wait('1')
    await until(() => tool.calls.length === seen.length)
    tool.calls[seen.length - 1].resolve()
    const result = await waiting
    expect(result.status).toBe('running')
    seen.push(texts(result))
  }
  expect(seen).toEqual([['1'], ['2'], ['3']])
})

test('2.8 yield_control: without an observer it has no effect, and is not remembered', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const { cellId } = await session.exec(
    'yield_control(); yield_control(); text("a"); yield_control(); await tools.tool({}); text("b")',
  )
  await until(() => tool.calls.length === 1)
  tool.calls[0].resolve()
  const next = await session.wait(cellId)
  expect(next.status).toBe('completed')
  expect(texts(next)).toEqual(['a', 'b'])
})

test('2.8 yield_control: it returns undefined at once', async () => {
  const session = newSession()
  const results = await allResults(session, await session.exec('text(String(yield_control()))'))
  expect(results.flatMap(texts)).toEqual(['undefined'])
})

test('4.4 output: none is lost or told twice, and it keeps its order, however often the cell yields', async () => {
  const session = newSession()
  const source = `for (let i = 0; i < 2000; i += 1) {
    text(i)
    if (i % 70 === 0) yield_control()
    if (i % 50 === 0) await new Promise((r) => setTimeout(r, 1))
  }`
  const results = await allResults(session, await session.exec(source, { yieldTimeMs: 3 }), {
    yieldTimeMs: 3,
  })
  expect(results.length).toBeGreaterThan(3)
  expect(results.flatMap(texts)).toEqual(Array.from({ length: 2000 }, (_, index) => String(index)))
})

test('4.4 output: that of cells that run at the same time does not mix', async () => {
  const session = newSession()
  const source = (/** @type {string} */ name) =>
    `for (let i = 0; i < 50; i += 1) { text("${name}" + i); await new Promise((r) => setTimeout(r)) }`
  const names = ['a', 'b', 'c', 'd']
  const runs = await Promise.all(
    names.map(async (name) =>
      allResults(session, await session.exec(source(name), { yieldTimeMs: 4 }), { yieldTimeMs: 4 }),
    ),
  )
  for (const [index, results] of runs.entries()) {
    expect(results.flatMap(texts)).toEqual(
      Array.from({ length: 50 }, (_, number) => `${names[index]}${number}`),
    )
  }
})

test('4.4 output: a cell goes on while nobody watches, and its output waits', async () => {
  const session = newSession()
  await session.exec(
    'yield_control(); text("a"); await new Promise((r) => setTimeout(r, 5)); text("b"); store("done", 1)',
  )
  await until(() => 'done' in session.storedValues())
  const result = await session.wait('1')
  expect(result.status).toBe('completed')
  expect(texts(result)).toEqual(['a', 'b'])
})

test('4.3 priority: a script that floods its output still yields, and is still terminated', async () => {
  const session = newSession()
  // Not as fast as it can: what nobody collects takes memory.
  const source = 'for (;;) { for (let i = 0; i < 20_000; i += 1); text("x") }'
  const first = await session.exec(source, { yieldTimeMs: 10 })
  expect(first.status).toBe('running')
  expect((await session.wait(first.cellId, { yieldTimeMs: 10 })).status).toBe('running')
  expect((await session.terminate(first.cellId)).status).toBe('terminated')
})

test('4.3 priority: a script that floods tool calls and notifications still yields, and is still terminated', async () => {
  const session = newSession({ tools: { t: { execute: () => 1 } }, onNotify() {} })
  const first = await session.exec('for (;;) { notify("n"); await tools.t({}) }', { yieldTimeMs: 10 })
  expect(first.status).toBe('running')
  expect((await session.terminate(first.cellId)).status).toBe('terminated')
})

test('4.3 the yield time counts from when the script runs, for a later observer from when it came', async () => {
  const session = newSession()
  await session.exec(`yield_control(); ${FOREVER}`)
  await sleep(60)
  let answered = false
  const waiting = session.wait('1', { yieldTimeMs: 600_000 }).then(() => {
    answered = true
  })
  await sleep(20)
  expect(answered).toBe(false)
  await session.terminate('1')
  await waiting
})

// §4.4: who watches a cell, and what becomes of what nobody saw.

import { expect, test } from 'vitest'
import { expectFault, FOREVER, gate, newSession, outcome, texts, until } from './support/lifecycle-helpers.js'

/** A session with a cell that yielded and now waits for its tool. */
async function yielded(source = 'yield_control(); text("a"); await tools.tool({}); text("b")') {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  await session.exec(source)
  await until(() => tool.calls.length === 1)
  return { session, finish: () => tool.calls[0].resolve() }
}

test('4.4 observation: a second observer is refused with CELL_BUSY and the first is not disturbed', async () => {
  const { session, finish } = await yielded()
  const first = session.wait('1')
  await expectFault(session.wait('1'), 'CELL_BUSY', 'exec cell 1 already has an active observer')
  await expectFault(session.waitToPending('1'), 'CELL_BUSY', 'exec cell 1 already has an active observer')
  finish()
  const result = await first
  expect(result.status).toBe('completed')
  expect(texts(result)).toEqual(['a', 'b'])
})

test('4.4 observation: exec itself is the first observer', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const running = session.exec('await tools.tool({}); text("end")')
  await until(() => tool.calls.length === 1)
  await expectFault(session.wait('1'), 'CELL_BUSY', 'exec cell 1 already has an active observer')
  tool.calls[0].resolve()
  expect(texts(await running)).toEqual(['end'])
})

test('4.4 observation: of many at once one watches, and each other one is refused', async () => {
  const { session, finish } = await yielded()
  const waits = Array.from({ length: 20 }, () => outcome(session.wait('1')))
  const refused = await Promise.all(waits.slice(1))
  for (const { error } of refused) expect(error).toMatchObject({ code: 'CELL_BUSY' })
  finish()
  expect((await waits[0]).value).toMatchObject({ status: 'completed' })
})

test('4.4 observation: after an answer there is room for the next observer', async () => {
  const { session, finish } = await yielded()
  for (let round = 0; round < 10; round += 1) {
    expect((await session.wait('1', { yieldTimeMs: 0 })).status).toBe('running')
  }
  finish()
  expect((await session.wait('1')).status).toBe('completed')
})

test('4.4 completion: it is delivered exactly once, then the cell is `missing`', async () => {
  const { session, finish } = await yielded()
  finish()
  expect((await session.wait('1')).status).toBe('completed')
  for (let round = 0; round < 3; round += 1) {
    expect(await session.wait('1')).toEqual({ status: 'missing', cellId: '1' })
  }
  expect(await session.terminate('1')).toEqual({ status: 'missing', cellId: '1' })
  expect(await session.waitToPending('1')).toEqual({ status: 'missing', cellId: '1' })
})

test('4.4 completion: of two waits at the end of a cell one has it, the other is refused or finds nothing', async () => {
  for (let round = 0; round < 30; round += 1) {
    const session = newSession()
    await session.exec('yield_control(); text("end")')
    const answers = await Promise.all([outcome(session.wait('1')), outcome(session.wait('1'))])
    const kinds = answers.map(({ value, error }) => error?.code ?? value.status)
    expect(kinds.filter((kind) => kind === 'completed')).toHaveLength(1)
    expect(kinds.every((kind) => ['completed', 'CELL_BUSY', 'missing'].includes(kind))).toBe(true)
  }
})

test('4.4 completion: that of an exec is delivered by its promise alone', async () => {
  const session = newSession()
  expect((await session.exec('1')).status).toBe('completed')
  expect((await session.wait('1')).status).toBe('missing')
})

test('4.4 completion: a failure waits for its observer as well, with the output before it', async () => {
  const { session, finish } = await yielded(
    'yield_control(); text("a"); await tools.tool({}); throw new Error("late")',
  )
  finish()
  await until(async () => session.activeCells.length === 1)
  const result = await session.wait('1')
  expect(result).toMatchObject({ status: 'failed', error: { code: 'SCRIPT_ERROR', message: 'late' } })
  expect(texts(result)).toEqual(['a'])
  expect((await session.wait('1')).status).toBe('missing')
})

test('4.4 completion: one that nobody claimed has everything since the last answer', async () => {
  const session = newSession()
  const first = await session.exec(
    'text("a"); yield_control(); for (const n of [1, 2, 3]) text(n); store("done", 1)',
  )
  expect(texts(first)).toEqual(['a'])
  await until(() => 'done' in session.storedValues())
  expect(texts(await session.wait('1'))).toEqual(['1', '2', '3'])
})

test('4.4 an aborted wait rejects with the reason, and gives back what nobody saw, in front of what is newer', async () => {
  const { session, finish } = await yielded()
  for (let round = 0; round < 5; round += 1) {
    const leave = new AbortController()
    const waiting = outcome(session.wait('1', { signal: leave.signal }))
    leave.abort(new Error(`round ${round}`))
    expect((await waiting).error).toBe(leave.signal.reason)
  }
  finish()
  const result = await session.wait('1')
  expect(result.status).toBe('completed')
  expect(texts(result)).toEqual(['a', 'b'])
})

test('4.4 an aborted wait makes room: the next observer is not refused', async () => {
  const { session } = await yielded()
  const leave = new AbortController()
  const aborted = outcome(session.wait('1', { signal: leave.signal }))
  leave.abort()
  expect((await session.wait('1', { yieldTimeMs: 1 })).status).toBe('running')
  expect((await aborted).error).toMatchObject({ name: 'AbortError' })
})

test('4.4 an aborted wait loses no completion, at whatever moment it is aborted', async () => {
  for (let round = 0; round < 60; round += 1) {
    const session = newSession()
    await session.exec('yield_control(); text("a"); await new Promise((r) => setTimeout(r, 2)); text("b")')
    const leave = new AbortController()
    const waiting = outcome(session.wait('1', { signal: leave.signal }))
    const timer = setTimeout(() => leave.abort('left'), round % 6)
    const { value, error } = await waiting
    clearTimeout(timer)
    if (error === undefined) {
      expect(texts(value)).toEqual(['a', 'b'])
    } else {
      expect(error).toBe('left')
      expect(texts(await session.wait('1'))).toEqual(['a', 'b'])
    }
    expect((await session.wait('1')).status).toBe('missing')
    await session.close()
  }
})

test('4.4 wait on a cell that is being terminated gets the same end as who terminates it', async () => {
  const { session, finish } = await yielded(`yield_control(); tools.tool({}); ${FOREVER}`)
  const stopped = session.terminate('1')
  const waiting = session.wait('1')
  finish()
  const [end, seen] = await Promise.all([stopped, outcome(waiting)])
  expect(end.status).toBe('terminated')
  const { status, content } = /** @type {any} */ (end)
  expect(seen.value).toMatchObject({ status, content })
})

// §1.3: what the model gives to wait, and the abort signals of both tools.

import { expect, test } from 'vitest'
import { expectFault, FOREVER, gate, newSession, outcome, texts, until } from './support/lifecycle-helpers.js'

/** A session with one cell that waits for the tool. */
async function withYieldedCell() {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const tools = session.modelTools()
  const { cellId } = await tools.exec.run('const p = tools.tool({}); yield_control(); await p; text("end")')
  await until(() => tool.calls.length === 1)
  return { session, ...tools, cellId: String(cellId), finish: () => tool.calls[0].resolve() }
}

test('1.3 wait: a tool with JSON input, whose schema names its four arguments and no other', () => {
  const { wait } = newSession().modelTools()
  expect(wait.name).toBe('wait')
  expect(wait.grammar).toBeUndefined()
  expect(wait.inputSchema).toMatchObject({
    type: 'object',
    properties: {
      cell_id: { type: 'string' },
      yield_time_ms: { type: 'number' },
      max_tokens: { type: 'number' },
      terminate: { type: 'boolean' },
    },
    required: ['cell_id'],
    additionalProperties: false,
  })
})

test('1.3 wait: the input is an object or its JSON text', async () => {
  const { wait, cellId, finish } = await withYieldedCell()
  expect((await wait.run({ cell_id: cellId, yield_time_ms: 1 })).cellId).toBe(cellId)
  expect((await wait.run(`{"cell_id": "${cellId}", "yield_time_ms": 1}`)).cellId).toBe(cellId)
  finish()
  expect(texts(await wait.run(`{"cell_id": "${cellId}"}`)).slice(1)).toEqual(['end'])
})

test('1.3 wait: null for an argument is absent, unknown members are tolerated, and a number does for an id', async () => {
  const { wait, cellId, finish } = await withYieldedCell()
  finish()
  const input = { cell_id: Number(cellId), yield_time_ms: null, max_tokens: null, terminate: null, why: 'so' }
  expect(texts(await wait.run(input)).slice(1)).toEqual(['end'])
})

test('1.3 wait: what is no JSON object is refused', async () => {
  const { wait } = newSession().modelTools()
  for (const input of [undefined, null, 1, true, [], '[]', '1', 'null']) {
    await expectFault(wait.run(input), 'INVALID_INPUT', 'wait expects JSON arguments')
  }
})

test('1.3 wait: bad JSON and wrong types are refused with `failed to parse function arguments`', async () => {
  const { wait } = newSession().modelTools()
  for (const [input, message] of [
    ['{', /./],
    ['cell 1', /./],
    [{}, /`cell_id`/],
    [{ cell_id: null }, /`cell_id`/],
    [{ cell_id: ['1'] }, /`cell_id`/],
    [{ cell_id: '1', yield_time_ms: '10' }, /`yield_time_ms` must be a non-negative number; got "10"/],
    [{ cell_id: '1', yield_time_ms: -1 }, /`yield_time_ms` must be a non-negative number; got -1/],
    [{ cell_id: '1', max_tokens: '10' }, /`max_tokens` must be a non-negative number; got "10"/],
    [{ cell_id: '1', terminate: 'yes' }, /`terminate` must be a boolean; got "yes"/],
  ]) {
    const refused = outcome(wait.run(input))
    await expectFault(wait.run(input), 'INVALID_INPUT', /^failed to parse function arguments: ./)
    expect((await refused).error.message).toMatch(message)
  }
})

test('1.3 wait: a tiny yield time is not refused', async () => {
  const { wait, cellId } = await withYieldedCell()
  for (const time of [0, 0.5, 1]) {
    expect((await wait.run({ cell_id: cellId, yield_time_ms: time })).cellId).toBe(cellId)
  }
})

test('1.3 wait: terminate: true ignores yield_time_ms, and answers when the cell has really stopped', async () => {
  const { session, wait, cellId, finish } = await withYieldedCell()
  let answered = false
  const stopped = wait.run({ cell_id: cellId, yield_time_ms: 0, terminate: true }).then((output) => {
    answered = true
    return output
  })
  // The tool that is under way holds it up.
  await session.exec('await new Promise((r) => setTimeout(r, 30))')
  expect(answered).toBe(false)
  finish()
  expect(texts(await stopped)[0]).toMatch(/^Script terminated\n/)
  expect(session.activeCells).toEqual([])
})

test('1.3 wait: terminate: false waits', async () => {
  const { wait, cellId, finish } = await withYieldedCell()
  finish()
  const output = await wait.run({ cell_id: cellId, terminate: false })
  expect(texts(output)[0]).toMatch(/^Script completed\n/)
})

test('1.7 preempt: yieldSignal makes exec and wait answer at once, and the cell goes on', async () => {
  const session = newSession()
  const { exec, wait } = session.modelTools()
  const first = new AbortController()
  const running = exec.run(`text(1); ${FOREVER}`, { yieldSignal: first.signal })
  first.abort()
  const { cellId } = await running
  expect(cellId).toBe('1')
  const second = new AbortController()
  const waiting = wait.run({ cell_id: cellId }, { yieldSignal: second.signal })
  second.abort()
  expect((await waiting).cellId).toBe('1')
  expect(session.activeCells).toEqual(['1'])
})

test('1.7 abort: signal terminates the cell of exec, and ends the waiting of wait', async () => {
  const session = newSession()
  const { exec, wait } = session.modelTools()
  const stop = new AbortController()
  const execution = outcome(exec.run(FOREVER, { signal: stop.signal }))
  stop.abort(new Error('enough'))
  expect((await execution).error).toBe(stop.signal.reason)
  expect(session.activeCells).toEqual([])

  const { cellId } = await exec.run(`yield_control(); ${FOREVER}`)
  const leave = new AbortController()
  const waiting = outcome(wait.run({ cell_id: cellId }, { signal: leave.signal }))
  leave.abort(new Error('later'))
  expect((await waiting).error).toBe(leave.signal.reason)
  expect(session.activeCells).toEqual([cellId])
})

test('1.7 callId: the notifications of a cell carry that of the call', async () => {
  /** @type {any[]} */
  const notifications = []
  const session = newSession({ onNotify: (notification) => void notifications.push(notification) })
  await session.modelTools().exec.run('notify("hi")', { callId: 'call-7' })
  expect(notifications).toEqual([{ cellId: '1', callId: 'call-7', text: 'hi' }])
})

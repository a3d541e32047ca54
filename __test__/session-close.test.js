// §4.6: the end of a session.

import { expect, test } from 'vitest'
import { Session } from '../js/index.js'
import { expectFault, FOREVER, gate, newSession, outcome, sleep, until } from './support/lifecycle-helpers.js'

test('4.6 close: it is idempotent, also while it is under way', async () => {
  const session = newSession()
  await session.exec(`yield_control(); ${FOREVER}`)
  await Promise.all([session.close(), session.close()])
  expect(await session.close()).toBeUndefined()
})

test('4.6 close: afterwards, and from its beginning on, every call rejects with SESSION_CLOSED', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  await session.exec('const p = tools.tool({}); yield_control(); await p')
  await until(() => tool.calls.length === 1)
  const tools = session.modelTools()
  const closing = session.close()
  const expectClosed = async () => {
    for (const call of [
      () => session.exec('1'),
      () => session.wait('1'),
      () => session.terminate('1'),
      () => session.execToPending('1'),
      () => session.waitToPending('1'),
      () => tools.exec.run('1'),
      () => tools.wait.run({ cell_id: '1' }),
      () => tools.wait.run({ cell_id: '1', terminate: true }),
    ]) {
      await expectFault(call, 'SESSION_CLOSED', 'the session is closed')
    }
  }
  await expectClosed()
  tool.calls[0].resolve()
  await closing
  await expectClosed()
  expect(session.activeCells).toEqual([])
})

test('4.6 close: it terminates every cell, and every promise under way settles', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  const pending = [
    session.exec('while (true) {}'),
    session.exec(FOREVER),
    session.exec('text("seen"); await tools.tool({})'),
    session.exec('setTimeout(() => {}, 1e9); await new Promise(() => {})'),
  ]
  await until(() => tool.calls.length === 1)
  const closing = session.close()
  await until(() => tool.calls[0].call.signal.aborted)
  tool.calls[0].resolve()
  await closing
  const results = await Promise.all(pending)
  expect(results.map(({ status }) => status)).toEqual(Array(4).fill('terminated'))
  expect(results[2]).toMatchObject({ content: [{ text: 'seen' }] })
})

test('4.6 close: it waits for aborted tools to settle', async () => {
  const tool = gate()
  const session = newSession({ tools: { tool } })
  await session.exec('const p = tools.tool({}); yield_control(); await p')
  let closed = false
  const closing = session.close().then(() => {
    closed = true
  })
  await until(() => tool.calls[0].call.signal.aborted)
  await sleep(30)
  expect(closed).toBe(false)
  tool.calls[0].resolve()
  await closing
})

test('4.6 close: a tool that never settles holds it up for toolGraceMs only', async () => {
  const session = newSession({
    tools: { stuck: { execute: () => new Promise(() => {}) } },
    limits: { toolGraceMs: 20 },
  })
  const running = session.exec('await tools.stuck({})')
  await sleep(5)
  await session.close()
  expect((await running).status).toBe('terminated')
})

test('4.6 close: what a cell had stored is not committed, and what was committed can still be read', async () => {
  const session = newSession()
  await session.exec('store("kept", 1)')
  await session.exec(`store("lost", 2); yield_control(); ${FOREVER}`)
  await session.close()
  expect(session.storedValues()).toEqual({ kept: 1 })
})

test('4.6 close: a completion that nobody has seen is gone with it', async () => {
  const session = newSession()
  await session.exec('yield_control(); await new Promise((r) => setTimeout(r, 1)); store("a", 1)')
  await until(() => 'a' in session.storedValues())
  await session.close()
  await expectFault(session.wait('1'), 'SESSION_CLOSED', /closed/)
})

test('4.6 close: no notification leaves a cell after it', async () => {
  let heard = 0
  const session = newSession({
    onNotify() {
      heard += 1
    },
  })
  await session.exec('yield_control(); for (;;) { notify("again"); await new Promise((r) => setTimeout(r)) }')
  await until(() => heard > 3)
  await session.close()
  const before = heard
  await sleep(30)
  expect(heard).toBe(before)
})

test('4.6 close: at the very moment of an exec, that settles all the same', async () => {
  for (let round = 0; round < 30; round += 1) {
    const session = new Session()
    const executions = [
      outcome(session.exec('text(1)')),
      outcome(session.exec(FOREVER, { yieldTimeMs: Infinity })),
    ]
    const closing = session.close()
    for (const { value, error } of await Promise.all(executions)) {
      if (error) expect(error).toMatchObject({ code: 'SESSION_CLOSED' })
      else expect(['completed', 'terminated']).toContain(value.status)
    }
    await closing
  }
})

test('4.6 close: Symbol.asyncDispose is the same', async () => {
  const session = new Session()
  await session.exec(`yield_control(); ${FOREVER}`, { yieldTimeMs: Infinity })
  expect(await session[Symbol.asyncDispose]()).toBeUndefined()
  expect(session.activeCells).toEqual([])
  await expectFault(session.exec('1'), 'SESSION_CLOSED', 'the session is closed')
  await session.close()
})

test('4.6 close: one session does not touch another', async () => {
  const [one, other] = [newSession(), newSession()]
  const running = other.exec('await new Promise((r) => setTimeout(r, 20)); text("done")')
  await one.exec(`yield_control(); ${FOREVER}`)
  await one.close()
  expect(await running).toMatchObject({ status: 'completed', content: [{ text: 'done' }] })
})

import { expect, test } from 'vitest'
import { deferred, openSession, texts, textsOf } from './support/cell.js'

const text = (...all) => all.map((one) => ({ type: 'text', text: one }))

test('2.8 yield_control: it returns undefined, and the script goes on', async () => {
  const session = openSession()
  const { cellId } = await session.exec("text(typeof yield_control()); text('on')")
  const last = await session.wait(cellId)
  expect(last.status).toBe('completed')
  expect(last.content).toContainEqual({ type: 'text', text: 'on' })
})

test('2.8 yield_control: whoever watches the cell is answered with everything emitted so far', async () => {
  const go = deferred()
  const session = openSession({ tools: { gate: { execute: () => go.promise } } })
  const source = `text('a'); text('b'); yield_control(); await tools.gate(); text('c')`
  const first = await session.exec(source)
  expect(first).toMatchObject({ status: 'running', content: text('a', 'b') })
  go.resolve()
  expect(await session.wait(first.cellId)).toMatchObject({ status: 'completed', content: text('c') })
})

test('2.8 yield_control: a wait is answered, too', async () => {
  const gates = [deferred(), deferred()]
  const session = openSession({ tools: { gate: { execute: ({ n }) => gates[n].promise } } })
  const source = `yield_control(); await tools.gate({ n: 0 }); text('a'); yield_control()
    await tools.gate({ n: 1 }); text('b')`
  const { cellId } = await session.exec(source)
  const waiting = session.wait(cellId)
  gates[0].resolve()
  expect(await waiting).toMatchObject({ status: 'running', content: text('a') })
  gates[1].resolve()
  expect(await session.wait(cellId)).toMatchObject({ status: 'completed', content: text('b') })
})

test('2.8 yield_control: while nobody watches it has no effect and is not remembered', async () => {
  const gate = deferred()
  const reached = deferred()
  const session = openSession({
    tools: { gate: { execute: () => gate.promise }, reached: { execute: () => reached.resolve() } },
  })
  const source = `yield_control(); yield_control(); text('a'); yield_control(); await tools.reached()
    await tools.gate(); text('b')`
  const { cellId } = await session.exec(source)
  await reached.promise
  const waiting = session.wait(cellId)
  gate.resolve()
  expect(await waiting).toMatchObject({ status: 'completed', content: text('a', 'b') })
})

test('2.8 yield_control: it never ends an observation in pending mode', async () => {
  const session = openSession()
  const result = await session.execToPending("text('a'); yield_control(); text('b')")
  expect(textsOf(result)).toEqual(['a', 'b'])
})

test('2.8 yield_control: after exit it has no effect', async () => {
  expect(await texts("text('a'); text({ toJSON() { exit(); yield_control() } })")).toEqual(['a'])
})

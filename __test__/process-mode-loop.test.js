// The program's own loop reads what children say, if it is Node's. Whatever the loop does, nothing depends on it alone.

import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { childEvents, childOf, isThere, openProcessSession, statusOf } from './support/child-processes.js'
import { sleep } from './support/lifecycle-helpers.js'

/** Holds the loop up until that is so. @param {() => boolean} condition */
function holdUpUntil(condition) {
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  const end = performance.now() + 20_000
  while (!condition() && performance.now() < end) Atomics.wait(nothing, 0, 0, 20)
}

/** @param {number} milliseconds */
function holdUpFor(milliseconds) {
  const end = performance.now() + milliseconds
  holdUpUntil(() => performance.now() >= end)
}

/**
 * How often a thread of this process has slept.
 *
 * @param {string} name
 */
function timesAwoken(name) {
  const threads = readdirSync('/proc/self/task').map(Number)
  const thread = threads.find((id) => statusOf(id, 'Name') === name)
  return Number(statusOf(/** @type {number} */ (thread), 'voluntary_ctxt_switches'))
}

describe.runIf(process.platform === 'linux')('isolation: process, and a loop', () => {
  test('that is held up: a script is stopped in time, and is not taken for lost', async () => {
    const session = openProcessSession({ limits: { wallMs: 1_500 } })
    await session.exec('text(1)')
    const answer = session.exec('text(2); while (true);')
    holdUpFor(3_500)
    expect(await answer).toMatchObject({
      status: 'failed',
      error: { code: 'TIME_LIMIT' },
      content: [{ text: '2' }],
    })
  })

  test('that is held up, and a script that says much before it is stopped: nothing of it is lost', async () => {
    const session = openProcessSession({ limits: { wallMs: 1_500, outputBytes: 2 ** 24 } })
    await session.exec('text(1)')
    const answer = session.exec("text('x'.repeat(5e6)); while (true);")
    holdUpFor(3_500)
    const { error, content } = await answer
    expect(error?.code).toBe('TIME_LIMIT')
    expect(content).toMatchObject([{ text: 'x'.repeat(5e6) }])
  })

  test('that is held up for longer than a child may be silent, in a long message: the child is well, the message whole', async () => {
    const events = childEvents()
    const session = openProcessSession()
    await session.exec('text(1)')
    const answer = session.exec(
      "await new Promise((resolve) => setTimeout(resolve, 300)); text('x'.repeat(2 ** 20))",
    )
    holdUpFor(6_000)
    expect(await answer).toMatchObject({ status: 'completed', content: [{ text: 'x'.repeat(2 ** 20) }] })
    expect(events.filter(({ event, lostCells }) => event === 'ended' && lostCells > 0)).toEqual([])
  })

  test('that is held up: a child that is killed is gone before the loop goes on', async () => {
    const session = openProcessSession()
    const pid = await childOf(session)
    const answer = session.exec('await new Promise(() => {})')
    process.kill(pid, 'SIGKILL')
    holdUpUntil(() => !isThere(pid))
    expect(isThere(pid)).toBe(false)
    // It may not have begun; then another child has it.
    await session.close()
    expect((await answer).status).toMatch(/failed|terminated/)
  })

  test('that ends with its worker: its child goes on with a session of another loop', async () => {
    const events = childEvents()
    const session = openProcessSession()
    const pid = await childOf(session)
    await session.close()
    const worker = new Worker(new URL('fixtures/process-worker.mjs', import.meta.url))
    await once(worker, 'message')
    await worker.terminate()
    const other = openProcessSession({ tools: { add: { execute: ({ a, b }) => a + b } } })
    for (let round = 0; round < 20; round++) {
      const { content } = await other.exec(`text(await tools.add({ a: ${round}, b: 1 }))`)
      expect(content).toMatchObject([{ text: String(round + 1) }])
    }
    const ends = events.filter((event) => event.event === 'ended' && event.pid === pid)
    expect(ends.filter(({ reason }) => reason !== 'it was no longer wanted')).toEqual([])
  })

  test('that a script floods with what changes nothing has time for everything else', async () => {
    const session = openProcessSession()
    const { cellId } = await session.exec('for (;;) yield_control()')
    const before = performance.eventLoopUtilization()
    await sleep(1_000)
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5)
    await session.terminate(cellId)
  })

  test('that a script floods: another one of its child, which can not be stopped, is killed all the same', async () => {
    const session = openProcessSession()
    const flood = await session.exec('for (;;) yield_control()')
    const stuck = await session.exec('Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)', {
      yieldTimeMs: 200,
    })
    expect((await session.terminate(stuck.cellId)).status).not.toBe('running')
    let end = await session.wait(flood.cellId)
    while (end.status === 'running') end = await session.wait(flood.cellId)
    expect(end.error?.code).toBe('ENGINE_LOST')
  })

  // The loops of Bun and Deno do not.
  test.skipIf(process.versions.bun || process.versions.deno)(
    'of Node reads: no other thread wakes up for a tool call, before a flood and after it',
    async () => {
      const session = openProcessSession({ tools: { echo: { execute: (input) => input } } })
      const calls = 500
      const sequence = async () => {
        // The script has had its start, and what was too much is over.
        await session.exec('await new Promise((resolve) => setTimeout(resolve, 300))')
        const before = timesAwoken('codecell-host')
        const { content } = await session.exec(
          `for (let i = 0; i < ${calls}; i++) await tools.echo({ i }); text('done')`,
        )
        expect(content).toMatchObject([{ text: 'done' }])
        return timesAwoken('codecell-host') - before
      }
      // A machine that holds the loop up makes it read now and then.
      const least = async () => Math.min(await sequence(), await sequence(), await sequence())
      expect(await least()).toBeLessThan(calls / 2)
      const { cellId } = await session.exec('for (;;) yield_control()')
      await sleep(200)
      await session.terminate(cellId)
      expect(await least()).toBeLessThan(calls / 2)
    },
  )

  test('that a script has flooded reads again, and nothing is lost or out of order', async () => {
    /** @type {number[]} */
    const seen = []
    const session = openProcessSession({
      tools: { note: { execute: ({ value }) => seen.push(value) } },
    })
    const { content, status } = await session.exec(`
      for (let first = 0; first < 5_000; first += 1_000) {
        await Promise.all(Array.from({ length: 1_000 }, (_, index) => tools.note({ value: first + index })))
      }
      for (let value = 5_000; value < 5_500; value++) await tools.note({ value })
      await new Promise((resolve) => setTimeout(resolve, 300))
      for (let value = 5_500; value < 6_000; value++) await tools.note({ value })
      text('done')`)
    expect({ content, status }).toMatchObject({ status: 'completed', content: [{ text: 'done' }] })
    expect(seen).toEqual(Array.from({ length: 6_000 }, (_, value) => value))
  })
})

// Sessions in worker threads, and how those end.

import { AsyncLocalStorage } from 'node:async_hooks'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { newSession, texts } from './support/lifecycle-helpers.js'

const ROUNDS = 30

/**
 * @param {string} kind
 * @returns {Promise<{ healthy: boolean, before: number, after: number }>}
 */
function stress(kind) {
  const file = fileURLToPath(new URL('fixtures/workers-stress.mjs', import.meta.url))
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [file, kind, String(ROUNDS)],
      { timeout: 50_000, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error || stderr)
          reject(new Error(`${kind}: code ${error?.code}, signal ${error?.signal}\n${stderr}`))
        else resolve(JSON.parse(stdout))
      },
    )
  })
}

for (const kind of [
  'spinning',
  'waiting for a tool',
  'in a tool callback',
  'in a storm of calls',
  'yielded',
  'closing',
]) {
  test(`workers terminated mid-cell, ${kind}: ${ROUNDS} times, and the process is healthy, without stuck threads`, async () => {
    const { healthy, before, after } = await stress(kind)
    expect(healthy).toBe(true)
    expect(after).toBeLessThanOrEqual(before + 3)
  })
}

test('sessions of several workers and of the main thread run at once, and share nothing', async () => {
  const session = newSession()
  const own = session.exec(
    'store("who", "main"); await new Promise((r) => setTimeout(r, 50)); text(load("who"))',
  )
  const names = ['one', 'two', 'three', 'four']
  const workers = names.map(
    (name) => new Worker(new URL('fixtures/workers-run.mjs', import.meta.url), { workerData: name }),
  )
  const told = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))
  for (const [index, { seen, ids }] of told.entries()) {
    expect(seen).toEqual([names[index]])
    expect(ids).toEqual(Array.from({ length: 20 }, (_, number) => number + 1))
  }
  expect(texts(await own)).toEqual(['main'])
  expect(session.storedValues()).toEqual({ who: 'main' })
  const codes = await Promise.all(workers.map((worker) => worker.terminate()))
  expect(codes).toHaveLength(4)
})

test('a worker that does not close its session ends by itself', async () => {
  const worker = new Worker(
    'import("codecell").then(({ Session }) => new Session().exec("yield_control(); while (true) {}"))',
    { eval: true },
  )
  const [code] = await once(worker, 'exit')
  expect(code).toBe(0)
})

test('AsyncLocalStorage: tools and notifications run in the context of their exec', async () => {
  const storage = new AsyncLocalStorage()
  /** @type {unknown[]} */
  const notified = []
  const session = storage.run('constructor', () =>
    newSession({
      tools: {
        context: {
          async execute() {
            await null
            return storage.getStore() ?? 'none'
          },
        },
      },
      onNotify: () => void notified.push(storage.getStore()),
    }),
  )
  const source = 'notify("x"); await new Promise((r) => setTimeout(r, 1)); text(await tools.context({}))'
  const run = (/** @type {string} */ name) => storage.run(name, () => session.exec(source))
  const results = await Promise.all(['a', 'b', 'c'].map(run))
  expect(results.flatMap(texts)).toEqual(['a', 'b', 'c'])
  expect(notified.sort()).toEqual(['a', 'b', 'c'])
  expect(texts(await session.exec(source))).toEqual(['none'])
})

test('AsyncLocalStorage: a wait in another context does not change that of the cell', async () => {
  const storage = new AsyncLocalStorage()
  const session = newSession({ tools: { context: { execute: () => storage.getStore() } } })
  await storage.run('exec', () =>
    session.exec(
      'yield_control(); await new Promise((r) => setTimeout(r, 20)); text(await tools.context({}))',
    ),
  )
  const result = await storage.run('wait', async () => {
    const answer = await session.wait('1')
    expect(storage.getStore()).toBe('wait')
    return answer
  })
  expect(texts(result)).toEqual(['exec'])
})

// §4.6: completion against termination. Whoever wins, everybody is told, and once.

import { expect, test } from 'vitest'
import { newSession, outcome, sleep, texts } from './support/lifecycle-helpers.js'
import { random } from './support/random.js'

const ROUNDS = 200

/**
 * One cell, with everything that can happen to it at about the same time.
 *
 * @param {number} seed
 */
async function race(seed) {
  const dice = random(seed)
  const cleanUp = dice.below(4)
  const session = newSession({
    tools: {
      tool: {
        execute: (_input, { signal }) =>
          new Promise((resolve) => {
            setTimeout(resolve, dice.below(4), 1)
            signal.addEventListener('abort', () => setTimeout(resolve, cleanUp))
          }),
      },
    },
    limits: { toolGraceMs: 30_000 },
  })
  const work = dice.pick([
    '',
    'await null',
    'await tools.tool({})',
    'tools.tool({})',
    'await new Promise((r) => setTimeout(r, 2))',
    'for (let i = 0; i < 1e5; i += 1);',
    'throw new Error("end")',
  ])
  const source = `store("before", ${seed}); text("a"); ${work}; text("b"); store("after", ${seed})`
  const stop = new AbortController()
  /** @type {Promise<any>[]} */
  const asked = [outcome(session.exec(source, { yieldTimeMs: dice.below(4), signal: stop.signal }))]
  const ask = async (/** @type {() => Promise<any>} */ call) => {
    await sleep(dice.below(5))
    return outcome(call())
  }
  const wait = () => session.wait('1', { yieldTimeMs: dice.below(3) })
  for (let count = dice.below(3); count >= 0; count -= 1) asked.push(ask(wait))
  for (let count = dice.below(3); count > 0; count -= 1) asked.push(ask(() => session.terminate('1')))
  if (dice.chance(0.2)) asked.push(ask(async () => stop.abort('aborted')).then(() => ({})))
  if (dice.chance(0.2)) asked.push(ask(() => session.close()).then(() => ({})))
  const answers = await Promise.all(asked)
  // To the end, for whoever has not come to it.
  const last = await outcome(session.terminate('1'))
  await session.close()
  return { session, answers: [...answers, last], work }
}

test(`4.6 races: in ${ROUNDS} random ones every promise settles, a completion is delivered at most once, and stores are committed if and only if the cell was not terminated`, async () => {
  const ends = new Map()
  for (let start = 0; start < ROUNDS; start += 20) {
    const seeds = Array.from({ length: 20 }, (_, index) => start + index)
    const rounds = await Promise.all(seeds.map(race))
    for (const [index, { session, answers, work }] of rounds.entries()) {
      const seed = seeds[index]
      const label = `seed ${seed}: ${work}`
      const results = answers.flatMap(({ value }) => (value === undefined ? [] : [value]))
      for (const { error } of answers) {
        if (error === undefined || error === 'aborted') continue
        expect(['CELL_BUSY', 'CELL_TERMINATING', 'SESSION_CLOSED'], `${label} ${error}`).toContain(error.code)
      }
      const finals = results.filter(({ status }) => ['completed', 'failed'].includes(status))
      const terminated = results.filter(({ status }) => status === 'terminated')
      expect(finals.length, label).toBeLessThanOrEqual(1)
      if (finals.length > 0) expect(terminated, label).toEqual([])

      const stored = session.storedValues()
      const { status } = finals[0] ?? terminated[0] ?? { status: 'unseen' }
      ends.set(status, (ends.get(status) ?? 0) + 1)
      if (status === 'completed') expect(stored, label).toEqual({ before: seed, after: seed })
      if (status === 'failed') expect(stored, label).toEqual({ before: seed })
      if (status === 'terminated') expect(stored, label).toEqual({})

      // Who terminates and who watches are told the same; apart from that nobody is told twice.
      const told = results.filter((result) => result.content && result !== terminated[1]).flatMap(texts)
      if (terminated.length < 2) expect(['', 'a', 'ab'], label).toContain(told.join(''))
      if (status === 'completed') expect(told, label).toEqual(['a', 'b'])
      expect(session.activeCells, label).toEqual([])
    }
  }
  // The races are worth something only if both sides win some.
  expect(ends.get('completed')).toBeGreaterThan(5)
  expect(ends.get('terminated')).toBeGreaterThan(5)
})

test('4.6 races: terminate at the very moment of the end, again and again', async () => {
  const session = newSession()
  const kinds = new Set()
  for (let round = 0; round < 100; round += 1) {
    const running = session.exec('store("round", (load("round") ?? 0) + 1)')
    const [id] = session.activeCells
    const before = session.storedValues().round ?? 0
    const [end, stopped] = await Promise.all([running, session.terminate(id ?? 'gone')])
    kinds.add(end.status)
    expect(['completed', 'terminated']).toContain(end.status)
    expect(['missing', 'terminated']).toContain(stopped.status)
    if (stopped.status === 'terminated') expect(end.status).toBe('terminated')
    if (end.status === 'terminated') expect(session.storedValues().round ?? 0).toBe(before)
  }
  expect(session.activeCells).toEqual([])
})

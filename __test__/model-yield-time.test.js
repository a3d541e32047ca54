// §1.2: the times of exec and wait, their grace and their bound. The long ones are seen in what the tool asks of its
// session; nobody waits for them here.

import { expect, test } from 'vitest'
import { newSession, texts } from './support/lifecycle-helpers.js'

/**
 * The yield time with which the tools of the model call `exec` and `wait` of the session.
 *
 * @param {number | undefined} requested
 * @param {import('../index.d.ts').SessionOptions} options
 */
async function effective(requested, options) {
  const session = newSession(options)
  /** @type {any[]} */
  const seen = []
  const answer = (/** @type {any} */ _what, /** @type {any} */ { yieldTimeMs }) => {
    seen.push(yieldTimeMs)
    return { status: 'terminated', cellId: '1', content: [] }
  }
  Object.assign(session, { exec: answer, wait: answer })
  const { exec, wait } = session.modelTools()
  await exec.run(requested === undefined ? 'text(1)' : `// @exec: {"yield_time_ms": ${requested}}\ntext(1)`)
  await wait.run({ cell_id: '1', yield_time_ms: requested })
  expect(seen[1]).toBe(seen[0])
  return seen[0]
}

for (const [limit, requested, expected] of [
  [undefined, 0, 0],
  [undefined, 9999, 9999],
  [undefined, 10000, 11000],
  [undefined, 10001, 11001],
  [0, 0, 0],
  [0, 10000, 0],
  [5000, 9999, 5000],
  [10000, 10000, 10000],
  [10500, 10000, 10500],
  [11000, 10000, 11000],
  [12000, 10000, 11000],
  [10500, 5000, 5000],
]) {
  test(`1.2 grace, then bound: with maxYieldTimeMs ${limit ?? 'not given'}, ${requested} ms become ${expected} ms`, async () => {
    const options = limit === undefined ? {} : { maxYieldTimeMs: limit }
    expect(await effective(requested, options)).toBe(expected)
  })
}

test('1.2 grace, then bound: the largest time there is does not overflow', async () => {
  const largest = Number.MAX_SAFE_INTEGER
  expect(await effective(largest, {})).toBeGreaterThanOrEqual(largest)
  expect(await effective(largest, { maxYieldTimeMs: largest })).toBe(largest)
})

test('1.2 defaults: exec and wait yield after 10 s, with grace', async () => {
  const session = newSession({ defaultYieldTimeMs: undefined })
  expect(session.modelTools().exec.description).toContain('Defaults to 10000 ms.')
  expect(await effective(undefined, { defaultYieldTimeMs: undefined })).toBe(11_000)
})

test('1.2 defaults: defaultYieldTimeMs stands in for what is not given, and in the descriptions', async () => {
  expect(await effective(undefined, { defaultYieldTimeMs: 30_000 })).toBe(31_000)
  expect(await effective(undefined, { defaultYieldTimeMs: 20 })).toBe(20)
  const { exec, wait } = newSession({ defaultYieldTimeMs: 30_000 }).modelTools()
  for (const { description } of [exec, wait]) {
    expect(description).toContain('Defaults to 30000 ms.')
    expect(description).not.toContain('Defaults to 10000 ms.')
  }
})

test('1.2 defaults: where cells never yield by themselves, the descriptions name no number of milliseconds', () => {
  const { exec, wait } = newSession({ defaultYieldTimeMs: Infinity }).modelTools()
  for (const { description } of [exec, wait]) expect(description).not.toMatch(/Defaults to \d+ ms/)
})

test('1.2 bound: maxYieldTimeMs makes a cell yield that was given all the time in the world', async () => {
  const session = newSession({ maxYieldTimeMs: 10 })
  const { exec, wait } = session.modelTools()
  const first = await exec.run('// @exec: {"yield_time_ms": 600000}\nawait new Promise(() => {})')
  expect(first.cellId).toBe('1')
  expect((await wait.run({ cell_id: '1', yield_time_ms: 600_000 })).cellId).toBe('1')
  expect((await session.exec('await new Promise(() => {})', { yieldTimeMs: Infinity })).status).toBe(
    'running',
  )
  expect((await session.wait('2', { yieldTimeMs: Infinity })).status).toBe('running')
})

test('1.2 default: maxYieldTimeMs bounds the default yield time, too', async () => {
  const session = newSession({ maxYieldTimeMs: 10, defaultYieldTimeMs: Infinity })
  expect((await session.exec('await new Promise(() => {})')).status).toBe('running')
})

test('1.2 defaults: the output budget is 10 000 tokens, about 40 000 bytes', async () => {
  const { exec } = newSession().modelTools()
  const fits = await exec.run('text("x".repeat(40_000))')
  expect(texts(fits)[1]).toHaveLength(40_000)
  const cut = await exec.run('text("x".repeat(40_001))')
  expect(texts(cut)[1]).toMatch(/^Warning: truncated output \(original token count: 10001\)\n/)
})

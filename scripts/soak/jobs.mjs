// What a lane of the soak does: each job starts something and sees it to its end.

import { Session } from 'codecell'
import { LOST, STOPPED } from '../../__test__/support/probes.js'
import { randomScript } from '../../fuzz/scripts/script.js'

const sleep = (ms, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      done(undefined)
    })
  })

/** The tools that the scripts of `fuzz/` and the probes call. */
export const TOOLS = {
  echo: { execute: ({ value }) => value },
  fail: { execute: () => Promise.reject(new Error('meant')) },
  slow: { execute: ({ ms }, { signal }) => sleep(ms, signal) },
  never: { execute: (_, { signal }) => sleep(2 ** 30, signal) },
  deep: { execute: () => JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) },
}

export const LIMITS = { heapBytes: 32 * 2 ** 20, wallMs: 500, cpuMs: 400 }

function open(isolation) {
  return new Session({ isolation, tools: TOOLS, limits: LIMITS, defaultYieldTimeMs: Infinity })
}

/** A session with a few random scripts, which are waited for. */
async function good({ numbers, isolation, settles }) {
  const session = open(isolation)
  await Promise.all(
    Array.from({ length: 1 + numbers.below(5) }, async (_, index) => {
      const source = randomScript(numbers, `cell-${index}`)
      let result = await settles(session.exec(source, { yieldTimeMs: numbers.below(50) }), 'exec')
      while (result?.status === 'running') result = await settles(session.wait(result.cellId), 'wait')
    }),
  )
  await settles(session.close(), 'close')
}

/** Much in and out. */
async function large({ numbers, isolation, settles }) {
  const session = open(isolation)
  const size = numbers.below(1e6)
  const source = `const value = 'x'.repeat(${size}); const back = await tools.echo({ value }); text(back); store('k', back)`
  for (let i = 0; i < 5; i++) await settles(session.exec(source), 'a large exec')
  await settles(session.close(), 'close')
}

/** A script that means harm, beside one that does not. */
async function hostile({ numbers, isolation, settles }) {
  // In this process a lost engine is lost for good: those that lose one are tested elsewhere.
  const probes = isolation === 'process' ? { ...STOPPED, ...LOST } : STOPPED
  const session = open(isolation)
  const { source } = numbers.pick(Object.values(probes))
  await Promise.all([
    settles(session.exec(source), `hostile: ${source}`),
    settles(
      session.exec('for (let i = 0; i < 9; i++) await tools.slow({ ms: 1 }); text(1)'),
      'beside a hostile one',
    ),
  ])
  await settles(session.close(), 'close after a hostile one')
}

/** Cells that are stopped from outside, at any time. */
async function stopped({ numbers, isolation, settles }) {
  const session = open(isolation)
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      const source = numbers.pick([
        randomScript(numbers, 'cell'),
        'for (;;);',
        'tools.never(); for (;;) await null',
        'await tools.never()',
      ])
      const stop = new AbortController()
      const running = settles(session.exec(source, { signal: stop.signal }), 'an aborted exec')
      const id = session.activeCells.at(-1)
      await sleep(numbers.below(20))
      if (numbers.chance(0.5)) stop.abort(new Error('stop'))
      else if (id !== undefined) await settles(session.terminate(id), 'terminate')
      await running
    }),
  )
  await settles(session.close(), 'close')
}

/** A session that closes, or is forgotten, while its cells run. */
async function closed({ numbers, isolation, settles }) {
  const session = open(isolation)
  const running = Array.from({ length: 4 }, () =>
    settles(session.exec(randomScript(numbers, 'cell')), 'an exec of a session that closes'),
  )
  await sleep(numbers.below(20))
  await settles(session.close(), 'close of what runs')
  await Promise.all(running)
}

export const JOBS = [good, good, good, large, hostile, hostile, stopped, closed]

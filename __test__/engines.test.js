// How many engines of the process stand ready, and for how long.

import { configureEngines } from 'codecell'
import { describe, expect, test } from 'vitest'
import { runProgram } from './support/program.js'

describe.skipIf(process.platform !== 'linux')('configureEngines', () => {
  test.for(['thread', 'process'])(
    'says how many engines stand ready, and for how long, at once: isolation %s',
    async (isolation) => {
      expect(await runProgram('engines', [isolation])).toEqual({
        defaults: { ready: 2, idleMs: 30_000 },
        childrenWhileReady: isolation === 'process',
        ...(isolation === 'thread' && { hadMemory: true }),
        now: { ready: 2, idleMs: 'Infinity' },
      })
    },
    60_000,
  )
})

test.for([
  [null, 'options must be an object; got null'],
  [{ most: 1 }, 'unknown key "most" in options; known are ready, idleMs'],
  [{ ready: -1 }, 'ready must be an integer from 0 to 64; got -1 (number)'],
  [{ ready: 65 }, 'ready must be an integer from 0 to 64; got 65 (number)'],
  [{ ready: 1.5 }, 'ready must be an integer from 0 to 64; got 1.5 (number)'],
  [{ ready: '2' }, 'ready must be an integer from 0 to 64; got "2" (string)'],
  [{ idleMs: 0 }, 'idleMs must be a number of milliseconds, more than 0; got 0 (number)'],
  [{ idleMs: Number.NaN }, 'idleMs must be a number of milliseconds, more than 0; got NaN (number)'],
  [{ ready: 1, idleMs: '1s' }, 'idleMs must be a number of milliseconds, more than 0; got "1s" (string)'],
])('configureEngines refuses %o, and changes nothing', ([options, message]) => {
  const before = configureEngines()
  expect(() => configureEngines(/** @type {any} */ (options))).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message }),
  )
  expect(configureEngines()).toEqual(before)
})

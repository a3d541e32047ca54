// What a lost engine costs, and how the host hears of it. In processes of their own: a lost engine is lost for good.

import { isMainThread } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { runProgram } from './support/program.js'

const PATIENCE_MS = 240_000

describe.runIf(isMainThread)('lost engines', () => {
  test('4.8 engines: one that is lost is told on the channel codecell:engine:lost, and other sessions go on', async () => {
    expect(await runProgram('engines-lost', ['told'])).toEqual({
      status: 'failed',
      code: 'ENGINE_LOST',
      told: [{ cellId: '1', lost: 1, held: 1 }],
      next: 'fine',
    })
  })

  // A thread that was given up has the lowest priority: on a busy machine it takes its time.
  test('4.8 engines: one whose native code comes to its end after all is not held any more', {
    timeout: PATIENCE_MS,
  }, async () => {
    const { first, last, all } = await runProgram('engines-lost', ['back'], { deadlineMs: PATIENCE_MS })
    expect(first).toMatchObject({ lost: 1, held: 1 })
    expect(last).toMatchObject({ lost: all, held: 1 })
  })

  test('4.8 engines: with 16 that are held no cell is started, and all that was there goes on and closes', async () => {
    const told = await runProgram('engines-lost', ['many'])
    expect(told).toMatchObject({
      refusal: { name: 'CodecellError', code: 'ENGINE_UNAVAILABLE' },
      running: 'went on',
      terminated: 'terminated',
      closed: 'closed',
    })
    expect(told.held).toBeGreaterThanOrEqual(16)
    expect(told.refusal.message).toMatch(
      /^no engine is available: \d+ engines of this process.*Restart the program/,
    )
  })
})

// Programs that may not have the address space that V8 reserves.

import { isMainThread } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { runProgram } from './support/program.js'

const GIB_IN_KIB = 1024 * 1024

/** @param {number} gib */
const withAddressSpace = (gib) => ['bash', '-c', `ulimit -v ${gib * GIB_IN_KIB}; exec "$@"`, 'limited']

describe.runIf(process.platform === 'linux' && isMainThread)('address space', () => {
  test.each([
    ['thread', 8],
    ['thread', 50],
    ['process', 8],
    ['process', 50],
  ])(
    "isolation '%s' with %i GiB of it is ENGINE_UNAVAILABLE, and the program lives on",
    async (isolation, gib) => {
      expect(await runProgram('address-space', [isolation], { under: withAddressSpace(gib) })).toEqual({
        name: 'CodecellError',
        code: 'ENGINE_UNAVAILABLE',
        message: expect.stringMatching(/V8 reserves 54 GiB of address space to start, .*ulimit -v unlimited/),
      })
    },
  )

  test.each(['thread', 'process'])("isolation '%s' runs with 64 GiB of it", async (isolation) => {
    const told = await runProgram('address-space', [isolation], { under: withAddressSpace(64) })
    expect(told).toEqual({ status: 'completed' })
  })

  test('cells that wait use it up: then exec is refused, and those that wait go on', async () => {
    const told = await runProgram('address-space', ['thread', 'many'], { under: withAddressSpace(60) })
    expect(told).toMatchObject({
      refusal: { code: 'ENGINE_UNAVAILABLE', message: expect.stringContaining('for another isolate') },
      others: ['completed'],
    })
  })
})

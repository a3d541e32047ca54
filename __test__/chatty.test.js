import { expect, test } from 'vitest'
import { Session } from '../js/index.js'

// Whoever sends a message to a cell may have to deal with what its script has sent.

test('4.3 a script that yields in an endless loop holds up neither a caller who polls nor its own limits', async () => {
  const session = new Session({ limits: { wallMs: 1_000 } })
  let result = await session.exec('for (;;) yield_control()', { yieldTimeMs: 0 })
  while (result.status === 'running') result = await session.wait(result.cellId, { yieldTimeMs: 1 })
  expect(result.error).toMatchObject({ code: 'TIME_LIMIT' })
  await session.close()
})

test('4.3 scripts that yield in endless loops leave the deadlines of other cells alone', async () => {
  const chatty = new Session({ limits: { wallMs: 2_000 } })
  const quiet = new Session({ limits: { wallMs: 60 } })
  const loops = Array.from({ length: 6 }, () => chatty.execToPending('for (;;) yield_control()'))
  let ended = 0
  const all = Promise.all(loops.map((loop) => loop.finally(() => ended++)))
  const result = await quiet.exec('await new Promise(() => {})', { yieldTimeMs: 60_000 })
  expect(result.error).toMatchObject({ code: 'TIME_LIMIT' })
  expect(ended).toBeLessThan(6)
  for (const { error } of await all) expect(error).toMatchObject({ code: 'TIME_LIMIT' })
  await Promise.all([chatty.close(), quiet.close()])
})

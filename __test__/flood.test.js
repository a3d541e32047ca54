// What a script floods the program with is delivered, and the program's timers have their turn all the same.

import { describe, expect, test } from 'vitest'
import { openSession } from './support/cell.js'
import { until } from './support/lifecycle-helpers.js'

describe.each([
  ['notifications', "for (let i = 0; i < 200_000; i++) notify('x')", { outputBytes: 1e9 }],
  [
    'calls',
    'for (let i = 0; i < 100_000; i += 100) await Promise.all(Array.from({ length: 100 }, () => tools.t({})))',
    {},
  ],
])('a flood of %s', (_what, script, limits) => {
  test('leaves the loop of the program time for timers', async () => {
    let taken = 0
    const take = () => {
      taken++
    }
    const session = openSession({ limits, tools: { t: { execute: take } }, onNotify: take })
    const seen = new Set()
    const timer = setInterval(() => seen.add(taken), 1)
    const { status } = await session.exec(script)
    clearInterval(timer)
    expect(status).toBe('completed')
    expect(taken).toBeGreaterThanOrEqual(100_000)
    // While it was going on, not only before and after it.
    expect(seen.size).toBeGreaterThan(5)
  })
})

describe('an answer with much content', () => {
  test('is whole and in order, and comes in parts between which timers have their turn', async () => {
    const session = openSession()
    let turns = 0
    const { cellId } = await session.exec(
      "yield_control(); for (let i = 0; i < 100_000; i++) text(i); store('done', true)",
    )
    // Nothing of it is made any more while it comes.
    await until(() => session.storedValues().done)
    const timer = setInterval(() => turns++, 0)
    const { content, status } = await session.wait(cellId)
    clearInterval(timer)
    expect(status).toBe('completed')
    expect(content).toHaveLength(100_000)
    expect(content.every(({ type, text }, index) => type === 'text' && text === String(index))).toBe(true)
    expect(turns).toBeGreaterThan(2)
  })

  test('keeps its items, whatever their kind and size', async () => {
    const session = openSession()
    const { content } = await session.exec(`
      for (let i = 0; i < 2_000; i++) {
        text('t' + i)
        image('data:image/png;base64,AAAA', 'low')
      }
      text('ä'.repeat(2 ** 20))
      text('end')`)
    expect(content).toHaveLength(4_002)
    expect(content[2_047]).toEqual({ type: 'image', imageUrl: 'data:image/png;base64,AAAA', detail: 'low' })
    expect(content[2_048]).toEqual({ type: 'text', text: 't1024' })
    expect(content[4_000].text).toHaveLength(2 ** 20)
    expect(content[4_001]).toEqual({ type: 'text', text: 'end' })
  })
})

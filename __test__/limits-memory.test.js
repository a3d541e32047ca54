import { expect, test } from 'vitest'
import { Session } from '../js/index.js'

/**
 * @param {string} source
 * @param {import('../index.d.ts').SessionOptions} [options]
 */
async function run(source, options) {
  const session = new Session({ defaultYieldTimeMs: Infinity, ...options })
  const result = await session.exec(source)
  // Whatever happened, the next cell is well.
  expect((await session.exec("text('well')")).content).toEqual([{ type: 'text', text: 'well' }])
  await session.close()
  return result
}

/** @param {string} code */
const failed = (code) => ({ status: 'failed', error: { code } })

test('host: a loop whose heap grows by inlined fills can be stopped', async () => {
  const source = 'const a = []; while (true) a.push(new Array(1000).fill(0))'
  expect(await run(source, { limits: { heapBytes: 2 ** 25 } })).toMatchObject(failed('MEMORY_LIMIT'))
})

test('arrayBufferBytes: many buffers count together, and a caught refusal is the end of nothing', async () => {
  const limits = { arrayBufferBytes: 2 ** 20 }
  const hoard = 'const a = []; for (;;) a.push(new Uint8Array(1e5))'
  expect(await run(hoard, { limits })).toMatchObject(failed('MEMORY_LIMIT'))
  const result = await run(`try { new ArrayBuffer(2 ** 21) } catch (e) { text(e.name) }`, { limits })
  expect(result).toMatchObject({ status: 'completed', content: [{ text: 'RangeError' }] })
})

test('arrayBufferBytes: buffers that are garbage do not count', async () => {
  const source = 'for (let i = 0; i < 1000; i++) new Uint8Array(1e5); text(1)'
  expect(await run(source, { limits: { arrayBufferBytes: 2 ** 20 } })).toMatchObject({ status: 'completed' })
})

test.each(["for (;;) text('')", "for (;;) text('x')"])(
  'outputBytes: items without number end with OUTPUT_LIMIT, however short: %s',
  async (source) => {
    const result = await run(source, { limits: { outputBytes: 2 ** 16 } })
    expect(result).toMatchObject(failed('OUTPUT_LIMIT'))
    expect(result.content).toHaveLength(10_000)
  },
)

test('outputBytes: notifications that nobody has taken count, too', async () => {
  let taken = 0
  const onNotify = () => void taken++
  const result = await run("for (;;) notify('x')", { limits: { outputBytes: 2 ** 20 }, onNotify })
  expect(result).toMatchObject(failed('OUTPUT_LIMIT'))
  expect(taken).toBeGreaterThan(0)
})

test('outputBytes: notifications that were taken do not count any more', async () => {
  const tools = { pause: { execute: async () => {} } }
  const source = `for (let i = 0; i < 3000; i++) { notify('x'); await tools.pause({}) }`
  const options = { limits: { outputBytes: 2 ** 20 }, tools, onNotify: () => {} }
  expect(await run(source, options)).toMatchObject({ status: 'completed' })
})

test('heapBytes: a result that does not fit into the heap rejects its call, and costs nothing', async () => {
  // The character makes V8 keep two bytes for each.
  const tools = { big: { execute: () => `€${'x'.repeat(12e6)}` } }
  const source = 'try { await tools.big({}) } catch (e) { text(`${e.name}: ${e.message}`) }'
  const result = await run(source, { limits: { heapBytes: 2 ** 25 }, tools })
  expect(result).toMatchObject({
    status: 'completed',
    content: [{ text: expect.stringMatching(/^ToolError: .*limits\.heapBytes/) }],
  })
})

test('4.6 close: it settles when a cell that nobody watches can not be stopped', async () => {
  const session = new Session()
  // Some seconds of it: more than the time that it is given to stop.
  const native = 'Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1, 2 ** 53 - 1e7)'
  expect(await session.exec(native, { yieldTimeMs: 50 })).toMatchObject({ status: 'running' })
  await session.close()
  expect(session.activeCells).toEqual([])
})

// §4.8: what a cell may use, and what it is told at the limit. Each limit has a code, a number and an option to raise.

import { expect, test } from 'vitest'
import { expectFault, gate, newSession, texts, until } from './support/lifecycle-helpers.js'

const MIB = 1024 * 1024

/**
 * Runs a script that goes over a limit, and another one after it.
 *
 * @param {import('../index.d.ts').Limits} limits
 * @param {string} source
 */
async function over(limits, source) {
  const session = newSession({ limits })
  const result = /** @type {any} */ (await session.exec(source))
  const next = await session.exec('text("healthy")')
  expect(next).toMatchObject({ status: 'completed', content: [{ text: 'healthy' }] })
  return result
}

/**
 * A script that is stopped names its limit, the value and the option.
 *
 * @param {any} result
 * @param {string} code
 * @param {string} option
 * @param {number} value
 */
function expectStopped(result, code, option, value) {
  expect(result).toMatchObject({ status: 'failed', error: { code } })
  expect(result.error.message).toContain(`limits.${option} is ${value}`)
}

test('4.8 heapBytes: a script that keeps too much ends with MEMORY_LIMIT, and the next cell is healthy', async () => {
  const result = await over(
    { heapBytes: 32 * MIB },
    'text("before"); const a = []; while (true) a.push(new Array(1000).fill(0))',
  )
  expectStopped(result, 'MEMORY_LIMIT', 'heapBytes', 32 * MIB)
  expect(texts(result)).toEqual(['before'])
  expect(result.usage.peakHeapBytes).toBeGreaterThan(8 * MIB)
})

test('4.8 heapBytes: no catch and no finally of the script runs after it', async () => {
  const result = await over(
    { heapBytes: 32 * MIB },
    'const a = []; for (;;) try { for (;;) a.push("x".repeat(999) + a.length) } catch { text("catch") } finally { text("finally") }',
  )
  expect(result.error.code).toBe('MEMORY_LIMIT')
  expect(result.content).toEqual([])
})

test('4.8 heapBytes: objects, strings, maps and closures count, and so does what microtasks and timeouts keep', async () => {
  for (const source of [
    'const a = []; for (;;) a.push({ a: 1, b: {} })',
    'let s = "x"; const a = []; for (;;) a.push((s + a.length).repeat(50).split(""))',
    'const m = new Map(); for (let i = 0; ; i += 1) m.set(i, [i])',
    'const a = []; for (;;) { const n = new Array(50).fill(1); a.push(() => n) }',
    'const a = []; const more = () => { a.push(new Array(1e4).fill(0)); return Promise.resolve().then(more) }; await more()',
    'const a = []; const more = () => { a.push(new Array(1e4).fill(0)); setTimeout(more) }; more(); await new Promise(() => {})',
  ]) {
    const result = await over({ heapBytes: 16 * MIB }, source)
    expect(result, source).toMatchObject({ status: 'failed', error: { code: 'MEMORY_LIMIT' } })
  }
})

test('4.8 heapBytes: under the limit a script completes, and garbage does not count', async () => {
  const session = newSession({ limits: { heapBytes: 32 * MIB } })
  const kept = 'const a = []; for (let i = 0; i < 1000; i += 1) a.push(new Array(1000).fill(0)); text("kept")'
  expect((await session.exec(kept)).status).toBe('completed')
  const dropped = 'for (let i = 0; i < 50_000; i += 1) new Array(1000).fill(0); text("dropped")'
  expect((await session.exec(dropped)).status).toBe('completed')
})

test('4.8 heapBytes: a larger limit lets more in', async () => {
  const source =
    'const a = []; for (let i = 0; i < 6000; i += 1) a.push(new Array(1000).fill(0)); text(a.length)'
  expect((await over({ heapBytes: 16 * MIB }, source)).error?.code).toBe('MEMORY_LIMIT')
  expect((await over({ heapBytes: 256 * MIB }, source)).status).toBe('completed')
})

test('4.8 heapBytes: the default is 128 MiB', async () => {
  expectStopped(
    await over({}, 'const a = []; while (true) a.push(new Array(1000).fill(0))'),
    'MEMORY_LIMIT',
    'heapBytes',
    128 * MIB,
  )
})

test('4.8 heapBytes: cells beside one that meets it are not harmed', async () => {
  const session = newSession({ limits: { heapBytes: 16 * MIB } })
  const results = await Promise.all([
    session.exec('const a = []; while (true) a.push(new Array(1000).fill(0))'),
    session.exec('for (let i = 0; i < 20; i += 1) await new Promise((r) => setTimeout(r, 2)); text("fine")'),
  ])
  expect(results[0]).toMatchObject({ status: 'failed', error: { code: 'MEMORY_LIMIT' } })
  expect(results[1]).toMatchObject({ status: 'completed', content: [{ text: 'fine' }] })
})

test('4.8 arrayBufferBytes: a script that holds more in ArrayBuffers ends with MEMORY_LIMIT', async () => {
  for (const source of [
    'new ArrayBuffer(2 * 1024 * 1024)',
    'const a = []; for (let i = 0; i < 64; i += 1) a.push(new Uint8Array(64 * 1024))',
  ]) {
    const result = await over({ arrayBufferBytes: MIB }, `text("before"); ${source}; text("went on")`)
    expect(result).toMatchObject({ status: 'failed', error: { code: 'MEMORY_LIMIT' } })
    expect(result.error.message).toMatch(new RegExp(`limits\\.arrayBufferBytes.*\\b${MIB}\\b`))
    expect(texts(result)).toEqual(['before'])
  }
})

test('4.8 arrayBufferBytes: a script may catch it, and go on with less', async () => {
  const source =
    'try { new ArrayBuffer(2 * 1024 * 1024) } catch (e) { text(e.name) } text(new ArrayBuffer(8).byteLength)'
  const result = await over({ arrayBufferBytes: MIB }, source)
  expect(result.status).toBe('completed')
  expect(texts(result)).toEqual(['RangeError', '8'])
})

test('4.8 arrayBufferBytes: buffers that are garbage do not count', async () => {
  const source = 'for (let i = 0; i < 500; i += 1) new ArrayBuffer(64 * 1024); text("done")'
  expect(texts(await over({ arrayBufferBytes: MIB }, source))).toEqual(['done'])
})

test('4.8 arrayBufferBytes: they count apart from the heap, and less than the limit is fine', async () => {
  const result = await over(
    { heapBytes: 16 * MIB, arrayBufferBytes: 40 * MIB },
    'const a = new Uint8Array(30 * 1024 * 1024); text(a.length)',
  )
  expect(texts(result)).toEqual([String(30 * MIB)])
})

test('4.8 cpuMs: a script that computes too long ends with CPU_LIMIT', async () => {
  for (const source of [
    'while (true) {}',
    'await null; for (;;);',
    'setTimeout(() => { for (;;); }); await new Promise(() => {})',
  ]) {
    expectStopped(await over({ cpuMs: 40 }, `text("before"); ${source}`), 'CPU_LIMIT', 'cpuMs', 40)
  }
})

test('4.8 cpuMs: it counts the pieces of a script together', async () => {
  const result = await over(
    { cpuMs: 40 },
    'for (;;) { for (let i = 0; i < 1e6; i += 1); await new Promise((r) => setTimeout(r)) }',
  )
  expect(result.error.code).toBe('CPU_LIMIT')
  expect(result.usage.cpuMs).toBeGreaterThanOrEqual(40)
})

test('4.8 cpuMs: waiting for tools and timeouts does not count', async () => {
  const tool = { execute: () => new Promise((resolve) => setTimeout(resolve, 80)) }
  const session = newSession({ limits: { cpuMs: 40 }, tools: { tool } })
  const result = await session.exec(
    'await tools.tool({}); await new Promise((r) => setTimeout(r, 80)); text("done")',
  )
  expect(result).toMatchObject({ status: 'completed', content: [{ text: 'done' }] })
})

test('4.8 wallMs: a cell that lives too long ends with TIME_LIMIT, whatever it does', async () => {
  for (const source of [
    'while (true) {}',
    'await new Promise(() => {})',
    'for (;;) await new Promise((r) => setTimeout(r, 1))',
  ]) {
    const result = await over({ wallMs: 1_000 }, `text("before"); ${source}`)
    expectStopped(result, 'TIME_LIMIT', 'wallMs', 1_000)
    expect(texts(result)).toEqual(['before'])
    expect(result.usage.wallMs).toBeGreaterThanOrEqual(1_000)
  }
})

test('4.8 wallMs: a loop is stopped that begins while V8 optimises the script', async () => {
  const session = newSession({ limits: { wallMs: 300 } })
  // Hot enough to be optimised, and entered anew after each await: then V8 begins with it.
  const source = `let x = []
    for (let k = 0; k < 4; k++) { for (let i = 0; i < 1000; i++); await null; for (let i = 0; i < 1000; i++); await null }
    for (;;) x = [x.length]`
  const ends = await Promise.all(Array.from({ length: 8 }, () => session.exec(source)))
  expect(ends.map(({ error }) => error?.code)).toEqual(Array(8).fill('TIME_LIMIT'))
})

test('4.8 wallMs: a cell that ends in time is not stopped, and the time of one does not count for the next', async () => {
  const session = newSession({ limits: { wallMs: 20_000, cpuMs: 20_000 } })
  for (let i = 0; i < 3; i += 1) {
    const result = await session.exec('for (let i = 0; i < 1e5; i += 1); text("in time")')
    expect(result).toMatchObject({ status: 'completed', content: [{ text: 'in time' }] })
    expect(result.usage.cpuMs).toBeLessThan(10_000)
  }
})

test('4.8 wallMs: it aborts the tool that the cell waits for', async () => {
  const tool = gate()
  const session = newSession({ limits: { wallMs: 1_000, toolGraceMs: 60_000 }, tools: { tool } })
  const running = session.exec('await tools.tool({})')
  const poll = setInterval(() => tool.calls[0]?.call.signal.aborted && tool.calls[0].resolve(), 2)
  expect(await running).toMatchObject({ status: 'failed', error: { code: 'TIME_LIMIT' } })
  clearInterval(poll)
  expect(tool.calls[0].call.signal.aborted).toBe(true)
})

test('4.8 wallMs: it also ends a cell that yielded and that nobody watches', async () => {
  const session = newSession({ limits: { wallMs: 1_000 } })
  const { status } = await session.exec('yield_control(); await new Promise(() => {})')
  expect(status).toBe('running')
  expect(await session.wait('1')).toMatchObject({ status: 'failed', error: { code: 'TIME_LIMIT' } })
})

test('4.8 outputBytes: too much output that nobody has collected ends with OUTPUT_LIMIT, and what fits is kept', async () => {
  const result = await over({ outputBytes: 100 }, 'text("a".repeat(60)); text("b".repeat(60)); text("c")')
  expectStopped(result, 'OUTPUT_LIMIT', 'outputBytes', 100)
  expect(texts(result)).toEqual(['a'.repeat(60)])
})

test('4.8 outputBytes: exactly the limit is allowed, and images count', async () => {
  expect((await over({ outputBytes: 100 }, 'text("é".repeat(50))')).status).toBe('completed')
  const image = await over({ outputBytes: 100 }, `image("data:image/png;base64,${'A'.repeat(200)}")`)
  expect(image).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_LIMIT' } })
})

test('4.8 outputBytes: what was collected does not count any more', async () => {
  const tool = gate()
  const session = newSession({ limits: { outputBytes: 100 }, tools: { tool } })
  let last = await session.exec(
    'for (let i = 0; i < 5; i += 1) { text("x".repeat(80)); yield_control(); await tools.tool({}) }',
  )
  for (let round = 0; round < 4; round += 1) {
    expect(last.status).toBe('running')
    await until(() => tool.calls.length > round)
    tool.calls[round].resolve()
    last = await session.wait('1')
  }
  expect(last.status).toBe('running')
  await until(() => tool.calls.length === 5)
  tool.calls[4].resolve()
  expect((await session.wait('1')).status).toBe('completed')
})

test('4.8 outputBytes: items cost something even if they are empty', async () => {
  const result = await over({ outputBytes: 1_000, wallMs: 20_000 }, 'for (;;) text("")')
  expect(result).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_LIMIT' } })
})

test('4.8 timers: one pending timeout too many throws in the script', async () => {
  const result = await over(
    { timers: 3 },
    'for (let i = 0; i < 3; i += 1) setTimeout(() => {}, 1e6); try { setTimeout(() => {}, 1) } catch (e) { text(e.name + ": " + e.message) }',
  )
  expect(result.status).toBe('completed')
  expect(texts(result)[0]).toMatch(/^RangeError: .*\b3\b.*limits\.timers/)
})

test('4.8 timers: those that were cleared or have run do not count', async () => {
  const source =
    'for (let i = 0; i < 30; i += 1) { clearTimeout(setTimeout(() => {}, 1e6)); await new Promise((r) => setTimeout(r)) } text("ok")'
  expect(texts(await over({ timers: 1 }, source))).toEqual(['ok'])
})

test('4.8 storedBytes: a store over it throws in the script, and the previous value survives', async () => {
  const session = newSession({ limits: { storedBytes: 60 } })
  const result = await session.exec(
    'store("k", "old"); try { store("k", "x".repeat(100)) } catch (e) { text(e.name + ": " + e.message) } text(load("k"))',
  )
  expect(result.status).toBe('completed')
  expect(texts(result)[0]).toMatch(/^RangeError: .*"k".*limits\.storedBytes.*\b60\b/)
  expect(texts(result)[1]).toBe('old')
  expect(session.storedValues()).toEqual({ k: 'old' })
})

test('4.8 storedBytes: it is that of the session, and a smaller value in place of a larger one makes room', async () => {
  const session = newSession({ limits: { storedBytes: 60 } })
  await session.exec('store("a", "x".repeat(40))')
  expect((await session.exec('store("b", "x".repeat(40))')).status).toBe('failed')
  await session.exec('store("a", 1)')
  expect((await session.exec('store("b", "x".repeat(40))')).status).toBe('completed')
})

test('4.8 sourceBytes: larger source rejects with INVALID_INPUT, in bytes and not characters', async () => {
  const session = newSession({ limits: { sourceBytes: 12 } })
  expect((await session.exec('text("1234")')).status).toBe('completed')
  await expectFault(
    session.exec('text("12345")'),
    'INVALID_INPUT',
    /\b13 bytes\b.*limits\.sourceBytes.*\b12\b/,
  )
  await expectFault(session.exec('text("12€")'), 'INVALID_INPUT', /\b13 bytes\b.*limits\.sourceBytes.*\b12\b/)
  await expectFault(session.modelTools().exec.run('text("12345")'), 'INVALID_INPUT', /limits\.sourceBytes/)
})

test('4.8 sourceBytes: the default is 1 MiB', async () => {
  const session = newSession()
  expect((await session.exec(`/*${'x'.repeat(MIB - 4)}*/`)).status).toBe('completed')
  await expectFault(session.exec(`/*${'x'.repeat(MIB - 3)}*/`), 'INVALID_INPUT', /limits\.sourceBytes/)
})

test('4.8 pendingToolCalls: one call too many rejects its promise, the others go on', async () => {
  const session = newSession({ limits: { pendingToolCalls: 2 }, tools: { t: { execute: () => 'ok' } } })
  const result = await session.exec(
    'const all = await Promise.allSettled([tools.t({}), tools.t({}), tools.t({})]); text(all.map((one) => one.value ?? one.reason.message)); text(await tools.t({}))',
  )
  expect(JSON.parse(texts(result)[0])).toEqual([
    'ok',
    'ok',
    expect.stringMatching(/\b2\b.*limits\.pendingToolCalls/),
  ])
  expect(texts(result)[1]).toBe('ok')
})

test('4.8 messageBytes: an input or a result over it fails the call only', async () => {
  const tools = {
    in: { execute: () => 'ok' },
    out: { execute: () => 'x'.repeat(2_000) },
  }
  const session = newSession({ limits: { messageBytes: 1_000 }, tools })
  const result = await session.exec(
    'for (const call of [async () => tools.in({ a: "x".repeat(2000) }), async () => tools.out({}), async () => tools.in({})]) text(await call().catch((e) => e.message))',
  )
  const [input, output, fine] = texts(result)
  expect(input).toMatch(/input of tool `in`.*\b2008 bytes\b.*limits\.messageBytes.*\b1000\b/)
  expect(output).toMatch(/result of tool `out`.*\b2002 bytes\b.*limits\.messageBytes.*\b1000\b/)
  expect(fine).toBe('ok')
})

test('4.8 deep recursion is a RangeError of the script, and not the end of the program', async () => {
  const session = newSession()
  const result = await session.exec('const f = () => f(); try { f() } catch (e) { text(e.name) }; f()')
  expect(result).toMatchObject({ status: 'failed', error: { code: 'SCRIPT_ERROR', name: 'RangeError' } })
  expect(texts(result)).toEqual(['RangeError'])
})

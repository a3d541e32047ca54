import { describe, expect, test } from 'vitest'
import { openSession, texts, textsOf } from './support/cell.js'

const BEFORE = "text('before'); store('k', 'before');"
const AFTER = "text('after'); store('k', 'after'); notify('after'); tools.call();"

/** A cell that must complete with what it did before exit, and nothing that came after it. */
async function exits(source) {
  const effects = []
  const session = openSession({
    tools: { call: { execute: () => void effects.push('call') }, tick: { execute: () => {} } },
    onNotify: ({ text }) => void effects.push(text),
  })
  const result = await session.exec(source.replaceAll('BEFORE;', BEFORE).replaceAll('AFTER;', AFTER))
  expect(textsOf(result)).toEqual(['before'])
  expect(session.storedValues()).toEqual({ k: 'before' })
  expect(effects).toEqual([])
  return result
}

test('2.9 exit: the cell completes at once, with the output and stores made before it', async () => {
  expect(await exits('BEFORE; exit(); AFTER;')).not.toHaveProperty('error')
})

test('2.9 exit: arguments do not matter, and it never returns', async () => {
  await exits("BEFORE; const back = exit(1, 'x'); AFTER; text(back)")
})

describe('2.9 exit: it cannot be held up', () => {
  test.each([
    ['in an endless loop', 'BEFORE; while (true) exit()'],
    ['an endless loop after it', 'BEFORE; exit(); while (true);'],
    [
      'misuse of helpers after it',
      "BEFORE; exit(); image('http://x'); store('k'); setTimeout(1); notify('')",
    ],
    ['catch does not run', 'BEFORE; try { exit() } catch { AFTER; }'],
    ['finally does not run', 'BEFORE; try { exit() } finally { AFTER; }'],
    [
      'catch around catch',
      'BEFORE; try { try { exit() } catch { AFTER; } } finally { AFTER; while (true); }',
    ],
    ['a loop in finally', 'BEFORE; for (;;) { try { exit() } finally { AFTER; continue } }'],
    ['using is not disposed', 'BEFORE; { using a = { [Symbol.dispose]() { AFTER; } }; exit() }'],
    [
      'a generator does not return',
      'BEFORE; for (const a of (function* () { try { yield 1 } finally { AFTER; } })()) exit()',
    ],
    [
      'an iterator is not closed',
      'BEFORE; for (const a of { [Symbol.iterator]: () => ({ next: () => ({}), return() { AFTER; } }) }) exit()',
    ],
    ['within eval and Function', "BEFORE; try { eval('exit()') } finally { AFTER; }"],
    ['within a callback of a builtin', 'BEFORE; try { [1, 2].map(() => exit()) } catch {} AFTER;'],
    ['within sort', 'BEFORE; [2, 1].sort(() => exit()); AFTER;'],
    ['within replace', "BEFORE; 'a'.replace(/a/, () => exit()); AFTER;"],
    ['within JSON.parse', "BEFORE; JSON.parse('[1]', () => exit()); AFTER;"],
    ['within a proxy trap', 'BEFORE; new Proxy({}, { get() { exit() } }).a; AFTER;'],
    ['within a constructor', 'BEFORE; new (class { constructor() { exit() } })(); AFTER;'],
    [
      'within deep recursion',
      'BEFORE; (function down(n) { try { n ? down(n - 1) : exit() } finally { AFTER; } })(500)',
    ],
    ['called through Reflect', 'BEFORE; Reflect.apply(exit, null, []); AFTER;'],
    ['called as bound function', 'BEFORE; exit.bind()(); AFTER;'],
  ])('2.9 exit: %s', async (_, source) => {
    await exits(source)
  })
})

describe('2.9 exit: with promises', () => {
  test.each([
    ['queued microtasks do not run', 'BEFORE; Promise.resolve().then(() => { AFTER; }); exit()'],
    [
      'in a microtask',
      'BEFORE; Promise.resolve().then(() => exit()).finally(() => { AFTER; }); await 0; await 0; AFTER;',
    ],
    [
      'from an unawaited promise while the script never settles',
      'BEFORE; (async () => { await 0; exit() })(); await new Promise(() => {})',
    ],
    ['after an await of the script', 'BEFORE; await 0; exit(); AFTER;'],
    ['within an async function that is awaited', 'BEFORE; await (async () => { await 0; exit() })(); AFTER;'],
    [
      'an awaiting catch does not run',
      'BEFORE; try { await (async () => exit())() } catch { AFTER; } finally { AFTER; }',
    ],
    [
      'in one of two parallel jobs',
      'BEFORE; const job = async (n) => { await 0; if (n) exit(); await 0; AFTER; }; await Promise.all([job(0), job(1)])',
    ],
    ['in an executor', 'BEFORE; try { new Promise(() => exit()) } catch { AFTER; }'],
    ['in a then getter', 'BEFORE; Promise.resolve({ get then() { exit() } }); AFTER;'],
    ['in a then method', 'BEFORE; await { then() { exit() } }; AFTER;'],
    ['after a tool call', 'BEFORE; await tools.tick(); exit(); AFTER;'],
    [
      'in the reaction to a tool call',
      'BEFORE; tools.tick().then(() => { exit(); AFTER; }); await new Promise(() => {})',
    ],
    [
      'in an async generator',
      'BEFORE; for await (const a of (async function* () { try { exit() } finally { AFTER; } })()) { AFTER; }',
    ],
    ['in stream_settled', 'BEFORE; await stream_settled([1, 2], () => exit()); AFTER;'],
    ['an error before it that nobody saw', "BEFORE; Promise.reject(new Error('x')).catch(() => {}); exit()"],
  ])('2.9 exit: %s', async (_, source) => {
    await exits(source)
  })
})

describe('2.9 exit: with timers', () => {
  test.each([
    [
      'within a timer callback',
      'BEFORE; setTimeout(() => { exit(); AFTER; }, 0); await new Promise(() => {})',
    ],
    [
      'later timers do not fire',
      'BEFORE; setTimeout(() => exit(), 0); setTimeout(() => { AFTER; }, 0); await new Promise(() => {})',
    ],
    [
      'within a microtask queued by a timer',
      'BEFORE; setTimeout(() => Promise.resolve().then(() => { exit(); AFTER; }), 0); await new Promise(() => {})',
    ],
    ['after an awaited timer', 'BEFORE; await new Promise((done) => setTimeout(done, 0)); exit(); AFTER;'],
    ['pending timers do not fire', 'setTimeout(() => { AFTER; }, 0); BEFORE; exit()'],
  ])('2.9 exit: %s', async (_, source) => {
    await exits(source)
  })
})

describe('2.9 exit: within what a helper calls, the helper has no effect', () => {
  test.each([
    ["text's toJSON", 'BEFORE; text({ toJSON() { exit(); return 1 } }); AFTER;'],
    ["text's getter", 'BEFORE; text({ get a() { exit() } }); AFTER;'],
    ["text's proxy", 'BEFORE; text(new Proxy({}, { ownKeys() { exit() } })); AFTER;'],
    ["notify's toJSON", 'BEFORE; notify({ toJSON() { exit(); return "after" } }); AFTER;'],
    ["store's toJSON", "BEFORE; store('k', { toJSON() { exit(); return 1 } }); AFTER;"],
    ["store's key", "BEFORE; store({ toString() { exit(); return 'k' } }, 'after'); AFTER;"],
    ["load's key", "BEFORE; load({ toString() { exit(); return 'k' } }); AFTER;"],
    ["image's getter", "BEFORE; image({ get image_url() { exit(); return 'data:,' } }); AFTER;"],
    ["image's detail getter", "BEFORE; image({ image_url: 'data:,', get detail() { exit() } }); AFTER;"],
    ["audio's getter", "BEFORE; audio({ get audio_url() { exit(); return 'data:,' } }); AFTER;"],
    [
      "generatedImage's hint",
      "BEFORE; generatedImage({ image_url: 'data:,', get output_hint() { exit(); return 'x' } }); AFTER;",
    ],
    [
      "setTimeout's delay",
      'BEFORE; setTimeout(() => { AFTER; }, { valueOf() { exit(); return 0 } }); AFTER;',
    ],
    ["clearTimeout's id", 'BEFORE; clearTimeout({ valueOf() { exit() } }); AFTER;'],
    ["a tool's toJSON", 'BEFORE; tools.call({ toJSON() { exit(); return {} } }); AFTER;'],
    ["as_settled's iterator", 'BEFORE; as_settled({ [Symbol.iterator]() { exit() } }); AFTER;'],
    ["import's specifier", 'BEFORE; import({ toString() { exit() } }); AFTER;'],
  ])('2.9 exit: %s', async (_, source) => {
    await exits(source)
  })
})

test('2.9 exit: code of a thrown value is never run, so an exit in its getters does not happen', async () => {
  const session = openSession()
  const result = await session.exec(`text('before')
    throw { get stack() { exit() }, get message() { exit() }, toString() { exit() } }`)
  expect(result).toMatchObject({ status: 'failed', error: { code: 'SCRIPT_ERROR', name: 'object' } })
})

test('2.9 exit: an error that was thrown before it in another promise does not fail the cell', async () => {
  expect(await texts("text('a'); (async () => { throw new Error('x') })(); exit()")).toEqual(['a'])
})

test('2.9 exit: as export of @openai/code_mode it does the same', async () => {
  await exits("import { exit as leave } from '@openai/code_mode'; BEFORE; try { leave() } finally { AFTER; }")
})

test('2.9 exit: the calls made before it were made', async () => {
  const calls = []
  const session = openSession({ tools: { call: { execute: (input) => void calls.push(input) } } })
  textsOf(await session.exec('tools.call({ n: 1 }); exit(); tools.call({ n: 2 })'))
  expect(calls).toEqual([{ n: 1 }])
})

test('2.9 exit: the next cell of the session is unharmed', async () => {
  const session = openSession()
  await session.exec('while (true) exit()')
  expect(textsOf(await session.exec("text('on')"))).toEqual(['on'])
})

// Makes random scripts. Each tells what it does as it does it, so that whoever watches it can check what it did.
//
// What a script prints: `n TEXT`, with n counted from 0. TEXT is one of
//   `at NUMBER`      it came by here
//   `S VALUE`        it has stored VALUE under the key of its cell
//   `END done`, `END throw`, `END exit`: what it does next is the last thing it does
//   `WRONG …`        it saw what must not be

/** @typedef {ReturnType<typeof import('../../__test__/support/random.js').random>} Random */

const PRELUDE = (cell) => `
let count = 0, stored = 0
const emit = (what) => text(count++ + ' ' + what)
const wrong = (what) => emit('WRONG ' + what)
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const same = (one, other, what) => { if (JSON.stringify(one) !== JSON.stringify(other)) wrong(what + ': ' + JSON.stringify(one)) }
const keep = () => { store('${cell}', ++stored); emit('S ' + stored); same(load('${cell}'), stored, 'load') }
const echo = async (value) => { const back = await tools.echo({ cell: '${cell}', value }); same(back, value, 'echo') }
const leave = () => { emit('END exit'); exit(); wrong('after exit') }
const fail = () => { emit('END throw'); throw new RangeError('meant') }
`

const LONGEST_SLEEP_MS = 4

/** Statements that only print, wait or call. Each gets the random numbers and a way to make more statements. */
const STATEMENTS = [
  (random) => `emit('at ${random.below(1000)}')`,
  (random) => `for (let i = 0; i < ${random.below(6)}; i++) emit('at ' + i)`,
  () => 'keep()',
  (random) => `await echo(${literal(random)})`,
  (random) => `await Promise.all([${many(random, () => `echo(${literal(random)})`)}])`,
  (random) => `echo(${literal(random)}).catch(() => {})`,
  () =>
    `await tools.fail().then(() => wrong('no failure'), (error) => same([error.name, error.message], ['ToolError', 'meant'], 'failure'))`,
  () => 'tools.fail().catch(() => {})',
  (random) => `await tools.slow({ ms: ${random.below(LONGEST_SLEEP_MS)} })`,
  (random) => `tools.slow({ ms: ${random.below(3 * LONGEST_SLEEP_MS)} })`,
  () => 'tools.never()',
  (random) => `await Promise.race([tools.never(), sleep(${random.below(LONGEST_SLEEP_MS)})])`,
  (random) => `await sleep(${random.below(LONGEST_SLEEP_MS)})`,
  (random) => `setTimeout(() => emit('at timeout'), ${random.below(2 * LONGEST_SLEEP_MS)})`,
  (random) => `clearTimeout(setTimeout(() => wrong('a cleared timeout'), ${random.below(LONGEST_SLEEP_MS)}))`,
  (random) =>
    `{ let left = ${random.below(5)}; const next = () => { if (left-- > 0) setTimeout(next) }; next() }`,
  () => 'yield_control()',
  (random) => `notify('${random.below(1000)}')`,
  (random) => `for await (const { value } of as_settled([${many(random, () => pick(random))}])) void value`,
  (random) => `await stream_settled([${many(random, () => pick(random))}], () => emit('at settled'))`,
  () => `text({ toJSON() { emit('at toJSON'); return undefined } }[Symbol.iterator] ?? '')`,
  () => `store({ toString() { emit('at toString'); return 'x' } }.toString(), 1)`,
  () => `Promise.reject(new Error('nobody looks'))`,
  () => `Promise.resolve().then(() => { throw 1 }).catch(() => emit('at caught'))`,
  () => `try { (function f() { f() })() } catch (error) { same(error.name, 'RangeError', 'overflow') }`,
  () => `for (let i = 0; i < 1e5; i++);`,
  () => `same((await import('@openai/code_mode')).text === text, true, 'module')`,
  () => `try { image(1) } catch (error) { same(error.name, 'TypeError', 'misuse') }`,
  () => `new Uint8Array(1e5).fill(1); new ArrayBuffer(8, { maxByteLength: 1e5 }).resize(1e4)`,
  () => `queue.push(sleep(1).then(() => emit('at queue')))`,
]

/** Statements with others inside. */
const BLOCKS = [
  (body) => `{ ${body()} }`,
  (body) => `try { ${body()} } finally { ${body()} }`,
  (body) => `try { ${body()}; throw 1 } catch { ${body()} }`,
  (body) => `await (async () => { ${body()} })()`,
  (body) => `(async () => { ${body()} })().catch(() => {})`,
  (body) => `await new Promise((done) => setTimeout(async () => { try { ${body()} } finally { done() } }))`,
  (body) => `for (let i = 0; i < 3; i++) { ${body()} }`,
  (body) =>
    `for await (const one of (async function* () { yield 1; ${body()}; yield 2 })()) { ${body()}; break }`,
  (body) => `await Promise.allSettled([(async () => { ${body()} })(), (async () => { ${body()} })()])`,
  (body) => `queue.push((async () => { ${body()} })().catch(() => {}))`,
]

/** How a script ends, if it comes that far. */
const ENDS = [
  ...Array(8).fill("await Promise.all(queue); emit('END done')"),
  "emit('END done')",
  ...Array(3).fill('fail()'),
  ...Array(3).fill('leave()'),
  'await new Promise(() => { setTimeout(leave, 2) })',
  'text({ toJSON: leave })',
  'await tools.echo({ get value() { leave() } })',
  '[2, 1].sort(leave)',
  'await new Promise(() => {})',
  'for (;;);',
  'for (;;) await null',
  'for (;;) await sleep(1)',
  'try { for (;;); } finally { wrong("finally after a stop") }',
  'const all = []; for (;;) all.push(new Array(100).fill(0))',
]

/**
 * A script for the cell with this key.
 *
 * @param {Random} random
 * @param {string} cell
 */
export function randomScript(random, cell) {
  return `${PRELUDE(cell)}\nconst queue = [];\n${statements(random, 3)}\n${random.pick(ENDS)}`
}

/**
 * @param {Random} random
 * @param {number} depth
 * @returns {string}
 */
function statements(random, depth) {
  const lines = Array.from({ length: 1 + random.below(5) }, () => {
    if (depth > 0 && random.chance(0.3)) return random.pick(BLOCKS)(() => statements(random, depth - 1))
    // Now and then the end comes in the middle of something.
    if (depth < 3 && random.chance(0.01)) return 'leave()'
    return random.pick(STATEMENTS)(random)
  })
  return lines.map((line) => `${line};`).join('\n')
}

/** @param {Random} random */
function literal(random) {
  const text = ['""', '"é€😀"', '"\\u2028"', '{ "__proto__": 1, a: [] }', '[[], {}]', 'null', '1e21', 'true']
  return random.chance(0.5) ? String(random.below(1000)) : random.pick(text)
}

/**
 * @param {Random} random
 * @param {() => string} one
 */
function many(random, one) {
  return Array.from({ length: random.below(5) }, one).join(', ')
}

/** @param {Random} random */
function pick(random) {
  return random.pick([
    '1',
    'sleep(1)',
    'tools.slow({ ms: 1 })',
    'Promise.reject(1)',
    'tools.fail()',
    'echo(1)',
  ])
}

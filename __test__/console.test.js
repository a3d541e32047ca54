import { Console } from 'node:console'
import { channel } from 'node:diagnostics_channel'
import { Writable } from 'node:stream'
import { format } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSession, run, texts } from './support/cell.js'

/** @import { ConsoleEvent } from 'codecell' */

const OUTPUT = /** @type {const} */ ({ console: 'output' })

/** Expressions of which Node and a cell must say the same. */
const VALUES = [
  "1, -0, 1.5, 10n, 'a', true, null, undefined, Symbol('s'), NaN",
  `["it's", '"\\'', 'a\\nb', '\\x00\\x1b\\ud800x', 'é']`,
  '{}, [], { a: 1 }, { a: { b: { c: { d: 1 } } } }, [1, [2, [3, [4, [5]]]]]',
  '{ a: undefined, b: null, c: [undefined, null], "a-b": 1, [Symbol("k")]: 2, __proto__: { hidden: 1 } }',
  'Array.from({ length: 150 }, (_, i) => i)',
  "Array.from({ length: 30 }, (_, i) => 'item' + i)",
  "['apple', 'banana', 'cherry', 'dates', 'elderberry', 'fig', 'grape'], [1.5, 2.25, 3, 4, 5, 6, 7, 8, 9, 10]",
  "['日本', '語', 'ab', 'cd', 'ef', 'gh', 'ij']",
  '[1, , 3], [, 1, , , 2, , ], new Array(5), Object.assign([1, 2], { x: 1 })',
  "new Map([[1, { a: 2 }], ['k', [1]]]), new Set([1, 'a', { b: 2 }]), new Map(), new Set()",
  'new Map([[1, 2]]).entries(), new Set([1]).values(), new Map([[1, 2]]).keys(), [1, 2][Symbol.iterator]()',
  'new WeakMap(), new WeakSet(), Promise.resolve({ a: 1 }), new Promise(() => {})',
  'new (class Shape { constructor() { this.x = 1 } })(), class A {}, class extends Array {}, new (class M extends Map {})([[1, 2]])',
  'function f() {}, () => {}, async () => {}, function* g() {}, async function* h() {}, Object.assign(() => {}, { a: 1 })',
  'Object.create(null), Object.assign(Object.create(null), { a: 1 }), Object.create({}), Object.create(new (class A {})())',
  'new Date(0), new Date(NaN), /a[b]/giu, Object(1), Object("text"), Object(Symbol("q")), Object(1n)',
  'new Uint8Array(5), new Uint8Array(200), new Float64Array([1.5, -0]), new BigInt64Array(2)',
  'new ArrayBuffer(4), new DataView(new ArrayBuffer(4))',
  '{ get a() { return 1 }, set a(v) {}, get b() { return 2 }, set c(v) {} }',
  "{ long: 'line one\\nline two is long enough to be split over several lines, surely it is\\nthree' }",
  "'x'.repeat(20000), ['x'.repeat(20000)], ['x'.repeat(100), 'y'.repeat(100)]",
  "{ x: [{ a: 1, b: 2 }, { a: 3, b: 4 }], y: [[[[]]]], h: new Map([['a', { b: { c: {} } }]]) }",
  '(() => { const a = { name: "a" }; a.self = a; a.list = [a, { a }]; return a })()',
  'Array.from({ length: 101 }, () => ({ a: 1 }))',
  '(function () { return arguments })(1, 2), Math, JSON, { [Symbol.toStringTag]: "T", a: 1 }',
  'new Proxy({ a: 1 }, {}), new Proxy([1, 2], {}), new Proxy(() => {}, {})',
]

/** Arguments with format specifiers. */
const FORMATS = [
  "'%s %d %i %f %j %o %O %c%%', 'a', 1.5, '2.9', '3.5x', { a: 1 }, [1], { b: { c: { d: {} } } }, 'css'",
  "'%s', { a: { b: 1 } }",
  "'%s %s', -0, 5n",
  "'%d %d', 'x', 10n",
  "'100%', 1",
  "'%x %s', 1",
  "'%s'",
  "'%% %s', 'a'",
  "'%s', 'a', 'b', { c: 1 }",
  "1, '%s', 'b'",
  "'%s %s %s', null, undefined, Symbol('a')",
  "'%s', () => 1",
  "'%i', {}",
  "'%o', { a: [1], f: null }",
  "'a', 'b'",
  "'%'",
  '',
]

/**
 * What Node makes of the arguments.
 *
 * @param {string} source
 */
function inNode(source) {
  return format(.../** @type {unknown[]} */ (new Function(`return [${source}]`)()))
}

const NODE = Number(process.versions.node.split('.')[0])

describe.each(['thread', 'process'])('isolation: %s', (isolation) => {
  // Node 26 shows keys that are symbols, proxies and buffers in another way than those before it.
  test.skipIf(NODE >= 26)('console.log writes what Node writes, one text for each call', async () => {
    const sources = [...VALUES, ...FORMATS]
    const options = { ...OUTPUT, isolation: /** @type {'thread' | 'process'} */ (isolation) }
    const printed = await texts(sources.map((source) => `console.log(${source})`).join('\n'), options)
    expect(printed).toEqual(sources.map(inNode))
  })
})

test('console.table draws what Node draws', async () => {
  const tables = [
    "[{ a: 1, b: 'x' }, { a: 2, c: true }]",
    '[1, 2, 3]',
    '[[1, 2], [3, 4]]',
    "new Map([['a', 1]])",
    'new Set([1])',
    '{ r1: { c: 1 }, r2: { c: 2 } }',
    "[{ a: 1, b: 2 }], ['b']",
    "'x'",
    "[{ n: '日本' }]",
  ]
  let drawn = ''
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      drawn += chunk
      done()
    },
  })
  const inNodeToo = tables.map((source) => {
    drawn = ''
    new Function('console', `console.table(${source})`)(new Console({ stdout }))
    return drawn.replace(/\n$/, '')
  })
  expect(await texts(tables.map((source) => `console.table(${source})`).join('\n'), OUTPUT)).toEqual(
    inNodeToo,
  )
})

test('every method of a console is there, and writes what its name says', async () => {
  const source = `
    for (const method of ['log', 'info', 'debug', 'warn', 'error', 'dirxml']) console[method]('%s:', method, [1])
    console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 })
    console.assert(true, 'not written')
    console.assert(false)
    console.assert(0, 'no %s', 'pages')
    console.count(); console.count(); console.count('x'); console.countReset(); console.count()
    console.group('outer'); console.log('in\\nner'); console.group(); console.log('deep'); console.groupEnd(); console.groupEnd()
    console.log('out')
    console.time('t'); console.timeLog('t', 'so far'); console.timeEnd('t'); console.timeEnd('t')
    console.clear()`
  const printed = await texts(source, OUTPUT)
  expect(printed.slice(0, -2)).toEqual([
    ...['log', 'info', 'debug', 'warn', 'error', 'dirxml'].map((method) => `${method}: [ 1 ]`),
    '{ a: [Object] }',
    'Assertion failed',
    'Assertion failed: no pages',
    'default: 1',
    'default: 2',
    'x: 1',
    'default: 1',
    'outer',
    '  in\n  ner',
    '    deep',
    'out',
  ])
  expect(printed.at(-2)).toMatch(/^t: \d+ms so far$/)
  expect(printed.at(-1)).toMatch(/^t: \d+ms$/)
})

test('errors are shown with their place, their cause and what else they hold', async () => {
  const source = `class PageError extends Error { constructor(m, o) { super(m, o); this.code = 404 } }
const error = new PageError('no page', { cause: new TypeError('inner') })
console.log(error)
console.log({ error: new RangeError('deep') })
console.trace('here')`
  const [shown, inObject, trace] = await texts(source, OUTPUT)
  expect(shown).toMatch(/^PageError: no page\n {4}at exec_main\.mjs:2:15 \{\n/)
  expect(shown).toContain('code: 404')
  expect(shown).toContain('[cause]: TypeError: inner\n')
  expect(inObject).toMatch(/^\{\n {2}error: RangeError: deep\n {6}at exec_main\.mjs:4:22\n\}$/)
  expect(trace).toBe('Trace: here\n    at exec_main.mjs:5:9')
})

test('text and console share the order of the output', async () => {
  expect(await texts("text('a'); console.log('b'); text('c')", OUTPUT)).toEqual(['a', 'b', 'c'])
})

test("'off' leaves console out, 'output' tells the model of it", async () => {
  expect((await run('console.log(1)')).error.message).toMatch(/^console is not defined/)
  expect(openSession().modelTools().exec.description).toContain('no console')
  expect(openSession({ console: 'events' }).modelTools().exec.description).toContain('no console')
  const { exec } = openSession(OUTPUT).modelTools()
  expect(exec.description).toContain('`console.log` and its kin emit text')
  expect((await exec.run('console.log("hi")')).content.at(-1)).toEqual({ type: 'text', text: 'hi' })
})

test("'events' tells the channel, before the cell's last answer, and adds nothing to the output", async () => {
  /** @type {ConsoleEvent[]} */
  const events = []
  const listen = (/** @type {any} */ event) => events.push(event)
  channel('codecell:console').subscribe(listen)
  onTestFinished(() => void channel('codecell:console').unsubscribe(listen))
  const source = `for (const method of ['debug', 'info', 'log', 'warn', 'error']) console[method]({ method })
    console.assert(false); console.trace(); text('out')`
  const { content, cellId } = await openSession({ console: 'events' }).exec(source, { callId: 'call-1' })
  expect(content).toEqual([{ type: 'text', text: 'out' }])
  const own = events.filter((event) => event.callId === 'call-1')
  expect(own.map(({ level, text }) => `${level} ${text.split('\n')[0]}`)).toEqual([
    "debug { method: 'debug' }",
    "info { method: 'info' }",
    "log { method: 'log' }",
    "warn { method: 'warn' }",
    "error { method: 'error' }",
    'warn Assertion failed',
    'error Trace',
  ])
  expect(new Set(own.map((event) => event.cellId))).toEqual(new Set([cellId]))
})

test('what is written counts as output', async () => {
  for (const console of /** @type {const} */ (['output', 'events'])) {
    const { error } = await run('for (;;) console.log("x".repeat(100))', {
      console,
      limits: { outputBytes: 5_000 },
    })
    expect(error?.code).toBe('OUTPUT_LIMIT')
  }
})

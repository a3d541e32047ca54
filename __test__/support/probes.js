// Scripts that kill or hang what runs them: those on which other libraries were seen to fail, and those that V8's own
// code makes likely. Each is run with a heap of 64 MiB.

/**
 * @typedef {object} Probe
 * @property {string} source
 * @property {string | string[]} outcome the code of the error, or the status
 * @property {number} [wallMs] the life of the cell; a second if it is not given
 * @property {number} [heldMiB] how much more the process may hold afterwards, if its engine is lost
 */

const TIME = 'TIME_LIMIT'
const MEMORY = 'MEMORY_LIMIT'
/** Where another limit is to be met first, however slow the machine. */
const LONG = 30_000
const THROWN = 'SCRIPT_ERROR'
const DEEP = 'let deep = []; for (let i = 0; i < 2e5; i++) deep = [deep];'

/**
 * Nothing of these is left once they have ended.
 *
 * @type {Record<string, Probe>}
 */
export const STOPPED = {
  'a loop': { source: 'for (;;);', outcome: TIME },
  'an endless chain of awaits': { source: '(async () => { for (;;) await 0 })(); await null', outcome: TIME },
  'a chain of promises': {
    source: 'const next = () => Promise.resolve().then(next); await next()',
    outcome: MEMORY,
    wallMs: LONG,
  },
  'a regular expression that backtracks': { source: "/^(a+)+$/.test('a'.repeat(40) + 'b')", outcome: TIME },
  'a loop in finally': { source: 'for (;;) { try { for (;;); } finally { continue } }', outcome: TIME },
  'a loop in catch': { source: 'for (;;) try { for (;;); } catch { for (;;); }', outcome: TIME },
  'a promise that never settles': { source: 'await new Promise(() => {})', outcome: TIME },
  'an async generator that refuses to return': {
    source: `async function* g() { for (;;) try { yield 1 } finally { for (;;); } }
      for await (const one of g()) break`,
    outcome: TIME,
  },
  'deep recursion': { source: 'const f = () => f(); f()', outcome: THROWN },
  'deep recursion through toJSON': {
    source: 'const o = { toJSON() { return { o: JSON.stringify(o) } } }; text(o)',
    outcome: THROWN,
  },
  'deep recursion in a regular expression': {
    source: "new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('')",
    outcome: THROWN,
  },
  'deep recursion of the parser': { source: "(0, eval)('['.repeat(1e6))", outcome: THROWN },
  'deep JSON that is parsed': {
    source: "JSON.parse('['.repeat(5e6))",
    outcome: [THROWN, MEMORY],
    wallMs: LONG,
  },
  'a deep array as output': { source: `${DEEP} text(deep)`, outcome: THROWN },
  'a deep array for a tool': { source: `${DEEP} await tools.echo({ deep })`, outcome: THROWN },
  'a deep array that is stored': { source: `${DEEP} store('deep', deep)`, outcome: THROWN },
  'a deep array that is thrown': { source: `${DEEP} throw deep`, outcome: THROWN },
  'a deep result of a tool': { source: 'await tools.deep()', outcome: [THROWN, 'completed'] },
  'a getter that loops in output': { source: 'text({ get x() { for (;;); } })', outcome: TIME },
  'a getter that loops in the input of a tool': {
    source: 'await tools.echo({ get x() { for (;;); } })',
    outcome: TIME,
  },
  'a toJSON that loops': { source: "store('k', { toJSON() { for (;;); } })", outcome: TIME },
  'a conversion that loops': { source: 'setTimeout(() => {}, { valueOf() { for (;;); } })', outcome: TIME },
  'a proxy whose ownKeys loops': {
    source: 'text(new Proxy({}, { ownKeys() { for (;;); } }))',
    outcome: TIME,
  },
  'a proxy without end': {
    source:
      'let p = new Proxy({}, { get: () => p, has: () => true, ownKeys: () => ["a"], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) }); text(p)',
    outcome: [THROWN, TIME, MEMORY],
  },
  'a thenable that loops': { source: 'await { then() { for (;;); } }', outcome: TIME },
  'a thenable as result of a callback': {
    source: 'await stream_settled([1], () => ({ then() { for (;;); } }))',
    outcome: TIME,
  },
  'Atomics.wait for ever': {
    source: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    outcome: THROWN,
  },
  'a WebAssembly.Memory that is filled': {
    source: 'new Uint8Array(new WebAssembly.Memory({ initial: 30000 }).buffer).fill(1)',
    outcome: THROWN,
  },
  'array buffers that are filled': {
    source: 'const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))',
    outcome: MEMORY,
    wallMs: LONG,
  },
  'a resizable array buffer that grows': {
    source:
      'const b = new ArrayBuffer(8, { maxByteLength: 2 ** 32 }); b.resize(2 ** 31); new Uint8Array(b).fill(1)',
    outcome: MEMORY,
  },
  'a heap that grows': { source: 'const all = []; for (;;) all.push({})', outcome: MEMORY, wallMs: LONG },
  'closures that grow': {
    source: 'let f = () => 1; for (;;) { const g = f; f = () => g() }',
    outcome: MEMORY,
    wallMs: LONG,
  },
  'a map that grows': {
    source: 'const m = new Map(); for (let i = 0; ; i++) m.set(i, i)',
    outcome: MEMORY,
    wallMs: LONG,
  },
  'a string that grows': {
    source: "let s = ''; const all = []; for (;;) all.push((s += 'xy' + s.length).slice(1))",
    outcome: MEMORY,
    wallMs: LONG,
  },
  'WeakRefs without number': { source: 'for (;;) new WeakRef({})', outcome: [MEMORY, TIME] },
  'symbols without number': { source: 'for (let i = 0; ; i++) Symbol.for(`s${i}`)', outcome: [MEMORY, TIME] },
  'code without end': {
    source: 'for (let i = 0; ; i++) eval(`(function f${i}() { return ${i} })()`)',
    outcome: [MEMORY, TIME],
  },
  'a BigInt that grows': { source: 'let n = 3n; for (;;) n *= n', outcome: [TIME, MEMORY, THROWN] },
  'a BigInt printed': { source: 'String(7n ** (2n ** 24n))', outcome: [TIME, THROWN, 'completed'] },
  'a sort of 30 million elements': {
    source: 'const a = []; for (let i = 0; i < 3e7; i++) a.push(3e7 - i); a.sort()',
    outcome: MEMORY,
    wallMs: LONG,
  },
  'a sort whose comparator loops': { source: '[2, 1].sort(() => { for (;;); })', outcome: TIME },
  'a large array buffer that is sorted': {
    source: 'const a = new Float64Array(4e6); for (let i = 0; i < a.length; i++) a[i] = -i; a.sort()',
    outcome: ['completed', TIME],
  },
  'an error whose stack loops': {
    source: "const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for (;;); } }); throw e",
    outcome: THROWN,
  },
  'an error whose message and name loop': {
    source:
      'throw Object.create(Error.prototype, { message: { get() { for (;;); } }, name: { get() { for (;;); } } })',
    outcome: THROWN,
  },
  'Error.prepareStackTrace that loops': {
    source: "Error.prepareStackTrace = () => { for (;;); }; throw new Error('x')",
    outcome: [THROWN, TIME],
  },
  'an error with a message of 200 MB': {
    source: "throw new Error('x'.repeat(2e8))",
    outcome: [THROWN, MEMORY],
    wallMs: LONG,
  },
  'a text of 400 MB': {
    source: "text('x'.repeat(4e8))",
    outcome: ['OUTPUT_LIMIT', MEMORY],
    wallMs: LONG,
  },
  'a join that grows': {
    source: "Array(2 ** 25).fill('x'.repeat(100)).join('')",
    outcome: [MEMORY, THROWN, TIME],
  },
  'a string normalised': {
    source: "'\\uFDFA'.repeat(2 ** 21).normalize('NFKD')",
    outcome: [MEMORY, THROWN, TIME, 'completed'],
  },
  'timeouts without number': { source: 'for (;;) setTimeout(() => {}, 1e9)', outcome: THROWN },
  'timeouts that set timeouts': {
    source: 'const f = () => { setTimeout(f); setTimeout(f) }; f(); await new Promise(() => {})',
    outcome: [TIME, THROWN],
  },
  'tool calls without number': { source: 'for (;;) tools.echo({})', outcome: [TIME, MEMORY] },
  'output without number': { source: "for (;;) text('x')", outcome: 'OUTPUT_LIMIT', wallMs: LONG },
  'notifications without number': { source: "for (;;) notify('x')", outcome: 'OUTPUT_LIMIT', wallMs: LONG },
  'rejections without number': { source: 'for (;;) Promise.reject(1)', outcome: [TIME, MEMORY] },
  'modules without number': {
    source: "for (;;) import('tools.js?' + Math.random()).catch(() => {})",
    outcome: MEMORY,
    wallMs: LONG,
  },
}

/**
 * The engine is lost with these: V8 can't go on there, or can't be stopped. The host and every other cell go on.
 *
 * @type {Record<string, Probe>}
 */
export const LOST = {
  'an array of 2^28 elements made by split': {
    source: "'x'.repeat(2 ** 28).split('')",
    outcome: MEMORY,
    wallMs: LONG,
    heldMiB: 900,
  },
  'an array of 2^29 elements made by spreading': {
    source: "[...'.'.repeat(2 ** 29 - 25)]",
    outcome: MEMORY,
    wallMs: LONG,
    heldMiB: 1100,
  },
  'an array of 2^27 elements made by JSON.parse': {
    source: "JSON.parse('[' + '1,'.repeat(0x7fffffd) + '1]')",
    outcome: MEMORY,
    wallMs: LONG,
    heldMiB: 1600,
  },
  'an array of 1e9 elements that is filled': {
    source: 'new Array(1e9).fill(0)',
    outcome: MEMORY,
    wallMs: LONG,
    heldMiB: 300,
  },
  'an array of 1e8 elements made by Array.from': {
    source: 'Array.from({ length: 1e8 })',
    outcome: MEMORY,
    wallMs: LONG,
    heldMiB: 300,
  },
  'a tool input of 400 MB': {
    source: "await tools.echo({ a: 'x'.repeat(4e8) })",
    outcome: MEMORY,
    wallMs: LONG,
    heldMiB: 1000,
  },
  'a store of 400 MB': {
    source: "store('k', 'x'.repeat(4e8))",
    outcome: MEMORY,
    wallMs: LONG,
    heldMiB: 1000,
  },
  'a replace that grows': {
    source: "'a'.repeat(2 ** 28).replace(/a/g, 'bbbb')",
    outcome: MEMORY,
    wallMs: LONG,
    heldMiB: 1000,
  },
  'native code that never polls': {
    source: 'Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)',
    outcome: 'ENGINE_LOST',
  },
}

import { expect, test } from 'vitest'
import { json, openSession, texts, textsOf } from './support/cell.js'

const ECMASCRIPT = `
  AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean DataView Date
  DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity
  Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
  ReferenceError Reflect RegExp Set String SuppressedError Symbol SyntaxError Temporal TypeError URIError
  Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent
  encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape`

const HELPERS = `
  ALL_TOOLS as_settled audio clearTimeout exit generatedImage image load notify setTimeout store stream_settled
  text tools yield_control`

const names = (list) => list.trim().split(/\s+/)

test('2.1 the global object has the properties of ECMAScript, the helpers, and nothing else', async () => {
  const found = await json('text(Reflect.ownKeys(globalThis).map(String))')
  expect(found.sort()).toEqual([...names(ECMASCRIPT), ...names(HELPERS)].sort())
})

test('2.1 the global object inherits nothing but what every object does', async () => {
  const source = `const prototype = Object.getPrototypeOf(globalThis)
    text([
      Object.getPrototypeOf(prototype) === Object.prototype,
      Reflect.ownKeys(prototype),
      prototype.constructor === Object,
    ])`
  expect(await json(source)).toEqual([true, ['constructor'], true])
})

test.each(['console', 'Atomics', 'SharedArrayBuffer', 'WebAssembly'])(
  '2.1 what V8 ships but a cell must not have is removed: %s',
  async (name) => {
    expect(await texts(`text(typeof ${name}); text('${name}' in globalThis)`)).toEqual(['undefined', 'false'])
  },
)

test.each(
  names(`process require module exports __dirname Buffer global fetch URL URLSearchParams TextEncoder TextDecoder
    queueMicrotask structuredClone setInterval setImmediate crypto performance atob btoa AbortController Event
    EventTarget Blob WebSocket XMLHttpRequest Worker MessageChannel navigator window self Deno Bun`),
)('2.1 what V8 itself does not have is absent: %s', async (name) => {
  expect(await texts(`text(typeof ${name})`)).toEqual(['undefined'])
})

test('2.1 the script is a module: `this` is undefined', async () => {
  expect(await texts('text(this)')).toEqual(['undefined'])
})

test('2.1 the script is strict: an assignment to an unknown name throws, and `this` of a plain call is undefined', async () => {
  const source = `try { unknown = 1 } catch (error) { text(error.name) }
    text((function () { return this })())
    try { (function () { return arguments.callee })() } catch (error) { text(error.name) }`
  expect(await texts(source)).toEqual(['ReferenceError', 'undefined', 'TypeError'])
})

test('2.1 top-level await is allowed', async () => {
  expect(await texts('text(await Promise.resolve(1))')).toEqual(['1'])
})

test('2.1 declarations do not become properties of the global object', async () => {
  const source = `var a = 1; let b = 2; const c = 3; function d() {} class E {}
    text(['a', 'b', 'c', 'd', 'E'].filter((name) => name in globalThis))`
  expect(await texts(source)).toEqual(['[]'])
})

test('2.1 neither declarations nor global properties leak into later cells', async () => {
  const session = openSession()
  await session.exec('var leak = 1; globalThis.leak = 1; Array.prototype.leak = 1; text = undefined')
  const later = await session.exec(
    'text(typeof leak); text(typeof globalThis.leak); text("leak" in Array.prototype)',
  )
  expect(textsOf(later)).toEqual(['undefined', 'undefined', 'false'])
})

test('2.1 cells that live at the same time share no global', async () => {
  const session = openSession({ tools: { meet: { execute: meeting(2) } } })
  const source = (id) => `globalThis.mine = ${id}; await tools.meet(); text(globalThis.mine)`
  const results = await Promise.all([session.exec(source(1)), session.exec(source(2))])
  expect(results.map(textsOf)).toEqual([['1'], ['2']])
})

/** Resolves once so many have come. */
function meeting(size) {
  const waiting = []
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (waiting.length === size) for (const go of waiting) go()
    })
}

test('2.1 helpers are writable, enumerable and configurable data properties', async () => {
  const source = `text(${JSON.stringify(names(HELPERS))}.filter((name) => {
    const { writable, enumerable, configurable, get } = Object.getOwnPropertyDescriptor(globalThis, name)
    return !(writable && enumerable && configurable && get === undefined)
  }))`
  expect(await texts(source)).toEqual(['[]'])
})

test('2.1 a script may overwrite and delete every helper', async () => {
  const source = `const print = text
    const helpers = ${JSON.stringify(names(HELPERS))}
    for (const name of helpers) {
      globalThis[name] = name
      if (globalThis[name] !== name) print('could not overwrite ' + name)
      if (!delete globalThis[name] || name in globalThis) print('could not delete ' + name)
    }
    print(helpers.length)`
  expect(await texts(source)).toEqual([String(names(HELPERS).length)])
})

test('2.1 a helper is overwritten by a plain assignment to its name', async () => {
  expect(await texts('const print = text; text = 1; tools = 2; print([text, tools])')).toEqual(['[1,2]'])
})

test('2.1 every native helper is a function with its own name, and none is a constructor', async () => {
  const helpers = names(HELPERS).filter((name) => !/tools|settled/i.test(name))
  const source = `text(${JSON.stringify(helpers)}.filter((name) => {
    const helper = globalThis[name]
    if (!(helper instanceof Function) || helper.name !== name) return true
    try {
      Reflect.construct(Object, [], helper)
      return true
    } catch {
      return false
    }
  }))`
  expect(await json(source)).toEqual([])
})

test('2.1 what V8 ships and is harmless stays: eval, Function, Proxy, Reflect, WeakRef and the rest', async () => {
  const source = `text([
    eval('1 + 1'),
    new Function('a', 'return a * 2')(4),
    new Proxy({}, { get: () => 'trap' }).x,
    Reflect.has({ a: 1 }, 'a'),
    new WeakRef(globalThis).deref() === globalThis,
    typeof new FinalizationRegistry(() => {}).register,
    Iterator.from([1, 2]).map((one) => one + 1).toArray(),
    new Float16Array([1.5])[0],
    typeof new DisposableStack().use,
    typeof new AsyncDisposableStack().use,
    new SuppressedError(1, 2).suppressed,
    unescape(escape('ä')),
  ])`
  expect(await json(source)).toEqual([
    2,
    8,
    'trap',
    true,
    true,
    'function',
    [2, 3],
    1.5,
    'function',
    'function',
    2,
    'ä',
  ])
})

test('2.1 Date works, and tells times of any locale', async () => {
  const source = `const date = new Date('2025-01-02T03:04:05Z')
    text(date.toLocaleString('fr-FR', {
      weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit', second: '2-digit',
      hour12: false, timeZone: 'UTC',
    }))
    text(Date.now() > date.getTime())`
  expect(await texts(source)).toEqual(['jeudi 2 janvier à 03:04:05', 'true'])
})

test('2.1 Intl has the data of all locales', async () => {
  const source = `text([
    new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' }).format(1234.5),
    ['z', 'ä', 'a'].sort(new Intl.Collator('sv').compare).join(''),
    new Intl.PluralRules('ar').select(3),
    [...new Intl.Segmenter('ja', { granularity: 'word' }).segment('今日は')].length > 0,
    new Intl.DisplayNames('en', { type: 'region' }).of('JP'),
  ])`
  expect(await json(source)).toEqual(['1.234,50\u00a0€', 'azä', 'few', true, 'Japan'])
})

test('2.1 Temporal works', async () => {
  const source = `text(Temporal.PlainDate.from('2024-02-28').add({ days: 2 }).toString())
    text(Temporal.Instant.from('2025-01-02T03:04:05Z').toZonedDateTimeISO('Europe/Paris').toString())`
  expect(await texts(source)).toEqual(['2024-03-01', '2025-01-02T04:04:05+01:00[Europe/Paris]'])
})

test('2.1 microtasks run in order, and before any timer', async () => {
  const source = `setTimeout(() => text('timer'), 0)
    Promise.resolve().then(() => text('microtask'))
    text('script')
    await new Promise((done) => setTimeout(done, 0))`
  expect(await texts(source)).toEqual(['script', 'microtask', 'timer'])
})

// Ways out of other sandboxes, tried here: whatever a script gets hold of leads to its own realm only.

import { describe, expect, test } from 'vitest'
import { json, texts } from './support/cell.js'
import { ISOLATIONS } from './support/isolations.js'
import { watchHost } from './support/plain.js'

/** Names that would show a realm other than the cell's. */
const OUTSIDE = "['process', 'require', 'module', 'Buffer', 'global', 'fetch', 'setInterval', 'console']"

/**
 * Says of a value whether it leads out. Every chain of prototypes of another realm ends in another Object.prototype, and
 * every function of another realm has constructors that make functions there.
 */
const PRELUDE = `
const { prototype: root } = Object, prototypeOf = Object.getPrototypeOf, evaluated = new Map(), seen = []
const inside = (made) => {
  if (!evaluated.has(made)) evaluated.set(made, made('return globalThis')())
  const global = evaluated.get(made)
  return global === globalThis || typeof global.next === 'function' || global instanceof AsyncResult
}
const AsyncResult = Promise
const look = (...values) => {
  for (const value of values) {
    if (Object(value) !== value) continue
    let last = value
    for (let at = value; at !== null; at = prototypeOf(at)) {
      last = at
      for (const made of [at.constructor?.constructor, at.constructor?.constructor?.constructor])
        if (typeof made === 'function' && !inside(made)) seen.push('another global object')
    }
    if (last !== root && prototypeOf(value) !== null && last !== value) seen.push('another Object.prototype')
  }
}
const names = ${OUTSIDE}.filter((name) => name in globalThis)
`

const tools = {
  call: { execute: (input) => ({ input, list: [{}] }) },
  bad: {
    execute() {
      throw new TypeError('no')
    },
  },
  rejects: { execute: () => Promise.reject(Object.assign(new Error('no'), { extra: {} })) },
}

/** What gets hold of something; it is shown to \`look\`. */
const TRIES = {
  'the error of a stack overflow inside a helper': `const f = () => { try { text.call(null, { toJSON: f }) } catch (e) { look(e); throw e } }
    try { f() } catch (e) { look(e) }`,
  'the error of a stack overflow inside a tool': `const f = () => { try { tools.call({ toJSON: f }).catch(look) } catch (e) { look(e) } }
    try { f() } catch (e) { look(e) }`,
  'the error of a stack overflow at each depth': `const errors = []
    const dive = (n) => { try { return dive(n + 1) } catch (e) { errors.push(e); try { image(1) } catch (e) { errors.push(e) } throw e } }
    try { dive(0) } catch (e) { look(e) } look(...errors.slice(0, 50))`,
  'errors of tools, and what hangs on them': `for (const name of ['bad', 'rejects'])
      await tools[name]().catch((e) => { look(e, e.cause, e.extra, ...Reflect.ownKeys(e).map((key) => e[key])) })`,
  'the promise of a call, by species': `let executor
    class Mine extends Promise { constructor(run) { super((...ends) => { executor = ends; look(...ends); run(...ends) }) } }
    Object.defineProperty(Promise, Symbol.species, { get: () => Mine }); Promise.prototype.constructor = Mine
    look(tools.call().then((value) => look(value)), executor)`,
  'the resolving functions of a call': `const promise = tools.call(); look(promise)
    Promise.prototype.then = function (...ends) { look(this, ...ends); return this }
    await null; look(promise)`,
  'then of Object.prototype, with a result': `Object.defineProperty(Object.prototype, 'then', { __proto__: null, configurable: true, get() { look(this); return undefined } })
    look(await tools.call()); delete Object.prototype.then`,
  'setters of Object.prototype, with a result': `for (const key of ['input', 'list', 'name', 'message', 'stack', 'value', '0'])
      Object.defineProperty(Object.prototype, key, { __proto__: null, configurable: true, get() {}, set(value) { look(this, value) } })
    look(await tools.call({ a: 1 })); await tools.bad().catch(look)
    for (const key of ['input', 'list', 'name', 'message', 'stack', 'value', '0']) delete Object.prototype[key]`,
  'the receiver and the callers of callbacks': `function sloppy() {}
    const callback = Function('look', 'return function callback() { look(this, ...arguments, callback.caller, arguments.callee); return 1 }')(look)
    setTimeout(callback); await stream_settled([1], callback)
    text({ toJSON: callback }); await tools.call({ a: { toJSON: callback } })
    await new Promise((done) => setTimeout(done, 1))`,
  'a proxy in the place of each argument': `const handler = new Proxy({}, { get: (_, trap) => (...args) => { look(...args); return Reflect[trap](...args) } })
    for (const helper of [text, image, audio, generatedImage, store, load, notify, setTimeout, clearTimeout, tools.call])
      try { look(helper(new Proxy({ a: 1 }, handler), new Proxy(() => {}, handler))) } catch (e) { look(e) }`,
  'new, with every helper': `for (const helper of [text, image, store, load, notify, setTimeout, as_settled, stream_settled, tools.call]) {
      for (const use of [() => new helper(), () => Reflect.construct(Object, [], helper), () => class extends helper {}, () => helper.bind().call(), () => helper\`\`])
        try { look(use()) } catch (e) { look(e) }
    }`,
  'the tools object itself': `look(tools, ALL_TOOLS, ...ALL_TOOLS, Object.getPrototypeOf(tools))
    for (const key of ['constructor', '__proto__', 'then', 'toJSON', 'hasOwnProperty', Symbol.iterator, Symbol.toPrimitive, 'inspect', 'nodeType'])
      try { look(tools[key]) } catch (e) { look(e) }`,
  'call sites': `Error.prepareStackTrace = (error, sites) => { for (const site of sites) look(site, site.getThis(), site.getFunction(), site.getTypeName()); return '' }
    new Error('x').stack; try { image(1) } catch (e) { e.stack } await tools.bad().catch((e) => e.stack)
    setTimeout(() => new Error('x').stack); await new Promise((done) => setTimeout(done, 1))`,
  'generators, and the return of their iterators': `const settled = as_settled([tools.call(), 1]); look(settled, settled.next, settled.return)
    look(await settled.next(), await settled.return(settled), await settled.throw(1).catch((e) => e))
    function* inputs() { try { yield tools.call() } finally { look(this) } }
    for await (const one of as_settled(inputs())) look(one, one.value)`,
  'iterators that a script gives': `const iterable = { [Symbol.iterator]() { look(this); return { next(...args) { look(this, ...args); return { done: true } }, return(...args) { look(...args); return {} } } } }
    try { look(as_settled(iterable)) } catch (e) { look(e) }`,
  'async generators': `async function* g() { try { yield tools.call() } finally { yield* as_settled([tools.bad()]) } }
    for await (const one of g()) { look(one); break }`,
  modules: `for (const name of ['tools.js', '@openai/code_mode']) { const module = await import(name); look(module, ...Object.values(module)) }
    look(import.meta); look(await import('fs').catch((e) => e))`,
  'functions made of strings':
    `for (const Class of [Function, (async () => {}).constructor, (function* () {}).constructor, (async function* () {}).constructor])
      look(Class, Class('return this'), new Class('a', 'return import.meta.x === 1 || a') )`.replace(
      'import.meta.x === 1 || ',
      '',
    ),
  'this of sloppy code': `look(Function('return this')()); look((0, eval)('this')); look(new Function('return this.constructor')())`,
  'finalizers and weak references': `const registry = new FinalizationRegistry(look); registry.register({}, {}); look(registry, new WeakRef(tools.call).deref())`,
  'JSON hooks': `JSON.parse('{"a":[1]}', function (key, value) { look(this, value); return value })
    JSON.stringify({ a: 1 }, function (key, value) { look(this, value); return value })
    look(JSON.rawJSON?.('1'))`,
  'template objects and tagged calls': 'const tag = (strings) => strings; look(tag``, tag`a`.raw)',
  'errors of every kind that V8 makes': `for (const use of ['null.x', 'x.y', 'new (class { #a; static f(o) { return o.#a } }).f({})', "'x'.repeat(-1)", 'decodeURI("%")', 'BigInt("x")', '1n + 1', 'Symbol() + 1', 'new Proxy({}, null)', 'JSON.parse("{")', 'new Intl.Locale("")', 'new RegExp("[")', 'structuredClone'])
      try { (0, eval)(use) } catch (e) { look(e, e.constructor) }`,
  'what every function in reach returns and throws': `const found = new Set(), late = []
    const walk = (value) => {
      if (Object(value) !== value || found.has(value)) return
      found.add(value); walk(prototypeOf(value))
      for (const { value: held, get, set } of Object.values(Object.getOwnPropertyDescriptors(value))) { walk(held); walk(get); walk(set) }
    }
    walk(globalThis)
    const kept = [exit, text, notify, yield_control, look, tools, tools.call, tools.bad, tools.rejects]
    const { apply, construct } = Reflect
    for (const use of found) {
      if (typeof use !== 'function' || kept.includes(use)) continue
      for (const attempt of [() => apply(use, undefined, []), () => apply(use, { __proto__: null }, [-1]), () => construct(use, []), () => construct(use, [1, { maxByteLength: 0 }])])
        try { const made = attempt(); look(made); if (made instanceof Promise) late.push(made.catch(look)) } catch (e) { look(e) }
    }
    void late`,
}

describe.each(ISOLATIONS)('c.2 escapes, isolation %s', (isolation) => {
  test.each(Object.entries(TRIES))('c.2 realm: %s', async (_, attempt) => {
    const changes = watchHost()
    const source = `${PRELUDE}\nconst print = text, { stringify } = JSON\n{ ${attempt} }\nprint(stringify({ names, seen }))`
    const found = (await texts(source, { isolation, tools })).at(-1)
    expect(JSON.parse(found)).toEqual({ names: [], seen: [] })
    expect(changes()).toEqual([])
  })

  test('c.2 realm: what looks for other realms finds one', async () => {
    // Nothing else would show that the tests above can fail.
    const source = `${PRELUDE}
      look({ __proto__: { __proto__: { __proto__: null } } }, { constructor: { constructor: () => () => ({}) } })
      text(seen)`
    expect(await json(source, { isolation })).toEqual(['another Object.prototype', 'another global object'])
  })
})

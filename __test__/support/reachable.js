/**
 * A script that prints the path of every property that a script can reach: from the global object, and from what only
 * syntax or a call gives, such as the prototype of generators.
 *
 * Each object is listed once, under the first path that leads to it: from the global object breadth first, then from
 * each of the rest.
 */
export const REACHABLE = `
const roots = { globalThis }
const add = (name, object) => { roots['%' + name + '%'] = object }
const prototypeOf = Object.getPrototypeOf
add('AsyncFunction', (async () => {}).constructor)
add('GeneratorFunction', (function* () {}).constructor)
add('AsyncGeneratorFunction', (async function* () {}).constructor)
add('ArrayIteratorPrototype', prototypeOf([][Symbol.iterator]()))
add('MapIteratorPrototype', prototypeOf(new Map()[Symbol.iterator]()))
add('SetIteratorPrototype', prototypeOf(new Set()[Symbol.iterator]()))
add('StringIteratorPrototype', prototypeOf(''[Symbol.iterator]()))
add('RegExpStringIteratorPrototype', prototypeOf(''.matchAll(/x/g)))
add('IteratorHelperPrototype', prototypeOf([].values().map((one) => one)))
add('WrapForValidIteratorPrototype', prototypeOf(Iterator.from({ next() {} })))
add('AsyncFromSyncIteratorPrototype', prototypeOf((async function* () {}).prototype))
add('TypedArray', prototypeOf(Uint8Array))
add('Segments', new Intl.Segmenter('en').segment(''))
add('SegmentsIterator', new Intl.Segmenter('en').segment('')[Symbol.iterator]())
add('arguments', (function () { return arguments })())
add('tagged', ((strings) => strings)\`a\`)
add('match', /(?<name>a)/d.exec('a'))
add('proxy', Proxy.revocable({}, {}))
add('withResolvers', Promise.withResolvers())
add('promise', Promise.resolve())
add('error', new Error('x'))
add('aggregate', new AggregateError([]))
add('suppressed', new SuppressedError())
add('settled', as_settled([]))
add('import.meta', import.meta)
add('tools.js', await import('tools.js'))
add('code_mode', await import('@openai/code_mode'))
add('callSite', (() => {
  const prepare = Error.prepareStackTrace
  Error.prepareStackTrace = (error, frames) => frames
  const [frame] = new Error('x').stack
  Error.prepareStackTrace = prepare
  return frame
})())

const keyName = (key) => typeof key === 'symbol' ? '[' + (key.description ?? '') + ']' : /^[0-9]+$/.test(key) ? '[' + key + ']' : key
const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function'
const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0)

const seen = new Set()
const paths = []
const queue = []
const visit = (path, value) => {
  if (!isObject(value) || seen.has(value)) return
  seen.add(value)
  queue.push([path, value])
}
const list = (path, object) => {
  const keys = Reflect.ownKeys(object).map((key) => [keyName(key), key]).sort((a, b) => order(a[0], b[0]))
  for (const [name, key] of keys) {
    const { value, get, set } = Object.getOwnPropertyDescriptor(object, key)
    const at = path + '.' + name
    const kind = get || set ? (get ? 'get' : '') + (set ? 'set' : '') : typeof value
    paths.push(at + ': ' + kind)
    visit(at, value)
    visit(at + '.<get>', get)
    visit(at + '.<set>', set)
  }
  const prototype = prototypeOf(object)
  if (isObject(prototype) && !seen.has(prototype)) {
    paths.push(path + '.<prototype>')
    visit(path + '.<prototype>', prototype)
  }
}
for (const [name, root] of Object.entries(roots)) {
  visit(name, root)
  while (queue.length > 0) list(...queue.shift())
}
// Every function has these two; they would hide the rest.
const dull = /\\.(length: number|name: string)$/
text(paths.filter((path) => !dull.test(path)).sort(order).join('\\n'))
`

import { expect, test } from 'vitest'
import { content, failure, json, texts, thrownBy } from './support/cell.js'

test.each([
  ['undefined', 'undefined'],
  ['null', 'null'],
  ['true', 'true'],
  ['false', 'false'],
  ['1', '1'],
  ['1.50', '1.5'],
  ['-0', '0'],
  ['NaN', 'NaN'],
  ['-Infinity', '-Infinity'],
  ['1e21', '1e+21'],
  ['10n', '10'],
  ['"plain"', 'plain'],
  ['"\\"quoted\\""', '"quoted"'],
])(
  '2.2 text: a primitive is converted as JavaScript converts it to a string: %s',
  async (value, expected) => {
    expect(await texts(`text(${value})`)).toEqual([expected])
  },
)

test.each([
  ['({ a: 1, b: [true, null] })', '{"a":1,"b":[true,null]}'],
  ['[1, undefined, () => {}, NaN]', '[1,null,null,null]'],
  ['({ a: undefined, b() {}, [Symbol()]: 1 })', '{}'],
  ['new Date(0)', '"1970-01-01T00:00:00.000Z"'],
  ['new Map([[1, 2]])', '{}'],
  ['new Set([1])', '{}'],
  ['/x/', '{}'],
  ['new Error("x")', '{}'],
  ['Promise.resolve(1)', '{}'],
  ['new Uint8Array([1, 2])', '{"0":1,"1":2}'],
  ['Object("s")', '"s"'],
  ['Object(1)', '1'],
  ['Object.create(null)', '{}'],
  ['new Proxy([1], {})', '[1]'],
])('2.2 text: everything else is compact JSON: %s', async (value, expected) => {
  expect(await texts(`text(${value})`)).toEqual([expected])
})

test('2.2 text: toJSON is honoured, and gets the empty key', async () => {
  const source = 'text({ toJSON: (key) => ({ key }) }); text({ a: { toJSON: (key) => key } })'
  expect(await texts(source)).toEqual(['{"key":""}', '{"a":"a"}'])
})

test.each([
  ['() => 1'],
  ['function named() {}'],
  ['class {}'],
  ['Symbol("s")'],
  ['Symbol.iterator'],
  ['text'],
])('2.2 text: what JSON has no word for becomes `undefined`: %s', async (value) => {
  expect(await texts(`text(${value})`)).toEqual(['undefined'])
})

test('2.2 text: an object whose toJSON has nothing to say becomes `undefined`', async () => {
  expect(await texts('text({ toJSON() {} })')).toEqual(['undefined'])
})

test('2.2 text: what toJSON or a getter throws reaches the script as the same object', async () => {
  const source = `const thrown = [{ mine: true }, new RangeError('mine')]
    const hostile = [{ toJSON() { throw thrown[0] } }, { get a() { throw thrown[1] } }]
    text(hostile.map((value, index) => {
      try { text(value) } catch (error) { return error === thrown[index] }
    }))`
  expect(await json(source)).toEqual([true, true])
})

test('2.2 text: a circular object throws a TypeError that shows the circle', async () => {
  const { name, message } = await thrownBy('const a = {}; a.b = { a }; text(a)')
  expect(name).toBe('TypeError')
  expect(message).toContain('Converting circular structure to JSON')
})

test('2.2 text: an uncaught failure to serialise fails the cell with that text, and emits nothing', async () => {
  const error = await failure('const a = {}; a.a = a; text(a)')
  expect(error).toMatchObject({ code: 'SCRIPT_ERROR', name: 'TypeError', line: 1 })
  expect(error.message).toContain('Converting circular structure to JSON')
})

test('2.2 text: a bigint within an object throws, as in JSON.stringify', async () => {
  expect(await thrownBy('text({ a: 1n })')).toEqual({
    name: 'TypeError',
    message: 'Do not know how to serialize a BigInt',
  })
})

test('2.2 text: without an argument it emits `undefined`', async () => {
  expect(await texts('text()')).toEqual(['undefined'])
})

test('2.2 text: further arguments are ignored', async () => {
  expect(await texts('text("a", "b", null, 2)')).toEqual(['a'])
})

test('2.2 text: it returns undefined', async () => {
  expect(await texts('text(typeof text("a"))')).toEqual(['a', 'undefined'])
})

test('2.2 text: an empty string is an item, too', async () => {
  expect(await content('text("")')).toEqual([{ type: 'text', text: '' }])
})

test('2.2 text: each call is an item of its own, in order; nothing is merged', async () => {
  const source = 'for (let index = 0; index < 300; index++) text(index)'
  expect(await texts(source)).toEqual(Array.from({ length: 300 }, (_, index) => String(index)))
})

test('2.2 text: lone surrogates become replacement characters, pairs stay', async () => {
  expect(await texts('text("a\\ud800b\\udc00"); text("\\ud83d\\ude00")')).toEqual(['a\ufffdb\ufffd', '😀'])
})

test('2.2 text: a lone surrogate within JSON is escaped', async () => {
  expect(await texts('text(["\\ud800"])')).toEqual(['["\\ud800"]'])
})

test('2.2 text: no character is special: control characters, NUL, line separators and BOM arrive as they are', async () => {
  const special = '\0\x01\r\n\t\u2028\u2029\ufeff\x7f"\\'
  expect(await texts(`text(${JSON.stringify(special)})`)).toEqual([special])
})

test('2.2 text: an object nested too deeply for the stack throws a RangeError', async () => {
  const { name } = await thrownBy('let deep = []; for (let i = 0; i < 1e6; i++) deep = [deep]; text(deep)')
  expect(name).toBe('RangeError')
})

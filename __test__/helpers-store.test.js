import { describe, expect, test } from 'vitest'
import {
  content,
  json,
  openSession,
  rangeError,
  texts,
  textsOf,
  thrownBy,
  typeError,
} from './support/cell.js'

const refused = (key) => typeError(`Unable to store ${key}. Only plain serializable objects can be stored.`)

describe('keys', () => {
  test.each([
    ['1', '1'],
    ['-0', '0'],
    ['null', 'null'],
    ['undefined', 'undefined'],
    ['true', 'true'],
    ['10n', '10'],
    ['["a", 1]', 'a,1'],
    ['{ toString: () => "mine" }', 'mine'],
    ['""', ''],
    ['"__proto__"', '__proto__'],
    ['"constructor"', 'constructor'],
  ])('2.6 store: a key is converted to a string: %s', async (key, expected) => {
    const session = openSession()
    expect(textsOf(await session.exec(`store(${key}, 1); text(load(${key}))`))).toEqual(['1'])
    expect(Object.entries(session.storedValues())).toEqual([[expected, 1]])
  })

  test('2.6 load: a key is converted to a string', async () => {
    const source = `for (const key of ['1', 'null', 'undefined', 'mine']) store(key, key)
      text([load(1), load(null), load(), load({ toString: () => 'mine' })])`
    expect(await json(source)).toEqual(['1', 'null', 'undefined', 'mine'])
  })

  test.each(['Symbol()', '{ toString() { throw new Error("mine") } }', 'Object.create(null)'])(
    '2.6 store, load: a key that cannot be converted is refused: %s',
    async (key) => {
      expect(await thrownBy(`store(${key}, 1)`)).toEqual(typeError('store key must be a string'))
      expect(await thrownBy(`load(${key})`)).toEqual(typeError('load key must be a string'))
    },
  )
})

describe('values', () => {
  test.each([
    ['null', null],
    ['false', false],
    ['0', 0],
    ['-0', 0],
    ['1e300', 1e300],
    ['""', ''],
    ['"undefined"', 'undefined'],
    ['[]', []],
    ['{ a: { b: [1, "x", null] } }', { a: { b: [1, 'x', null] } }],
    ['NaN', null],
    ['[NaN, Infinity, undefined, () => {}, Symbol()]', [null, null, null, null, null]],
    ['{ a: undefined, b: () => {}, c: 1 }', { c: 1 }],
    ['new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['new Map([[1, 2]])', {}],
    ['{ toJSON: () => "mine" }', 'mine'],
    ['Object("boxed")', 'boxed'],
    ['"\\ud800"', '\ud800'],
  ])('2.6 store: a value is kept as JSON: %s', async (value, expected) => {
    const session = openSession()
    const found = await session.exec(`store('k', ${value}); text({ loaded: load('k') })`)
    expect(JSON.parse(textsOf(found)[0])).toEqual({ loaded: expected })
    expect(session.storedValues()).toEqual({ k: expected })
  })

  test.each([
    'undefined',
    '() => 1',
    'class {}',
    'Symbol()',
    '{ toJSON() {} }',
    '{ toJSON: () => Symbol() }',
  ])('2.6 store: what JSON has no word for is refused, and the value before it stays: %s', async (value) => {
    const session = openSession({ storedValues: { k: 'before' } })
    const found = await session.exec(`let caught
        try { store('k', ${value}) } catch (error) { caught = error }
        text({ name: caught.name, message: caught.message })
        text(load('k'))`)
    const [error, loaded] = textsOf(found)
    expect(JSON.parse(error)).toEqual(refused('"k"'))
    expect(loaded).toBe('before')
    expect(session.storedValues()).toEqual({ k: 'before' })
  })

  test('2.6 store: without a value it is refused, and nothing is stored', async () => {
    expect(await thrownBy("store('k')")).toEqual(refused('"k"'))
    expect(await texts("try { store('k') } catch {} text(load('k'))")).toEqual(['undefined'])
  })

  test('2.6 store: the key is shown in quotes with escapes', async () => {
    expect(await thrownBy('store("a\\"b\\n\\\\", undefined)')).toEqual(refused('"a\\"b\\n\\\\"'))
  })

  test('2.6 store: what toJSON or a getter throws reaches the script as the same object, and the value before it stays', async () => {
    const source = `store('k', 'before')
      const mine = new Error('mine')
      const caught = []
      for (const value of [{ toJSON() { throw mine } }, { get a() { throw mine } }]) {
        try { store('k', value) } catch (error) { caught.push(error === mine) }
      }
      text([...caught, load('k')])`
    expect(await json(source)).toEqual([true, true, 'before'])
  })

  test('2.6 store: a circular value and a bigint throw a TypeError, and the value before it stays', async () => {
    const source = `store('k', 'before')
      const circle = {}
      circle.circle = circle
      const caught = []
      for (const value of [circle, 1n]) {
        try { store('k', value) } catch (error) { caught.push(error instanceof TypeError) }
      }
      text([...caught, load('k')])`
    expect(await json(source)).toEqual([true, true, 'before'])
  })

  test.each([
    '__proto__',
    'constructor',
    'then',
    'toJSON',
    '$serde_json::private::RawValue',
    '$serde_json::private::Number',
  ])('2.6 store: no key within a value is special: %s', async (key) => {
    const session = openSession()
    const found = await session.exec(
      `const value = { ["${key}"]: 'x' }
        store('k', value)
        text([Object.keys(load('k')), Object.getPrototypeOf(load('k')) === Object.prototype])`,
    )
    expect(JSON.parse(textsOf(found)[0])).toEqual([[key], true])
    expect(Object.entries(session.storedValues().k)).toEqual([[key, 'x']])
  })

  test('2.6 store: nesting is no limit: 1 000 levels', async () => {
    const session = openSession()
    const source = `let deep = 'end'; for (let i = 0; i < 1000; i++) deep = [deep]; store('k', deep)
      let found = load('k'), levels = 0
      while (Array.isArray(found)) { found = found[0]; levels++ }
      text([levels, found])`
    expect(JSON.parse(textsOf(await session.exec(source))[0])).toEqual([1000, 'end'])
    expect(JSON.stringify(session.storedValues().k)).toBe(`${'['.repeat(1000)}"end"${']'.repeat(1000)}`)
  })
})

describe('visibility', () => {
  test('2.6 store: it returns undefined', async () => {
    expect(await texts("text(typeof store('k', 1))")).toEqual(['undefined'])
  })

  test('2.6 load: what was not stored is undefined', async () => {
    expect(await texts("text(load('k')); text(load('toString')); text(load('__proto__'))")).toEqual([
      'undefined',
      'undefined',
      'undefined',
    ])
  })

  test('2.6 store: a value is visible at once to load in the same cell', async () => {
    expect(await texts("store('k', 1); text(load('k')); store('k', 2); text(load('k'))")).toEqual(['1', '2'])
  })

  test('2.6 load: each time it returns a fresh deep copy', async () => {
    const source = `const value = { list: [1] }
      store('k', value)
      value.list.push(2)
      const first = load('k')
      first.list.push(3)
      first.more = true
      const second = load('k')
      text([second, first !== second, first.list !== second.list])`
    expect(await json(source)).toEqual([{ list: [1] }, true, true])
  })

  test('2.6 load: a loaded value is of the realm of the script', async () => {
    const source = `store('k', { list: [] })
      text([load('k') instanceof Object, load('k').list instanceof Array])`
    expect(await json(source)).toEqual([true, true])
  })

  test('2.6 store: later cells of the session find the value, those of another session do not', async () => {
    const session = openSession()
    await session.exec("store('k', { a: 1 })")
    expect(textsOf(await session.exec("text(load('k'))"))).toEqual(['{"a":1}'])
    expect(await texts("text(load('k'))")).toEqual(['undefined'])
  })

  test('2.6 load: the values that the session was given are there from the start', async () => {
    const storedValues = JSON.parse('{ "k": { "a": [null] }, "__proto__": { "b": 1 } }')
    const found = await json("text([load('k'), load('__proto__')])", { storedValues })
    expect(found).toEqual([{ a: [null] }, { b: 1 }])
  })

  test('2.6 store: there is no way to delete a value or to list the keys', async () => {
    const source = `text([store, load].flatMap((helper) => Reflect.ownKeys(helper)))`
    expect(await json(source)).toEqual(['length', 'name', 'length', 'name'])
  })
})

describe('limits', () => {
  const limit = (key, needed, bytes) =>
    rangeError(
      `Unable to store "${key}": the session's stored values would take ${needed} bytes, more than limits.storedBytes, which is ${bytes}`,
    )

  test('2.6 store: values over limits.storedBytes are refused with a RangeError, and the value before it stays', async () => {
    const options = { limits: { storedBytes: 20 } }
    expect(await thrownBy("store('k', 'x'.repeat(100))", options)).toEqual(limit('k', 103, 20))
    const source = `store('k', 'before')
      try { store('k', 'x'.repeat(100)) } catch {}
      text(load('k'))`
    expect(await texts(source, options)).toEqual(['before'])
  })

  test('2.6 store: keys count, replaced values do not, and values of earlier cells do', async () => {
    const session = openSession({ limits: { storedBytes: 20 } })
    await session.exec("store('0123456789', 1)")
    const found = await session.exec(`for (let i = 0; i < 100; i++) store('0123456789', 22)
      store('a', '12345')
      try { store('b', 1) } catch (error) { text(error.message) }`)
    expect(textsOf(found)).toEqual([limit('b', 22, 20).message])
    expect(session.storedValues()).toEqual({ '0123456789': 22, a: '12345' })
  })
})

test('2.6 store: helper misuse emits nothing', async () => {
  expect(await content("try { store('k') } catch {} try { load(Symbol()) } catch {}")).toEqual([])
})

import { afterEach, describe, expect, test } from 'vitest'
import { json, openSession, texts, textsOf } from './support/cell.js'

const hostKeys = () =>
  [Object.prototype, Array.prototype, Function.prototype].map((one) => Reflect.ownKeys(one))
const untouched = hostKeys()

afterEach(() => {
  expect(hostKeys()).toEqual(untouched)
})

/** What the host gets for an input that a script writes. */
async function toHost(expression) {
  let input
  const call = {
    execute(given) {
      input = given
    },
  }
  await texts(`await tools.call(${expression})`, { tools: { call } })
  return input
}

/** What a script says of a result of the host. */
const fromHost = (value, expression) =>
  json(`const value = await tools.call(); text(${expression})`, { tools: { call: { execute: () => value } } })

/** An object with an own property `__proto__`. */
const withProto = (value) => JSON.parse(`{ "__proto__": ${JSON.stringify(value)} }`)

describe('to the host', () => {
  test('JSON to the host: undefined, functions and symbols are left out of objects, and null in arrays', async () => {
    expect(await toHost('{ a: undefined, b() {}, c: Symbol(), d: [undefined, () => {}, Symbol()] }')).toEqual(
      {
        d: [null, null, null],
      },
    )
  })

  test('JSON to the host: NaN and infinities are null, -0 is 0', async () => {
    const input = await toHost('{ a: [NaN, Infinity, -Infinity], zero: -0 }')
    expect(input).toEqual({ a: [null, null, null], zero: 0 })
    expect(Object.is(input.zero, 0)).toBe(true)
  })

  test('JSON to the host: numbers keep every bit', async () => {
    const numbers = [Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, Number.MAX_VALUE, 0.1, 1 / 3, 5e-324, -1e21]
    expect(await toHost(`{ numbers: ${JSON.stringify(numbers)} }`)).toEqual({ numbers })
  })

  test('JSON to the host: toJSON and getters are run in the cell; the host sees their values', async () => {
    const input = await toHost(
      '{ date: new Date(0), get got() { return 1 }, mine: { toJSON: (key) => key } }',
    )
    expect(Object.getOwnPropertyDescriptors(input)).toEqual(
      Object.getOwnPropertyDescriptors({ date: '1970-01-01T00:00:00.000Z', got: 1, mine: 'mine' }),
    )
  })

  test('JSON to the host: a proxy is what its traps say', async () => {
    const handler =
      "{ ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: (_, key) => key === 'a' ? 1 : undefined }"
    expect(await toHost(`new Proxy({}, ${handler})`)).toEqual({ a: 1 })
  })

  test('JSON to the host: lone surrogates are kept, in values and keys', async () => {
    expect(await toHost('{ "\\ud800": "\\udc00 \\ud83d\\ude00" }')).toEqual({ '\ud800': '\udc00 😀' })
  })

  test('JSON to the host: `__proto__` is an own property and changes no prototype', async () => {
    const input = await toHost('JSON.parse(\'{ "__proto__": { "polluted": 1 } }\')')
    expect(Object.keys(input)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(input)).toBe(Object.prototype)
    expect(input.polluted).toBeUndefined()
    expect({}.polluted).toBeUndefined()
  })

  test('JSON to the host: `constructor`, `prototype`, `then` and `toJSON` are keys like any other', async () => {
    const input = await toHost(
      '{ constructor: { prototype: { polluted: 1 } }, then: 1, ["toJSON"]: 2, hasOwnProperty: 3 }',
    )
    expect(Object.entries(input)).toEqual([
      ['constructor', { prototype: { polluted: 1 } }],
      ['then', 1],
      ['toJSON', 2],
      ['hasOwnProperty', 3],
    ])
    expect({}.polluted).toBeUndefined()
  })

  test('JSON to the host: objects and arrays are plain ones of the host', async () => {
    const input = await toHost('{ list: [{}], map: new Map(), instance: new (class A { a = 1 })() }')
    for (const object of [input, input.list[0], input.map, input.instance]) {
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    }
    expect(Object.getPrototypeOf(input.list)).toBe(Array.prototype)
  })

  test('JSON to the host: keys keep their order', async () => {
    const input = await toHost('{ b: 1, a: 2, 10: 3, 9: 4 }')
    expect(Object.keys(input)).toEqual(['9', '10', 'b', 'a'])
  })

  test('JSON to the host: 1 000 levels of nesting', async () => {
    const input = await toHost('{ deep: JSON.parse("[".repeat(1000) + "]".repeat(1000)) }')
    expect(JSON.stringify(input.deep)).toBe('['.repeat(1000) + ']'.repeat(1000))
  })

  test('JSON to the host: 10 000 levels are either taken or refused with a RangeError that the script can catch', async () => {
    let calls = 0
    const source = `let deep = {}; for (let i = 0; i < 10000; i++) deep = { deep }
      try { await tools.call(deep); text('taken') } catch (error) { text(error instanceof RangeError) }`
    const [found] = await texts(source, { tools: { call: { execute: () => void calls++ } } })
    expect([found, calls]).toEqual(calls === 1 ? ['taken', 1] : ['true', 0])
  })

  test('JSON to the host: a string of 32 MiB', async () => {
    const { text } = await toHost("{ text: 'x'.repeat(2 ** 25) }")
    expect(text.length).toBe(2 ** 25)
    expect(/^x+$/.test(text)).toBe(true)
  })
})

describe('from the host', () => {
  test('JSON from the host: NaN and infinities are null, -0 is 0, undefined is left out', async () => {
    const found = await fromHost(
      { a: [NaN, -Infinity, undefined], b: undefined, zero: -0 },
      '[value, Object.is(value.zero, 0)]',
    )
    expect(found).toEqual([{ a: [null, null, null], zero: 0 }, true])
  })

  test('JSON from the host: numbers keep every bit', async () => {
    const numbers = [Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, Number.MAX_VALUE, 0.1, 1 / 3, -1e21]
    expect(await fromHost(numbers, 'value')).toEqual(numbers)
  })

  test('JSON from the host: lone surrogates are kept, in values and keys', async () => {
    const value = { '\ud800': '\udc00 😀' }
    expect(
      await fromHost(
        value,
        "[Object.keys(value)[0] === '\\ud800', Object.values(value)[0] === '\\udc00 \\ud83d\\ude00']",
      ),
    ).toEqual([true, true])
  })

  test('JSON from the host: `__proto__` is an own property and changes no prototype', async () => {
    const expression =
      '[Object.keys(value), Object.getPrototypeOf(value) === Object.prototype, value.polluted === undefined, ({}).polluted === undefined]'
    expect(await fromHost(withProto({ polluted: 1 }), expression)).toEqual([['__proto__'], true, true, true])
  })

  test('JSON from the host: `then`, `constructor` and `toJSON` are keys like any other', async () => {
    // biome-ignore lint/suspicious/noThenProperty: that is what this is about
    const value = { then: 1, constructor: 2, hasOwnProperty: 3 }
    expect(await fromHost(value, 'Object.entries(value)')).toEqual(Object.entries(value))
  })

  test('JSON from the host: getters and toJSON are run on the host; the script sees their values', async () => {
    const value = {
      date: new Date(0),
      mine: { toJSON: (key) => key },
      get got() {
        return 1
      },
    }
    const expression = 'Object.values(Object.getOwnPropertyDescriptors(value)).map((one) => one.value)'
    expect(await fromHost(value, expression)).toEqual(['1970-01-01T00:00:00.000Z', 'mine', 1])
  })

  test('JSON from the host: 10 000 levels of nesting arrive or reject, and the host lives', async () => {
    let deep = []
    for (let i = 0; i < 10_000; i++) deep = [deep]
    const source = `let levels = 0
      for (let value = await tools.call().catch(() => 0); Array.isArray(value); value = value[0]) levels++
      text(levels)`
    const [levels] = await texts(source, { tools: { call: { execute: () => deep } } })
    expect(['0', '10001']).toContain(levels)
  })

  test('JSON from the host: a string of 32 MiB', async () => {
    const found = await fromHost(
      { text: 'y'.repeat(2 ** 25) },
      '[value.text.length, /^y+$/.test(value.text)]',
    )
    expect(found).toEqual([2 ** 25, true])
  })

  test('JSON from the host: a string of 8 Mi characters beyond Latin-1', async () => {
    expect(await fromHost('ж'.repeat(2 ** 23), "[value.length, value.replaceAll('ж', '')]")).toEqual([
      2 ** 23,
      '',
    ])
  })
})

describe('round trips', () => {
  const awkward = [
    '',
    '\0',
    '\u2028\u2029',
    '\ufeff',
    '"\\/',
    '\ud800',
    '😀',
    '</script>',
    '$&`',
    '\r\n\t\b\f',
    '\x7f\x80',
  ]

  test.each(awkward.map((one) => [JSON.stringify(one), one]))(
    'JSON there and back: %s as value and key',
    async (_, text) => {
      const value = { [text]: [text] }
      let seen
      const execute = (input) => {
        seen = input
        return value
      }
      const source = `const value = { [${JSON.stringify(text)}]: [${JSON.stringify(text)}] }
      text(JSON.stringify(await tools.call(value)) === JSON.stringify(value))`
      expect(await texts(source, { tools: { call: { execute } } })).toEqual(['true'])
      expect(seen).toEqual(value)
    },
  )

  test('JSON there and back: a freeform string', async () => {
    const execute = (input) => input
    const text = awkward.join('')
    const source = `text(await tools.call(${JSON.stringify(text)}) === ${JSON.stringify(text)})`
    expect(await texts(source, { tools: { call: { kind: 'freeform', execute } } })).toEqual(['true'])
  })

  test('JSON there and back: stored values', async () => {
    const value = { list: awkward, constructor: null }
    const given = { k: JSON.parse(`${JSON.stringify(value).slice(0, -1)},"__proto__":{"a":1}}`) }
    const session = openSession({ storedValues: given })
    expect(textsOf(await session.exec("store('copy', load('k')); text('stored')"))).toEqual(['stored'])
    const { k, copy } = session.storedValues()
    expect(JSON.stringify(k)).toBe(JSON.stringify(given.k))
    expect(JSON.stringify(copy)).toBe(JSON.stringify(given.k))
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  })

  test('JSON there and back: storedValues gives a plain object, with own data properties', async () => {
    const session = openSession()
    await session.exec(
      "store('__proto__', { polluted: 1 }); store('constructor', 2); store('b', 3); store('a', 4)",
    )
    const values = session.storedValues()
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype)
    expect(Object.keys(values).sort()).toEqual(['__proto__', 'a', 'b', 'constructor'])
    expect(values.polluted).toBeUndefined()
  })

  test('JSON there and back: stored values nested 1 000 deep are given and taken', async () => {
    const text = '['.repeat(1000) + ']'.repeat(1000)
    const session = openSession({ storedValues: { k: JSON.parse(text) } })
    await session.exec('1')
    expect(JSON.stringify(session.storedValues().k)).toBe(text)
  })
})

describe('results of exec', () => {
  test('results: they are plain data, with no prototype but Object.prototype and Array.prototype', async () => {
    const session = openSession()
    const found = [
      await session.exec("text('a'); image('data:,x'); audio('data:,x'); Promise.reject(new Error('x'))"),
      await session.exec("throw new (class Mine extends Error {})('x')"),
      await session.exec('throw { then() {}, toString() {} }'),
    ]
    const prototypes = new Set()
    const walk = (value) => {
      if (typeof value !== 'object' || value === null) return expect(typeof value).not.toBe('function')
      prototypes.add(Object.getPrototypeOf(value))
      for (const { get, set, value: inner } of Object.values(Object.getOwnPropertyDescriptors(value))) {
        expect([get, set]).toEqual([undefined, undefined])
        walk(inner)
      }
    }
    for (const result of found) walk(result)
    expect(prototypes).toEqual(new Set([Object.prototype, Array.prototype]))
  })

  test('results: a text of 32 MiB arrives whole', async () => {
    const [text] = await texts("text('ä'.repeat(2 ** 24))")
    expect(text.length).toBe(2 ** 24)
    expect(text.replaceAll('ä', '')).toBe('')
  })
})

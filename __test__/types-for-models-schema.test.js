// §5.4 and §5.5: JSON schema → TypeScript.

import { expect, test } from 'vitest'
import { schemaToTypeScript } from '../js/index.js'
import { expectFault } from './support/lifecycle-helpers.js'

const string = { type: 'string' }
const number = { type: 'number' }

/**
 * @param {string} title
 * @param {[schema: any, expected: string][]} cases
 */
function rule(title, cases) {
  test(title, () => {
    for (const [schema, expected] of cases) {
      expect(schemaToTypeScript(schema), JSON.stringify(schema)).toBe(expected)
    }
  })
}

rule('5.4 true is unknown, false is never, a schema that says nothing is unknown', [
  [true, 'unknown'],
  [false, 'never'],
  [{}, 'unknown'],
  [{ description: 'anything' }, 'unknown'],
])

rule('5.4 types: string, number and integer, boolean, null, array, object; any other is unknown', [
  [string, 'string'],
  [number, 'number'],
  [{ type: 'integer' }, 'number'],
  [{ type: 'boolean' }, 'boolean'],
  [{ type: 'null' }, 'null'],
  [{ type: 'array' }, 'unknown[]'],
  [{ type: 'object' }, '{ [key: string]: unknown; }'],
  [{ type: 'date' }, 'unknown'],
  [{ type: 7 }, 'unknown'],
])

rule('5.4 a list of types: each is rendered, in the given order', [
  [{ type: ['string', 'null'] }, 'string | null'],
  [{ type: ['null', 'string'] }, 'null | string'],
  [{ type: ['string', 'array'], items: number }, 'string | Array<number>'],
])

rule('5.4 const and enum are JSON literals, joined with |', [
  [{ const: 'a' }, '"a"'],
  [{ const: null }, 'null'],
  [{ const: 1.5 }, '1.5'],
  [{ enum: ['a', 1, true, null] }, '"a" | 1 | true | null'],
  [{ enum: ['a"b'] }, '"a\\"b"'],
])

rule('5.4 anyOf and oneOf are joined with |', [
  [{ anyOf: [string, number] }, 'string | number'],
  [{ oneOf: [string, { type: 'null' }] }, 'string | null'],
])

rule('5.4 allOf is joined with &, and a member with | stands in parentheses', [
  [
    {
      allOf: [
        { type: 'object', properties: { a: string } },
        { type: 'object', properties: { b: number } },
      ],
    },
    '{ a?: string; } & { b?: number; }',
  ],
  [{ allOf: [{ anyOf: [string, number] }, string] }, '(string | number) & string'],
  [{ allOf: [string] }, 'string'],
])

rule(
  '5.4 precedence: $ref, const, enum, anyOf, oneOf, allOf, type, then what looks like an object or array',
  [
    [{ const: 1, enum: [2] }, '1'],
    [{ enum: [2], anyOf: [string] }, '2'],
    [{ anyOf: [string], oneOf: [number] }, 'string'],
    [{ oneOf: [number], allOf: [string] }, 'number'],
    [{ allOf: [string], type: 'number' }, 'string'],
    [{ type: 'string', properties: { a: number } }, 'string'],
    [{ properties: { a: number }, items: string }, '{ a?: number; }'],
    [{ additionalProperties: number }, '{ [key: string]: number; }'],
    [{ required: ['a'] }, '{ [key: string]: unknown; }'],
    [{ items: string }, 'Array<string>'],
    [{ prefixItems: [string, number] }, '[string, number]'],
  ],
)

rule('5.4 an empty enum, anyOf, oneOf or allOf is passed over', [
  [{ enum: [], anyOf: [], oneOf: [], allOf: [], type: 'string' }, 'string'],
  [{ enum: [] }, 'unknown'],
])

rule('5.4 arrays: items are Array<T>, else prefixItems a tuple, else unknown[]', [
  [{ type: 'array', items: string, prefixItems: [number] }, 'Array<string>'],
  [{ type: 'array', prefixItems: [number, string] }, '[number, string]'],
  [{ type: 'array', items: { anyOf: [string, number] } }, 'Array<string | number>'],
  [{ type: 'array', items: true }, 'Array<unknown>'],
  [{ type: 'array' }, 'unknown[]'],
])

rule('5.4 objects: properties are sorted by name, and optional unless they are required', [
  [{ type: 'object', properties: { b: number, a: string }, required: ['a'] }, '{ a: string; b?: number; }'],
])

rule('5.4 objects: a name that is no plain identifier is quoted', [
  [
    { type: 'object', properties: { 'a-b': string, $c: string, '1d': string, 'e"f': string } },
    '{ $c?: string; "1d"?: string; "a-b"?: string; "e\\"f"?: string; }',
  ],
])

rule(
  '5.4 objects: additionalProperties is an index signature if true or a schema, and if absent only without properties',
  [
    [
      { type: 'object', properties: { a: string }, additionalProperties: true },
      '{ a?: string; [key: string]: unknown; }',
    ],
    [
      { type: 'object', properties: { a: string }, additionalProperties: string },
      '{ a?: string; [key: string]: string; }',
    ],
    [{ type: 'object', properties: { a: string }, additionalProperties: false }, '{ a?: string; }'],
    [{ type: 'object', properties: { a: string } }, '{ a?: string; }'],
    [{ type: 'object', additionalProperties: number }, '{ [key: string]: number; }'],
  ],
)

rule('5.5 object with a required string and nothing else', [
  [
    { type: 'object', properties: { city: string }, required: ['city'], additionalProperties: false },
    '{ city: string; }',
  ],
])

rule('5.5 object with a required boolean', [
  [{ type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }, '{ ok: boolean; }'],
])

rule('5.5 object without properties: {} if it may have no others, else an index signature', [
  [{ type: 'object', properties: {}, additionalProperties: false }, '{}'],
  [{ type: 'object', additionalProperties: false }, '{}'],
  [{ type: 'object' }, '{ [key: string]: unknown; }'],
  [{ type: 'object', properties: {} }, '{ [key: string]: unknown; }'],
])

rule('5.5 $ref with siblings is an intersection, or just the side that is known', [
  [{ $ref: '#/$defs/A', enum: ['A'], $defs: { A: string } }, '(string) & ("A")'],
  [{ $ref: '#/$defs/A', $defs: { A: string } }, 'string'],
  [{ $ref: '#/$defs/A', definitions: {}, $defs: { A: string } }, 'string'],
  [{ $ref: '#/$defs/A', description: 'text', $defs: { A: string } }, 'string'],
  [{ $ref: '#/$defs/gone', type: 'string' }, 'string'],
])

rule('5.5 $ref: a local pointer, percent-decoded, then with ~1 and ~0', [
  [{ $ref: '#/$defs/Foo%20Bar', $defs: { 'Foo Bar': string } }, 'string'],
  [{ $ref: '#/$defs/a~1b~0c', $defs: { 'a/b~c': number } }, 'number'],
  [{ $ref: '#/$defs/list/1', $defs: { list: [string, number] } }, 'number'],
])

rule('5.4 $ref: one that is not local, or leads nowhere, is unknown', [
  [{ $ref: 'https://example.com/schema.json' }, 'unknown'],
  [{ $ref: 'other.json#/a' }, 'unknown'],
  [{ $ref: '#/$defs/gone' }, 'unknown'],
  [{ $ref: '#nowhere' }, 'unknown'],
  [{ $ref: 7 }, 'unknown'],
])

rule('5.5 allOf of a $ref to a union, and an object', [
  [
    {
      allOf: [{ $ref: '#/$defs/U' }, { type: 'object', properties: { value: string } }],
      $defs: { U: { oneOf: [string, number] } },
    },
    '(string | number) & { value?: string; }',
  ],
])

rule('5.5 a nested $id starts another resource: references below it stay unknown', [
  [
    {
      type: 'object',
      properties: {
        nested: {
          $id: 'https://example.com/nested',
          type: 'object',
          properties: { value: { $ref: '#/$defs/A' } },
        },
      },
      $defs: { A: string },
    },
    '{ nested?: { value?: unknown; }; }',
  ],
])

rule('5.5 a described property makes the object span lines, with its description above it', [
  [
    {
      type: 'object',
      properties: {
        weather: {
          type: 'array',
          description: 'look up weather for a given list of locations',
          items: { type: 'object', properties: { location: string }, required: ['location'] },
        },
      },
      required: ['weather'],
    },
    '{\n  // look up weather for a given list of locations\n  weather: Array<{ location: string; }>;\n}',
  ],
  [
    { type: 'object', properties: { a: { type: 'string', description: 'first\n\n  second ' }, b: number } },
    '{\n  // first\n  // second\n  a?: string;\n  b?: number;\n}',
  ],
  [{ type: 'object', properties: { a: { type: 'string', description: ' \n ' } } }, '{ a?: string; }'],
])

test('5.5 a recursive type shows one level of itself, then unknown', () => {
  const shown = schemaToTypeScript({
    type: 'object',
    properties: { clauses: { type: 'array', items: { $ref: '#/$defs/Clause' } } },
    $defs: {
      Clause: {
        type: 'object',
        properties: {
          query: {
            oneOf: [
              string,
              {
                type: 'object',
                properties: { clauses: { type: 'array', items: { $ref: '#/$defs/Clause' } } },
              },
            ],
          },
        },
      },
    },
  })
  expect(shown).toContain('clauses?: Array<{ query?: string | { clauses?: Array<{')
  expect(shown).toContain('Array<unknown>')
})

test('5.5 budget: 34 references to one string are 32 strings and 2 unknowns', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 34 }, (_, index) => [`p${index}`, { $ref: '#/$defs/A' }]),
  )
  const shown = schemaToTypeScript({ type: 'object', properties, $defs: { A: string } })
  expect(shown.match(/\bstring\b/g)).toHaveLength(32)
  expect(shown.match(/\bunknown\b/g)).toHaveLength(2)
})

test('5.4 budget: a reference that leads nowhere is not charged', () => {
  const properties = Object.fromEntries([
    ...Array.from({ length: 40 }, (_, index) => [`a${index}`, { $ref: '#/$defs/gone' }]),
    ['z', { $ref: '#/$defs/A' }],
  ])
  expect(schemaToTypeScript({ type: 'object', properties, $defs: { A: string } })).toContain('z?: string;')
})

test('5.4 budget: a type of more than 16 000 bytes is unknown', () => {
  const object = (/** @type {number} */ count) => ({
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`property_${index}`, string]),
    ),
  })
  expect(schemaToTypeScript(object(600))).not.toBe('unknown')
  expect(Buffer.byteLength(schemaToTypeScript(object(600)))).toBeGreaterThan(10_000)
  expect(schemaToTypeScript(object(1_000))).toBe('unknown')
})

test('5.4 budget: a schema that grows without bound by references is unknown, soon', () => {
  /** @type {Record<string, unknown>} */
  const $defs = { d0: { type: 'object', properties: { leaf: { const: 'x'.repeat(2_000) } } } }
  for (let level = 1; level < 8; level += 1) {
    const below = { $ref: `#/$defs/d${level - 1}` }
    $defs[`d${level}`] = { type: 'object', properties: { a: below, b: below, c: below } }
  }
  expect(schemaToTypeScript({ $ref: '#/$defs/d7', $defs })).toBe('unknown')
})

test('5.4 a very deep schema neither crashes nor hangs', () => {
  /** @type {any} */
  let schema = string
  for (let depth = 0; depth < 2_000; depth += 1) schema = { type: 'array', items: schema }
  expect(schemaToTypeScript(schema)).toMatch(/^(unknown|(Array<)+(string|unknown)>+)$/)
})

test('5.4 the schema that was given is not changed', () => {
  const schema = { type: 'object', properties: { b: string, a: number }, $defs: { A: string } }
  const before = structuredClone(schema)
  schemaToTypeScript(schema)
  expect(schema).toEqual(before)
})

test('5.4 what is no JSON schema is refused with INVALID_ARGUMENT', async () => {
  /** @type {any} */
  const circular = {}
  circular.self = circular
  for (const [schema, message] of [
    [undefined, /^schema must be a JSON schema, an object or a boolean; got undefined$/],
    [null, /got null$/],
    ['string', /got "string" \(string\)$/],
    [[], /got an array$/],
    [{ const: 1n }, /^schema must be what JSON can say: .*BigInt/],
    [circular, /^schema must be what JSON can say: .*(circular|cyclic)/],
  ]) {
    await expectFault(() => schemaToTypeScript(/** @type {any} */ (schema)), 'INVALID_ARGUMENT', message)
  }
})

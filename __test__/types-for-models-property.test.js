// §5.4: what is true of every schema. The schemas are random, and the same in each run.

import ts from 'typescript'
import { expect, test } from 'vitest'
import { renderToolDeclaration, schemaToTypeScript } from '../js/index.js'
import { random } from './support/random.js'

const SEEDS = 300
const LONGEST = 16_000
const NAMES = [
  'a',
  'b',
  'name',
  'a-b',
  '',
  '1',
  'with space',
  '"quoted"',
  'new\nline',
  '*/',
  '$x',
  'ü',
  '__proto__',
]
const TYPES = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object', 'nonsense']
const TEXTS = [
  'plain',
  'two\nlines',
  '*/ end',
  '// slashes',
  '`tick` ${',
  '',
  'é\u2028\u2029',
  'cr\rlf\r\n',
  7,
]
const REFS = [
  '#',
  '#/$defs/a',
  '#/$defs/b',
  '#/$defs/gone',
  '#/$defs/a%20b',
  'https://x.example/',
  '#/$defs/%ff',
]

/**
 * @param {ReturnType<typeof random>} dice
 * @param {number} depth
 * @returns {any}
 */
function schema(dice, depth) {
  if (depth === 0 || dice.chance(0.1)) return dice.pick([true, false, {}, { type: dice.pick(TYPES) }])
  const below = () => schema(dice, depth - 1)
  const list = () => Array.from({ length: dice.below(4) }, below)
  /** @type {any} */
  const made = {}
  if (dice.chance(0.4)) made.type = dice.chance(0.2) ? [dice.pick(TYPES), dice.pick(TYPES)] : dice.pick(TYPES)
  if (dice.chance(0.5)) made.properties = record(dice, below)
  if (dice.chance(0.3)) made.required = [dice.pick(NAMES), dice.pick(NAMES)]
  if (dice.chance(0.3)) made.additionalProperties = below()
  if (dice.chance(0.3)) made.items = below()
  if (dice.chance(0.15)) made.prefixItems = list()
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) if (dice.chance(0.15)) made[keyword] = list()
  if (dice.chance(0.1))
    made.enum = [dice.pick(TEXTS), dice.below(9) - 4, null, [1, { x: 'y' }]].slice(dice.below(4))
  if (dice.chance(0.1)) made.const = dice.pick([...TEXTS, null, -1e30, { deep: [true] }])
  if (dice.chance(0.2)) made.$ref = dice.pick(REFS)
  if (dice.chance(0.2)) made.$defs = { a: below(), b: below(), 'a b': below() }
  if (dice.chance(0.1)) made.$id = 'https://example.com/nested'
  if (dice.chance(0.4)) made.description = dice.pick(TEXTS)
  return made
}

/**
 * @param {ReturnType<typeof random>} dice
 * @param {() => any} below
 */
function record(dice, below) {
  return Object.fromEntries(Array.from({ length: dice.below(5) }, () => [dice.pick(NAMES), below()]))
}

/**
 * What TypeScript has against a text.
 *
 * @param {string} source
 */
function faults(source) {
  const { diagnostics } = ts.transpileModule(source, { reportDiagnostics: true })
  return (diagnostics ?? []).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

test(`5.4 property: what is rendered of ${SEEDS} random schemas parses as TypeScript, within ${LONGEST} bytes`, () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const made = schema(random(seed), 4)
    const type = schemaToTypeScript(made)
    expect(faults(`type T = ${type};`), `seed ${seed}: ${type}\n${JSON.stringify(made)}`).toEqual([])
    expect(Buffer.byteLength(type)).toBeLessThanOrEqual(LONGEST)
    expect(schemaToTypeScript(made), `seed ${seed} is rendered in two ways`).toBe(type)
  }
})

test(`5.1 property: the declarations of ${SEEDS} random tools parse as one method of \`tools\``, () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const dice = random(seed + 10_000)
    const name = dice.pick(NAMES)
    const tool = {
      inputSchema: schema(dice, 3),
      outputSchema: schema(dice, 3),
      kind: dice.pick(['function', 'freeform']),
    }
    const declaration = renderToolDeclaration(name, /** @type {any} */ (tool))
    const message = `seed ${seed}: ${declaration}`
    expect(faults(declaration), message).toEqual([])
    const file = ts.createSourceFile('t.ts', declaration, ts.ScriptTarget.Latest, true)
    expect(file.statements, message).toHaveLength(1)
    const [statement] = /** @type {any} */ (file.statements)
    const [method, ...others] = statement.declarationList.declarations[0].type.members
    expect(others, message).toEqual([])
    expect(method.parameters, message).toHaveLength(1)
  }
})

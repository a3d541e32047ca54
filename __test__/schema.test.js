// `codecell/schema`: tools whose schemas are those of a library.

import { tool } from 'codecell/schema'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { openSession, textsOf } from './support/cell.js'

const weather = tool({
  description: 'The weather.',
  inputSchema: z.object({ city: z.string(), days: z.number().default(1) }),
  outputSchema: z.object({ celsius: z.array(z.number()) }),
  execute: ({ city, days }) => ({ celsius: Array.from({ length: days }, () => city.length) }),
})

test('schemas of zod become declarations: what it takes, and what it gives', () => {
  const { description } = openSession({ tools: { weather } }).modelTools().exec
  expect(description).toContain(
    'weather(args: { city: string; days?: number; }): Promise<{ celsius: Array<number>; }>',
  )
})

test('the input is validated, and arrives with its defaults', async () => {
  const session = openSession({ tools: { weather } })
  const result = await session.exec(`
    text(await tools.weather({ city: 'Rome' }))
    try { await tools.weather({ city: 5 }) } catch (error) { text(error.message) }`)
  const [given, refused] = textsOf(result)
  expect(given).toBe('{"celsius":[4]}')
  expect(refused).toMatch(/^the input of tool `weather` is not valid: city: .*expected string/)
})

test('a JSON schema describes and validates nothing', async () => {
  const echo = tool({ inputSchema: { type: 'object' }, execute: (input) => input })
  expect(echo).toMatchObject({ inputSchema: { type: 'object' } })
  const result = await openSession({ tools: { echo } }).exec('text(await tools.echo({ a: 1 }))')
  expect(textsOf(result)).toEqual(['{"a":1}'])
})

test('any Standard Schema that tells its JSON schema will do', async () => {
  const schema = {
    '~standard': /** @type {const} */ ({
      version: 1,
      vendor: 'own',
      validate: (/** @type {any} */ value) =>
        value.n > 0 ? { value: value.n } : { issues: [{ message: 'too small', path: ['a', { key: 'n' }] }] },
      jsonSchema: { input: () => ({ type: 'object' }), output: () => ({ type: 'number' }) },
    }),
  }
  const double = tool({ inputSchema: schema, execute: (/** @type {any} */ n) => 2 * n })
  const result = await openSession({ tools: { double } }).exec(`
    text(await tools.double({ n: 2 }))
    await tools.double({ n: 0 })`)
  expect(result).toMatchObject({
    content: [{ text: '4' }],
    error: { message: 'the input of tool `double` is not valid: a.n: too small' },
  })
})

test.for([
  ['no schema', 5, 'tool.inputSchema must be a JSON schema or a Standard Schema; got 5 (number)'],
  ['a function', () => {}, 'tool.inputSchema must be a JSON schema or a Standard Schema; got a function'],
  [
    'a schema that keeps its JSON schema to itself',
    { '~standard': { version: 1, vendor: 'zod', validate: () => ({ value: 1 }) } },
    'tool.inputSchema is a schema of zod that does not tell its JSON schema; use zod 4.2 or newer',
  ],
  [
    'what JSON schema cannot say',
    z.object({ at: z.date() }),
    'tool.inputSchema cannot be said as JSON schema: ',
  ],
])('%s is refused', ([, inputSchema, message]) => {
  const definition = /** @type {any} */ ({ inputSchema, execute: () => 1 })
  expect(() => tool(definition)).toThrow(/** @type {string} */ (message))
})

test('modelTools({ tools }): exec describes and gives those tools, in the place of the session’s', async () => {
  const session = openSession({ tools: { other: { execute: () => 1 } } })
  const { exec } = session.modelTools({ tools: { weather } })
  expect(exec.description).toContain('### `weather`')
  expect(exec.description).not.toContain('### `other`')
  const { content } = await exec.run('text(Object.keys(tools))')
  expect(content[1]).toEqual({ type: 'text', text: '["weather"]' })
  expect(() => session.modelTools({ tools: /** @type {any} */ ({ weather: 1 }) })).toThrow(
    'tools.weather must be an object',
  )
})

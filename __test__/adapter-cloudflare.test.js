// `codecell/cloudflare` with Cloudflare's code mode: those parts of it that load in Node.

import { codeMcpServer } from '@cloudflare/codemode/mcp'
import { createCodeTool, tanstackTools } from '@cloudflare/codemode/tanstack-ai'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { toolDefinition } from '@tanstack/ai'
import { CodecellExecutor } from 'codecell/cloudflare'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { connectedClient } from './support/mcp.js'

/** @type {import('@cloudflare/codemode').ResolvedProvider[]} */
const providers = [
  {
    name: 'codemode',
    fns: {
      add: async (input) => /** @type {any} */ (input).a + /** @type {any} */ (input).b,
      'list-files': async (...names) => names,
      delete: async () => 'deleted',
      broken: async () => {
        throw new Error('the disk is full')
      },
    },
  },
  { name: 'state', fns: { read: async () => 'state' }, prelude: 'state.twice = (n) => 2 * n' },
]

const executor = new CodecellExecutor()

test.for([
  ['a function', 'async () => await codemode.add({ a: 1, b: 2 })', 3],
  ['a function with a semicolon', 'async () => { return 1 };\n', 1],
  ['a function in a fence', '```js\nasync () => 4\n```', 4],
  ['an expression', '6 * 7', 42],
  ['statements', 'const n = await codemode.add({ a: 2, b: 3 })\nreturn n', 5],
  ['nothing', '', undefined],
  ['arguments in order, under the name of the types', 'codemode.list_files("a", "b")', ['a', 'b']],
  ['a word of the language', 'codemode.delete_()', 'deleted'],
  ['another provider', 'state.read()', 'state'],
  ['what a prelude makes', 'state.twice(4)', 8],
])('it runs %s', async ([, code, result]) => {
  expect(await executor.execute(/** @type {string} */ (code), providers)).toEqual({ result, logs: [] })
})

test('functions alone are a provider named codemode, and connectors are called by name', async () => {
  const connector = {
    name: 'github',
    binding: { callTool: async (/** @type {string} */ method, /** @type {any} */ args) => [method, args] },
  }
  const fns = { one: async () => 1 }
  const code = 'async () => [await codemode.one(), await github.issues({ open: true })]'
  expect(await executor.execute(code, fns, { connectors: [connector] })).toMatchObject({
    result: [1, ['issues', { open: true }]],
  })
})

test('errors are in the result, with the logs so far', async () => {
  expect(
    await executor.execute('async () => { console.warn("careful"); await codemode.broken() }', providers),
  ).toEqual({ result: undefined, error: 'the disk is full', logs: ['[warn] careful'] })
  expect(await executor.execute('codemode.missing()', providers)).toMatchObject({
    error: 'Tool "missing" not found',
  })
  expect(await executor.execute('const = 1', providers)).toMatchObject({
    error: expect.stringContaining('token'),
  })
})

test('names of providers that cannot be are errors', async () => {
  const error = async (/** @type {string[]} */ ...names) =>
    (
      await executor.execute(
        '1',
        names.map((name) => ({ name, fns: {} })),
      )
    ).error
  expect(await error('a-b')).toBe('Provider name "a-b" is not a valid JavaScript identifier')
  expect(await error('console')).toBe('Provider name "console" is reserved')
  expect(await error('a', 'a')).toBe('Duplicate provider name "a"')
})

test('the timeout ends what never ends', async () => {
  const quick = new CodecellExecutor({ timeout: 50 })
  expect(await quick.execute('while (true) {}', [])).toMatchObject({ error: 'Execution timed out' })
  expect(await quick.execute('new Promise(() => {})', [])).toMatchObject({ error: 'Execution timed out' })
  expect(() => new CodecellExecutor({ timeout: 0 })).toThrow('timeout must be a number of milliseconds')
})

test('codeMcpServer offers a server’s tools to code', async () => {
  const upstream = new McpServer({ name: 'upstream', version: '1.0.0' })
  upstream.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
    content: [{ type: 'text', text: String(a + b) }],
  }))
  const client = await connectedClient(await codeMcpServer({ server: upstream, executor }))
  const result = await client.callTool({
    name: 'code',
    arguments: { code: 'async () => (await codemode.add({ a: 1, b: 2 })) * 2' },
  })
  expect(result.content).toEqual([{ type: 'text', text: '6' }])
})

test('createCodeTool for TanStack AI runs in it', async () => {
  const add = toolDefinition({
    name: 'add',
    description: 'Adds.',
    inputSchema: z.object({ a: z.number(), b: z.number() }),
  }).server(async ({ a, b }) => a + b)
  const tool = /** @type {any} */ (createCodeTool({ tools: [tanstackTools([add])], executor }))
  expect(await tool.execute({ code: 'const n = await codemode.add({ a: 1, b: 2 })\nn + 1' })).toEqual({
    result: 4,
    logs: undefined,
  })
})

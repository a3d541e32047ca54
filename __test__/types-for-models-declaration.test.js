// §5.1, §5.3 and §3.1: the declaration of a tool, and the identifier under which it stands.

import { expect, test } from 'vitest'
import { renderToolDeclaration, toolIdentifier, versions } from '../js/index.js'
import { expectFault, newSession, texts } from './support/lifecycle-helpers.js'

const string = { type: 'string' }
const mcp = (/** @type {Record<string, unknown>} */ more = {}) => ({
  type: 'object',
  properties: {
    content: { type: 'array', items: { type: 'object' } },
    isError: { type: 'boolean' },
    _meta: { type: 'object' },
    ...more,
  },
})

/** @param {any} outputSchema */
const outputOf = (outputSchema) =>
  /Promise<(.*)>; \};$/s.exec(renderToolDeclaration('t', { outputSchema }))?.[1]

test('5.1 declaration: a function tool takes `args`; without schemas both sides are unknown', () => {
  const expected = 'declare const tools: { foo(args: unknown): Promise<unknown>; };'
  expect(renderToolDeclaration('foo', {})).toBe(expected)
  expect(renderToolDeclaration('foo', { kind: 'function' })).toBe(expected)
})

test('5.1 declaration: both schemas are rendered', () => {
  const inputSchema = { type: 'object', properties: { city: string }, required: ['city'] }
  const outputSchema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }
  expect(renderToolDeclaration('weather', { inputSchema, outputSchema })).toBe(
    'declare const tools: { weather(args: { city: string; }): Promise<{ ok: boolean; }>; };',
  )
})

test('5.5 declaration: a freeform tool takes `input`, a string', () => {
  expect(renderToolDeclaration('apply_patch', { kind: 'freeform' })).toBe(
    'declare const tools: { apply_patch(input: string): Promise<unknown>; };',
  )
  expect(renderToolDeclaration('apply_patch', { kind: 'freeform', outputSchema: string })).toBe(
    'declare const tools: { apply_patch(input: string): Promise<string>; };',
  )
})

test('5.1 declaration: the name is the identifier', () => {
  expect(renderToolDeclaration('hidden-dynamic-tool', {})).toContain('{ hidden_dynamic_tool(args: unknown)')
})

test('5.1 declaration: an object with described properties spans lines', () => {
  const inputSchema = { type: 'object', properties: { a: { ...string, description: 'the a' } } }
  expect(renderToolDeclaration('t', { inputSchema })).toBe(
    'declare const tools: { t(args: {\n  // the a\n  a?: string;\n}): Promise<unknown>; };',
  )
})

test('5.5 declaration: an MCP tool with structuredContent', () => {
  const inputSchema = {
    type: 'object',
    properties: { message: string, env_var: string },
    required: ['message'],
  }
  const outputSchema = mcp({
    structuredContent: {
      type: 'object',
      properties: { echo: string, env: { type: ['string', 'null'] } },
      required: ['echo', 'env'],
    },
  })
  expect(renderToolDeclaration('mcp__rmcp__echo', { inputSchema, outputSchema })).toBe(
    'declare const tools: { mcp__rmcp__echo(args: { env_var?: string; message: string; }): ' +
      'Promise<CallToolResult<{ echo: string; env: string | null; }>>; };',
  )
})

test('5.3 MCP: without structuredContent, or with one that is unknown, it is plain CallToolResult', () => {
  expect(outputOf(mcp())).toBe('CallToolResult')
  expect(outputOf(mcp({ structuredContent: true }))).toBe('CallToolResult')
  expect(outputOf(mcp({ structuredContent: {} }))).toBe('CallToolResult')
})

test('5.5 MCP: references inside structuredContent resolve against it', () => {
  const structuredContent = {
    type: 'object',
    properties: { results: { type: 'array', items: { $ref: '#/definitions/Result~1item~0v1' } } },
    required: ['results'],
    definitions: {
      'Result/item~v1': {
        type: 'object',
        properties: { id: string, score: { type: 'number' } },
        required: ['id', 'score'],
      },
    },
  }
  expect(outputOf(mcp({ structuredContent }))).toBe(
    'CallToolResult<{ results: Array<{ id: string; score: number; }>; }>',
  )
})

test('5.3 MCP: it is told by the shape of the output schema, all of it', () => {
  for (const different of [
    { content: { type: 'object' } },
    { content: { type: 'array' } },
    { content: { type: 'array', items: string } },
    { content: { type: 'array', items: true } },
    { isError: string },
    { isError: true },
    { _meta: string },
    { _meta: { type: 'array' } },
  ]) {
    expect(outputOf(mcp(different)), JSON.stringify(different)).not.toContain('CallToolResult')
  }
  const { _meta, ...without } = mcp().properties
  expect(outputOf({ type: 'object', properties: without })).not.toContain('CallToolResult')
})

test('3.1 identifier: ASCII letters, _ and $, later also digits; any other character becomes _', () => {
  for (const [name, identifier] of [
    ['echo', 'echo'],
    ['echo-tool', 'echo_tool'],
    ['hidden-dynamic-tool', 'hidden_dynamic_tool'],
    ['$_aZ9', '$_aZ9'],
    ['1x', '_x'],
    ['a.b c/d', 'a_b_c_d'],
    ['näme', 'n_me'],
    ['\u{1f600}', '_'],
    ['', '_'],
  ]) {
    expect(toolIdentifier(name), name).toBe(identifier)
  }
})

test('3.1 identifier: it is where the script finds the tool', async () => {
  const names = ['a-b', '1x', 'näme', '$', '', 'constructor', '__proto__', 'toString']
  const tools = Object.fromEntries(names.map((name) => [name, { execute: () => name }]))
  const calls = names.map((name) => `text(await tools[${JSON.stringify(toolIdentifier(name))}]({}))`)
  const result = await newSession({ tools }).exec(calls.join('\n'))
  expect(result).toMatchObject({ status: 'completed' })
  expect(texts(result)).toEqual(names)
})

test('5.1 faults: a name that is no text, and a tool that is none, are refused', async () => {
  for (const [name, tool, message] of [
    [1, {}, /^name must be a string; got 1 \(number\)$/],
    ['t', null, /^tool must be an object; got null$/],
    ['t', { kind: 'other' }, /^tool\.kind must be 'function' or 'freeform'; got "other" \(string\)$/],
    ['t', { inputSchema: 'x' }, /^tool\.inputSchema must be a JSON schema, an object or a boolean; got "x"/],
    [
      't',
      { outputSchema: [] },
      /^tool\.outputSchema must be a JSON schema, an object or a boolean; got an array$/,
    ],
  ]) {
    await expectFault(
      () => renderToolDeclaration(/** @type {any} */ (name), /** @type {any} */ (tool)),
      'INVALID_ARGUMENT',
      message,
    )
  }
  await expectFault(
    () => toolIdentifier(/** @type {any} */ (undefined)),
    'INVALID_ARGUMENT',
    /^name must be a string; got undefined$/,
  )
})

test('versions: those of the package and of its V8, frozen', async () => {
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
  expect(versions.codecell).toBe(manifest.version)
  expect(Object.isFrozen(versions)).toBe(true)
})

test('versions: that of V8 is four numbers', () => {
  expect(versions.v8).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
})

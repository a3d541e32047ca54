// `toolsFromMcp` with the official client and server.

import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import { toolsFromMcp } from 'codecell/mcp'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { deferred, openSession, textsOf } from './support/cell.js'
import { connectedClient } from './support/mcp.js'

const PIXEL = 'iVBORw0KGgo='

/** A server with one tool for each kind of result. */
function everyKind() {
  const server = new McpServer({ name: 'kinds', version: '1.0.0' })
  server.registerTool(
    'add',
    {
      description: 'Adds.',
      inputSchema: { a: z.number(), b: z.number() },
      outputSchema: { sum: z.number() },
    },
    ({ a, b }) => ({
      content: [{ type: 'text', text: String(a + b) }],
      structuredContent: { sum: a + b },
      _meta: { secret: 1 },
    }),
  )
  server.registerTool('media', { title: 'A picture and a sound.' }, () => ({
    content: [
      { type: 'image', data: PIXEL, mimeType: 'image/png' },
      { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
      { type: 'resource', resource: { uri: 'note://1', text: 'a note' } },
    ],
  }))
  server.registerTool('broken', {}, () => ({
    content: [{ type: 'text', text: 'the disk is full' }],
    isError: true,
  }))
  server.registerTool('silent', {}, () => ({ content: [], isError: true }))
  return server
}

/**
 * @param {{ connect(transport: any): Promise<void>, close(): Promise<void> }} server
 * @param {import('codecell/mcp').McpToolsOptions} [options]
 */
async function sessionOver(server, options) {
  const client = await connectedClient(server)
  return openSession({ tools: await toolsFromMcp(client, options) })
}

test('a script gets the CallToolResult, without _meta', async () => {
  const session = await sessionOver(everyKind())
  const result = await session.exec('text(await tools.add({ a: 1, b: 2 }))')
  expect(textsOf(result).map((text) => JSON.parse(text))).toEqual([
    { content: [{ type: 'text', text: '3' }], structuredContent: { sum: 3 } },
  ])
})

test('results: structured-content gives that alone where there is an output schema', async () => {
  const session = await sessionOver(everyKind(), { results: 'structured-content' })
  const result = await session.exec(`
    text((await tools.add({ a: 1, b: 2 })).sum)
    text((await tools.media({})).content.length)`)
  expect(textsOf(result)).toEqual(['3', '3'])
})

test('the declarations say what each kind of result is', async () => {
  const client = await connectedClient(everyKind())
  const whole = openSession({ tools: await toolsFromMcp(client) }).modelTools().exec.description
  expect(whole).toContain('add(args: { a: number; b: number; }): Promise<CallToolResult<{ sum: number; }>>')
  expect(whole).toContain('Shared MCP Types')
  expect(whole).toContain('A picture and a sound.')
  const tools = await toolsFromMcp(client, { results: 'structured-content' })
  const structured = openSession({ tools }).modelTools().exec.description
  expect(structured).toContain('add(args: { a: number; b: number; }): Promise<{ sum: number; }>')
})

test('image and audio blocks can be emitted as they are', async () => {
  const session = await sessionOver(everyKind())
  const result = await session.exec(`
    const [picture, sound] = (await tools.media({})).content
    image(picture)
    audio(sound)`)
  expect(result).toMatchObject({
    status: 'completed',
    content: [
      { type: 'image', imageUrl: `data:image/png;base64,${PIXEL}` },
      { type: 'audio', audioUrl: 'data:audio/wav;base64,AAAA' },
    ],
  })
})

test('a result with isError rejects with its text, and so does what the protocol refuses', async () => {
  const session = await sessionOver(everyKind())
  const result = await session.exec(`
    for (const call of [tools.broken({}), tools.silent({}), tools.add({ a: 'one', b: 2 })]) {
      try { await call } catch (error) { text(error.name + ': ' + error.message) }
    }`)
  const [broken, silent, wrongInput] = textsOf(result)
  expect(broken).toBe('ToolError: the disk is full')
  expect(silent).toBe('ToolError: tool `silent` failed and did not say why')
  expect(wrongInput).toMatch(/^ToolError: .*expected number, received string/s)
})

test('prefix, namespace, filter and deferred shape what a session gets', async () => {
  const client = await connectedClient(everyKind())
  const tools = await toolsFromMcp(client, {
    prefix: 'kinds__',
    namespace: 'kinds',
    filter: ({ name }) => name !== 'silent',
    deferred: ({ name }) => name === 'broken',
  })
  expect(Object.keys(tools).sort()).toEqual(['kinds__add', 'kinds__broken', 'kinds__media'])
  expect(tools.kinds__broken).toMatchObject({ deferred: true, namespace: 'kinds' })
  expect(tools.kinds__add).toMatchObject({ deferred: false })
})

test('an option that is not right is named', async () => {
  const client = await connectedClient(everyKind())
  await expect(toolsFromMcp(client, /** @type {any} */ ({ prefx: 'a' }))).rejects.toThrow(
    /unknown key "prefx"/,
  )
  await expect(toolsFromMcp(client, /** @type {any} */ ({ results: 'text' }))).rejects.toThrow(
    "results must be 'call-tool-result' or 'structured-content'",
  )
  await expect(toolsFromMcp(client, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

/** @param {(name: string, extra: any) => unknown} [call] */
function lowLevel(call = () => ({ content: [] })) {
  const server = new Server(
    { name: 'pages', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  )
  const state = { names: ['a'], pageSize: Infinity, listings: 0 }
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    state.listings += 1
    const start = Number(params?.cursor ?? 0)
    const end = start + state.pageSize
    const tools = state.names
      .slice(start, end)
      .map((name) => ({ name, inputSchema: { type: /** @type {const} */ ('object') } }))
    return { tools, ...(end < state.names.length && { nextCursor: String(end) }) }
  })
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => call(params.name, extra))
  return Object.assign(server, { state })
}

test('every page of the list is read', async () => {
  const server = lowLevel()
  server.state.names = Array.from({ length: 25 }, (_, index) => `tool${index}`)
  server.state.pageSize = 10
  const client = await connectedClient(server)
  expect(Object.keys(await toolsFromMcp(client))).toEqual(server.state.names)
})

test('names with one identifier stay apart, and each calls its own tool', async () => {
  const server = lowLevel((name) => ({ content: [{ type: 'text', text: name }] }))
  server.state.names = ['get-x', 'get_x', 'get.x']
  const session = await sessionOver(server)
  const result = await session.exec(`
    for (const name of ['get_x', 'get_x_2', 'get_x_3']) text((await tools[name]({})).content[0].text)`)
  expect(textsOf(result)).toEqual(['get-x', 'get_x', 'get.x'])
})

test('onChange is told of the tools after a change, and once after a burst of changes', async () => {
  const server = lowLevel()
  const client = await connectedClient(server)
  /** @type {string[][]} */
  const changes = []
  const last = deferred()
  await toolsFromMcp(client, {
    onChange: (tools) => {
      changes.push(Object.keys(tools))
      if (changes.at(-1)?.includes('z')) last.resolve()
    },
  })
  server.state.names = ['a', 'b', 'z']
  await Promise.all(Array.from({ length: 20 }, () => server.sendToolListChanged()))
  await last.promise
  expect(changes.at(-1)).toEqual(['a', 'b', 'z'])
  expect(changes.length).toBeLessThan(20)
})

test('a list that fails after a change goes to onError', async () => {
  const server = lowLevel()
  const client = await connectedClient(server)
  const failed = deferred()
  await toolsFromMcp(client, { onChange: () => {}, onError: failed.resolve })
  server.setRequestHandler(ListToolsRequestSchema, () => {
    throw new McpError(ErrorCode.InternalError, 'out of order')
  })
  await server.sendToolListChanged()
  expect(String(await failed.promise)).toContain('out of order')
})

test('progress goes to onProgress, with the call that it is of', async () => {
  const server = lowLevel(async (_, { _meta, sendNotification }) => {
    for (const progress of [1, 2]) {
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken: _meta.progressToken, progress, total: 2 },
      })
    }
    return { content: [] }
  })
  /** @type {unknown[]} */
  const seen = []
  const session = await sessionOver(server, {
    onProgress: ({ progress, total }, { id, name }) => seen.push([id, name, progress, total]),
  })
  textsOf(await session.exec('await tools.a({})'))
  expect(seen).toEqual([
    ['tool-1', 'a', 1, 2],
    ['tool-1', 'a', 2, 2],
  ])
})

test('a cell that ends cancels its calls at the server', async () => {
  const started = deferred()
  const cancelled = deferred()
  const server = lowLevel((_, { signal }) => {
    signal.addEventListener('abort', cancelled.resolve)
    started.resolve()
    return new Promise(() => {})
  })
  const session = await sessionOver(server)
  const running = session.exec('await tools.a({})')
  await started.promise
  await session.terminate('1')
  await cancelled.promise
  expect(await running).toMatchObject({ status: 'terminated', usage: { toolCalls: 1, toolErrors: 1 } })
})

test('timeoutMs ends a call that makes no progress', async () => {
  const session = await sessionOver(
    lowLevel(() => new Promise(() => {})),
    { timeoutMs: 50 },
  )
  const result = await session.exec('try { await tools.a({}) } catch (error) { text(error.message) }')
  expect(textsOf(result)[0]).toContain('Request timed out')
})

test('a server that is gone rejects the call', async () => {
  const server = lowLevel()
  const session = await sessionOver(server)
  await server.close()
  const result = await session.exec('try { await tools.a({}) } catch (error) { text(error.message) }')
  expect(textsOf(result)).toEqual(['Not connected'])
})

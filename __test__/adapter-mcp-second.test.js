// `codecell/mcp` with the second generation of the official SDK, both ways at once: a server of code mode over the tools
// of another server.

import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { serveCodeMode, toolsFromMcp } from 'codecell/mcp'
import { expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { deferred } from './support/cell.js'

/** @param {McpServer} server */
async function connectedClient(server) {
  const [near, far] = InMemoryTransport.createLinkedPair()
  const client = new Client({ name: 'test', version: '1.0.0' })
  await server.connect(far)
  await client.connect(near)
  onTestFinished(async () => {
    await client.close()
    await server.close()
  })
  return client
}

/** A client of code mode over the tools of an upstream server, and that server. */
async function codeMode() {
  const upstream = new McpServer({ name: 'upstream', version: '1.0.0' })
  const started = deferred()
  const aborted = deferred()
  upstream.registerTool(
    'add',
    {
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    },
    async ({ a, b }) => ({
      content: [{ type: 'text', text: String(a + b) }],
      structuredContent: { sum: a + b },
    }),
  )
  upstream.registerTool('broken', {}, async () => ({
    content: [{ type: 'text', text: 'the disk is full' }],
    isError: true,
  }))
  upstream.registerTool('hang', {}, (/** @type {any} */ { mcpReq }) => {
    mcpReq.signal.addEventListener('abort', aborted.resolve)
    started.resolve()
    return new Promise(() => {})
  })
  const changed = deferred()
  const tools = await toolsFromMcp(await connectedClient(upstream), { onChange: changed.resolve })
  const server = new McpServer({ name: 'code', version: '1.0.0' })
  const served = serveCodeMode(server, { tools })
  onTestFinished(() => served.close())
  return { client: await connectedClient(server), upstream, served, started, aborted, changed }
}

/**
 * @param {Client} client
 * @param {string} source
 * @param {object} [options]
 */
async function exec(client, source, options) {
  const result = await client.callTool({ name: 'exec', arguments: { source } }, options)
  return { ...result, texts: /** @type {any[]} */ (result.content).slice(1).map(({ text }) => text) }
}

test('scripts call the tools, and results and errors arrive', async () => {
  const { client } = await codeMode()
  const { tools } = await client.listTools()
  expect(tools.map(({ name, inputSchema }) => [name, inputSchema.required])).toEqual([
    ['exec', ['source']],
    ['wait', ['cell_id']],
  ])
  expect(tools[0]?.description).toContain('Promise<CallToolResult<{ sum: number; }>>')
  const { texts, isError } = await exec(
    client,
    `text((await tools.add({ a: 1, b: 2 })).structuredContent.sum)
    for (const call of [() => tools.broken({}), () => tools.add({ a: 'one', b: 2 })]) {
      try { await call() } catch (error) { text(error.message) }
    }`,
  )
  expect(isError).toBe(false)
  expect(texts).toEqual(['3', 'the disk is full', expect.stringContaining('expected number')])
})

test('a yield goes on with wait, and what the model does wrong is a result', async () => {
  const { client } = await codeMode()
  expect((await exec(client, 'text("a"); yield_control(); text("b")')).texts).toEqual(['a'])
  const rest = await client.callTool({ name: 'wait', arguments: { cell_id: 1 } })
  expect(rest.content[1]).toMatchObject({ text: 'b' })
  const wrong = await client.callTool({ name: 'wait', arguments: {} })
  expect(wrong).toMatchObject({
    isError: true,
    content: [{ text: 'failed to parse function arguments: `cell_id` is missing' }],
  })
})

test('progress is reported, and cancelling exec cancels the calls of its cell at their server', async () => {
  const { client, started, aborted } = await codeMode()
  /** @type {unknown[]} */
  const seen = []
  const controller = new AbortController()
  const running = exec(client, 'notify("half"); await tools.hang({})', {
    signal: controller.signal,
    onprogress: (/** @type {any} */ { message }) => seen.push(message),
  })
  const settled = running.then(
    () => 'done',
    () => 'cancelled',
  )
  await started.promise
  await expect.poll(() => seen).toEqual(['half'])
  controller.abort()
  expect(await settled).toBe('cancelled')
  await aborted.promise
})

test('changes of the tools pass through', async () => {
  const { client, upstream, served, changed } = await codeMode()
  upstream.registerTool('late', {}, async () => ({ content: [{ type: 'text', text: 'late' }] }))
  served.setTools(await changed.promise)
  expect((await client.listTools()).tools[0]?.description).toContain('### `late`')
  const { texts } = await exec(client, 'text((await tools.late({})).content[0].text)')
  expect(texts).toEqual(['late'])
})

// `serveCodeMode` with the official server and client.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { serveCodeMode } from 'codecell/mcp'
import { expect, onTestFinished, test } from 'vitest'
import { deferred } from './support/cell.js'
import { connectedClient } from './support/mcp.js'

const add = {
  description: 'Adds.',
  inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
  execute: (/** @type {any} */ { a, b }) => a + b,
}

/** @param {import('codecell/mcp').CodeModeServerOptions} [options] */
async function codeMode(options) {
  const server = new McpServer({ name: 'code', version: '1.0.0' })
  const served = serveCodeMode(server, options)
  onTestFinished(() => served.close())
  const client = await connectedClient(server)
  return { server, served, client }
}

/**
 * @param {any} client
 * @param {string} source
 * @param {object} [options]
 */
function exec(client, source, options) {
  return client.callTool({ name: 'exec', arguments: { source } }, undefined, options)
}

/** @param {any} result */
const textsOf = ({ content }) => content.map((/** @type {any} */ { text }) => text)

test('the server lists exec and wait, with the schemas and descriptions of the session', async () => {
  const { client, served } = await codeMode({ tools: { add } })
  const { tools } = await client.listTools()
  const expected = served.session.modelTools({ tools: { add } })
  expect(tools.map(({ name }) => name)).toEqual(['exec', 'wait'])
  for (const { name, description, inputSchema } of tools) {
    const own = expected[/** @type {'exec' | 'wait'} */ (name)]
    expect(description).toBe(own.description)
    const { properties, required } = /** @type {any} */ (own.inputSchema)
    expect(inputSchema).toMatchObject({ type: 'object', properties, required })
  }
  expect(tools[0]?.description).toContain('add(args: { a?: number; b?: number; }): Promise<unknown>')
})

test('a script calls the tools, and its output comes back as content blocks', async () => {
  const { client } = await codeMode({ tools: { add } })
  const result = await exec(
    client,
    `text(await tools.add({ a: 1, b: 2 }))
    image('data:image/svg+xml,%3Csvg/%3E')
    audio('data:audio/wav;base64,AAAA')`,
  )
  expect(result.isError).toBe(false)
  expect(result.content).toEqual([
    { type: 'text', text: expect.stringMatching(/^Script completed\n/) },
    { type: 'text', text: '3' },
    { type: 'image', data: Buffer.from('<svg/>').toString('base64'), mimeType: 'image/svg+xml' },
    { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
  ])
})

test('a script that fails, and input that is not right, are results with isError', async () => {
  const { client } = await codeMode()
  const failed = await exec(client, 'text("before"); null.x')
  expect(failed.isError).toBe(true)
  expect(textsOf(failed)[1]).toBe('before')
  expect(textsOf(failed)[2]).toContain('TypeError')

  const noSource = await client.callTool({ name: 'exec', arguments: {} })
  expect(noSource).toMatchObject({
    isError: true,
    content: [{ text: 'exec expects raw JavaScript source text' }],
  })
  const noCell = await client.callTool({ name: 'wait', arguments: { cell: '1' } })
  expect(textsOf(noCell)).toEqual(['failed to parse function arguments: `cell_id` is missing'])
})

test('a script that yields goes on with wait, and the cell ID may be a number', async () => {
  const { client } = await codeMode()
  const first = await exec(client, 'text("a"); yield_control(); text("b")')
  expect(textsOf(first)[0]).toMatch(/^Script running with cell ID 1\n/)
  const second = await client.callTool({ name: 'wait', arguments: { cell_id: 1, max_tokens: null } })
  expect(textsOf(second)[1]).toBe('b')
})

test('setTools is told to the client, and holds for the scripts that start then', async () => {
  const { client, served } = await codeMode({ tools: { add } })
  const changed = deferred()
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => changed.resolve())
  const running = await exec(
    client,
    `yield_control()
    await new Promise((resolve) => setTimeout(resolve, 1))
    text(Object.keys(tools))`,
  )
  served.setTools({ multiply: { execute: ({ a, b }) => a * b } })
  await changed.promise
  const { tools } = await client.listTools()
  expect(tools[0]?.description).toContain('multiply')
  expect(tools[0]?.description).not.toContain('add(')
  expect(textsOf(await exec(client, 'text(Object.keys(tools))'))[1]).toBe('["multiply"]')
  expect(textsOf(running)[0]).toContain('cell ID 1')
  const rest = await client.callTool({ name: 'wait', arguments: { cell_id: '1' } })
  expect(textsOf(rest)[1]).toBe('["add"]')
})

test('calls that are done and notify() are progress of the request that watches the cell', async () => {
  const gate = deferred()
  /** @type {unknown[]} */
  const notifications = []
  const { client } = await codeMode({
    tools: { add, gate: { execute: () => gate.promise } },
    onNotify: (notification) => {
      notifications.push(notification.text)
    },
  })
  /** @type {unknown[]} */
  const ofExec = []
  /** @type {unknown[]} */
  const ofWait = []
  const source = `
    await tools.add({ a: 1, b: 2 })
    notify('half')
    yield_control()
    await tools.gate({})
    notify('all')`
  await exec(client, source, { onprogress: (/** @type {unknown} */ progress) => ofExec.push(progress) })
  const waiting = client.callTool({ name: 'wait', arguments: { cell_id: '1' } }, undefined, {
    onprogress: (progress) => ofWait.push(progress),
  })
  // Waited for with the request on its way: what happens now belongs to it.
  await client.ping()
  gate.resolve()
  await waiting
  expect(ofExec).toEqual([
    { progress: 1, message: 'add (tool-1) is done' },
    { progress: 2, message: 'half' },
  ])
  expect(ofWait).toEqual([
    { progress: 1, message: 'gate (tool-2) is done' },
    { progress: 2, message: 'all' },
  ])
  expect(notifications).toEqual(['half', 'all'])
})

test('cancelling exec terminates its cell, cancelling wait does not', async () => {
  const started = deferred()
  const aborted = deferred()
  const tools = {
    hang: {
      execute: (/** @type {unknown} */ _, /** @type {any} */ { signal }) => {
        signal.addEventListener('abort', aborted.resolve)
        started.resolve()
        return aborted.promise
      },
    },
  }
  const { client, served } = await codeMode({ tools })
  const controller = new AbortController()
  const running = exec(client, 'await tools.hang({})', { signal: controller.signal })
  await started.promise
  controller.abort('enough')
  await expect(running).rejects.toThrow('enough')
  await aborted.promise

  await exec(client, 'yield_control(); await new Promise(() => setTimeout(() => {}, 1e6))')
  const waitController = new AbortController()
  const waiting = client.callTool({ name: 'wait', arguments: { cell_id: '2' } }, undefined, {
    signal: waitController.signal,
  })
  await client.ping()
  waitController.abort('later')
  await expect(waiting).rejects.toThrow('later')
  expect(served.session.activeCells).toContain('2')
})

test('close takes the tools off the server and closes the session', async () => {
  const { client, served } = await codeMode()
  await served.close()
  expect((await client.listTools()).tools).toEqual([])
  await expect(served.session.exec('1')).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
})

test('options that are not right are refused as those of a session are', () => {
  const server = new McpServer({ name: 'code', version: '1.0.0' })
  const wrong = /** @type {any} */ ({ tools: { add: { execute: 'no' } } })
  expect(() => serveCodeMode(server, wrong)).toThrow('tools.add.execute must be a function')
  expect(() => serveCodeMode(server, /** @type {any} */ ({ limit: {} }))).toThrow('unknown key "limit"')
})

// `codecell mcp` with the official client, the reference filesystem server, and one of ours.

import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { expect, onTestFinished, test } from 'vitest'
import { deferred } from './support/cell.js'
import { COMMAND, folderWith, runCommand, startCommand } from './support/command.js'

const resolved = (/** @type {string} */ name) => fileURLToPath(import.meta.resolve(name))

const FIXTURE = fileURLToPath(new URL('fixtures/mcp-server.mjs', import.meta.url))
const FILES = join(
  dirname(resolved('@modelcontextprotocol/sdk/client/index.js')),
  '../../../../server-filesystem/dist/index.js',
)

/** @param {Record<string, object>} mcpServers */
const config = (mcpServers) => JSON.stringify({ mcpServers })

const fixture = { command: process.execPath, args: [FIXTURE] }

/**
 * A client that is connected to `codecell mcp` with these servers, and what that says on standard error.
 *
 * @param {Record<string, object>} servers
 * @param {string[]} [args]
 * @param {Record<string, string>} [env]
 */
async function connected(servers, args = [], env = {}) {
  const folder = await folderWith({ 'servers.json': config(servers), 'note.txt': 'one\ntwo\n' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [COMMAND, 'mcp', '--config', 'servers.json', ...args],
    cwd: folder,
    env: { ...getDefaultEnvironment(), ...env },
    stderr: 'pipe',
  })
  const said = { text: '' }
  transport.stderr?.on('data', (data) => {
    said.text += data
  })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return { client, folder, said }
}

/**
 * @param {Client} client
 * @param {string} source
 */
async function exec(client, source) {
  const result = await client.callTool({ name: 'exec', arguments: { source } })
  return /** @type {any[]} */ (result.content).slice(1).map(({ text }) => text)
}

test('scripts call the tools of all servers, under the names of the servers', async () => {
  const { client, said } = await connected({
    files: { command: process.execPath, args: [FILES, '.'] },
    fixture,
  })
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual(['exec', 'wait'])
  expect(tools[0]?.description).toContain('files__read_text_file(args: ')
  expect(tools[0]?.description).toContain('fixture__add(args: { a: number; b: number; })')
  expect(tools[0]?.description).toContain('Adds, and knows its environment.')
  const texts = await exec(
    client,
    `const [note, sum] = await Promise.all([
      tools.files__read_text_file({ path: 'note.txt' }),
      tools.fixture__add({ a: 1, b: 2 }),
    ])
    text(note.content[0].text.split('\\n').length + sum.structuredContent.sum)`,
  )
  expect(texts).toEqual(['6'])
  expect(said.text).toMatch(/codecell: server `files`: \d+ tools \(\d+\.\d s\)/)
  expect(said.text).toMatch(/codecell: serving exec and wait, with \d+ tools/)
})

test('env and args may name variables of the environment, of which servers see no others', async () => {
  const server = {
    ...fixture,
    args: [FIXTURE, '${GIVEN}', '${ABSENT:-otherwise}'],
    env: { TOKEN: '${env:GIVEN}' },
  }
  const { client } = await connected({ fixture: server }, [], { GIVEN: 'given', SECRET: 'secret' })
  const [text] = await exec(client, 'text((await tools.fixture__environment({})).content[0].text)')
  const environment = JSON.parse(text)
  expect(environment).toMatchObject({ args: ['given', 'otherwise'], TOKEN: 'given' })
  expect(environment).not.toHaveProperty('SECRET')
})

test('tools that a server adds while it runs are there for the next script', async () => {
  const { client } = await connected({ fixture })
  const changed = deferred()
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => changed.resolve())
  expect(await exec(client, 'await tools.fixture__grow({}); text(typeof tools.fixture__late)')).toEqual([
    'undefined',
  ])
  await changed.promise
  expect((await client.listTools()).tools[0]?.description).toContain('fixture__late')
  expect(await exec(client, 'text((await tools.fixture__late({})).content[0].text)')).toEqual(['late'])
})

test('a server that falls over takes its tools with it, and nothing else', async () => {
  const { client, said } = await connected({ first: fixture, second: fixture })
  const changed = deferred()
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => changed.resolve())
  const [message] = await exec(
    client,
    'try { await tools.first__fall_over({}) } catch (error) { text(error.message) }',
  )
  expect(message).toContain('Connection closed')
  await changed.promise
  const source =
    'text([typeof tools.first__add, (await tools.second__add({ a: 1, b: 1 })).structuredContent.sum])'
  expect(await exec(client, source)).toEqual(['["undefined",2]'])
  expect(said.text).toContain('server `first` has ended; its tools are gone')
})

test('a server that cannot be started is told, and the others serve; a disabled one is not started', async () => {
  const { client, said } = await connected({
    fixture,
    broken: { command: 'codecell-no-such-command' },
    off: { command: 'codecell-no-such-command', disabled: true },
  })
  expect(await exec(client, 'text(Object.keys(tools).length)')).toEqual(['4'])
  expect(said.text).toContain('codecell: server `broken`: spawn codecell-no-such-command ENOENT')
  expect(said.text).not.toContain('`off`')
})

test('--tools adds tools of a module, --deferred keeps all out of the description', async () => {
  const folder = await folderWith({ 'tools.mjs': 'export default { own: () => "mine" }' })
  const args = ['--tools', join(folder, 'tools.mjs'), '--deferred']
  const { client } = await connected({ fixture }, args)
  const { description } = (await client.listTools()).tools[0] ?? {}
  expect(description).not.toContain('fixture__add(')
  const texts = await exec(
    client,
    'text(await tools.own({})); text(ALL_TOOLS.some(({ name }) => name === "fixture__add"))',
  )
  expect(texts).toEqual(['mine', 'true'])
})

test('a server is reached over HTTP, with its headers', async () => {
  /** @type {unknown[]} */
  const seen = []
  const http = createServer(async (request, response) => {
    seen.push(request.headers.authorization)
    const server = new McpServer({ name: 'remote', version: '1.0.0' })
    server.registerTool('hello', {}, () => ({ content: [{ type: 'text', text: 'from afar' }] }))
    const transport = new StreamableHTTPServerTransport({})
    response.on('close', () => server.close())
    await server.connect(/** @type {any} */ (transport))
    await transport.handleRequest(request, response)
  })
  await new Promise((resolve) => http.listen(0, '127.0.0.1', () => resolve(undefined)))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address())
  const { client } = await connected({
    remote: {
      type: 'http',
      url: `http://127.0.0.1:${port}/mcp`,
      headers: { Authorization: 'Bearer ${TOKEN:-abc}' },
    },
  })
  expect(await exec(client, 'text((await tools.remote__hello({})).content[0].text)')).toEqual(['from afar'])
  expect(new Set(seen)).toEqual(new Set(['Bearer abc']))
})

test('it ends when its client has gone, and at a signal', async () => {
  const folder = await folderWith({ 'servers.json': config({ fixture }) })
  const args = ['mcp', '--config', 'servers.json']
  expect((await runCommand(args, { cwd: folder })).exitCode).toBe(0)
  const { child, ended, seen } = startCommand(args, { cwd: folder })
  await expect.poll(() => seen.stderr, { timeout: 20_000 }).toContain('serving')
  child.kill('SIGTERM')
  expect((await ended).exitCode).toBe(143)
})

test('run and types take the servers, too', async () => {
  const folder = await folderWith({
    'servers.json': JSON.stringify({ servers: { fixture } }),
    'sum.js': 'text((await tools.fixture__add({ a: 2, b: 3 })).structuredContent.sum)',
  })
  const ran = await runCommand(['run', 'sum.js', '-c', 'servers.json'], { cwd: folder })
  expect(ran).toEqual({ exitCode: 0, stdout: '5\n', stderr: '' })
  const { stdout } = await runCommand(['types', '-c', 'servers.json'], { cwd: folder })
  expect(stdout).toContain('type CallToolResult<')
  expect(stdout).toContain('declare const tools: { fixture__add(args: { a: number; b: number; })')
})

test('a server that cannot list its tools is not left running', async () => {
  const source = `
    import { Server } from '@modelcontextprotocol/sdk/server/index.js'
    import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
    import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
    const server = new Server({ name: 'mute', version: '1.0.0' }, { capabilities: { tools: {} } })
    server.setRequestHandler(ListToolsRequestSchema, () => { throw new Error('out of order') })
    process.stdin.on('close', () => process.stderr.write('the mute one ends\\n'))
    await server.connect(new StdioServerTransport())`
  const mute = {
    command: process.execPath,
    args: ['--input-type=module', '-e', source],
    cwd: dirname(COMMAND),
  }
  const { client, said } = await connected({ fixture, mute })
  expect(await exec(client, 'text(Object.keys(tools).length)')).toEqual(['4'])
  expect(said.text).toContain('server `mute`: MCP error -32603: out of order')
  await expect.poll(() => said.text, { timeout: 20_000 }).toContain('the mute one ends')
})

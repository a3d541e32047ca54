// A session between a client of the official SDK, `codecell mcp`, and two MCP servers behind it: the reference
// filesystem server, and one of ours. What a model would send is written down here. Run it with:
// node examples/mcp-session/main.js

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'codecell-library-'))
const BOOKS = { 'emma.txt': 'Emma', 'ulysses.txt': 'Ulysses', 'walden.txt': 'Walden' }
for (const [name, title] of Object.entries(BOOKS)) await writeFile(join(folder, name), `${title}\n`)

const client = new Client({ name: 'example', version: '1.0.0' })
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: ['js/cli/main.js', 'mcp', '--config', 'examples/mcp-session/servers.json'],
    cwd: repository,
    env: { ...getDefaultEnvironment(), LIBRARY_FOLDER: folder },
    stderr: 'ignore',
  }),
)

const { tools } = await client.listTools()
console.log(`The client sees ${tools.map(({ name }) => name).join(' and ')}.`)
const declared = tools[0]?.description?.match(/declare const tools/g)?.length
console.log(`The description of exec declares ${declared} tools.`)

await call('exec', {
  source: `
// The answer of list_directory has a line for each file: "[FILE] emma.txt".
const listing = (await tools.files__list_directory({ path: ${JSON.stringify(folder)} })).content[0].text
const names = [...listing.matchAll(/^\\[FILE\\] (.*)$/gm)].map(([, name]) => name)
const books = await Promise.all(names.map(async (name) => {
  const path = ${JSON.stringify(folder)} + '/' + name
  const title = (await tools.files__read_text_file({ path })).content[0].text.trim()
  const { reader } = (await tools.loans__who_has({ title })).structuredContent
  return { title, reader }
}))
store('books', books)
const lines = books.map(({ title, reader }) => title + ': ' + (reader ?? 'on its shelf'))
await tools.files__write_file({ path: ${JSON.stringify(folder)} + '/report.txt', content: lines.join('\\n') })
text(lines.join('\\n'))`,
})

// Another script of the same session, which yields, and makes a mistake in the end.
let text = await call('exec', {
  source: `
for (const { title, reader } of load('books').filter(({ reader }) => reader !== null)) {
  notify('reminding ' + reader)
  text((await tools.loans__remind({ reader, title })).content[0].text)
  yield_control()
}
await tools.loans__remind({ reader: 'Edsger', title: 'Walden' })`,
})
for (;;) {
  const running = /^Script running with cell ID (\d+)/.exec(text)
  if (running === null) break
  text = await call('wait', { cell_id: running[1] })
}

console.log('\nreport.txt, as the filesystem server wrote it:')
console.log(await readFile(join(folder, 'report.txt'), 'utf8'))
await client.close()
await rm(folder, { recursive: true })

/**
 * Calls a tool as a model would, and prints what it reads. Gives the first line of that.
 *
 * @param {string} name
 * @param {Record<string, unknown>} input
 */
async function call(name, input) {
  console.log(`\n=== ${name} ${name === 'wait' ? JSON.stringify(input) : ''}`.trimEnd())
  const result = await client.callTool({ name, arguments: input }, undefined, {
    onprogress: ({ message }) => console.log(`progress: ${message}`),
  })
  const content = /** @type {{ type: string, text?: string }[]} */ (result.content)
  for (const { type, text } of content) console.log(text ?? `[${type}]`)
  if (result.isError) console.log('(an error)')
  return content[0]?.text ?? ''
}

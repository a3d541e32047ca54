// The programs that a freshly installed package has to run.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './common.mjs'

/** What README.md shows first, and what it says that this prints. */
const [, README = '', OUTPUT = ''] =
  /^```js\n([\s\S]*?)^```$\n+```text\n([\s\S]*?)^```$/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ??
  []

/** Of the output, what no runtime prints in its own way. */
const SAYS = /'([^']*cost[^']*)'/.exec(OUTPUT)?.[1] ?? OUTPUT

const CHILD = `
const isolated = new Session({ isolation: 'process' })
const answer = await isolated.exec("text('from a child process')")
console.log(answer.status, answer.content)
await isolated.close()
`

/** @param {string} code a module that imports codecell in its first line */
function asCommonJs(code) {
  const [first = '', ...rest] = code.split('\n')
  const required = first.replace(/^import (.*) from (.*)$/, 'const $1 = require($2)')
  return `${required}\nasync function main() {\n${rest.join('\n')}\n}\nmain()\n`
}

const WINDOWS = process.platform === 'win32'

/** Each with the texts that its output has. Windows has no child processes. */
export const PROGRAMS = [
  { title: 'ESM', file: 'main.mjs', code: README, says: [SAYS] },
  { title: 'CommonJS', file: 'main.cjs', code: asCommonJs(README), says: [SAYS] },
  {
    title: 'child process',
    file: 'child.mjs',
    code: `import { Session } from 'codecell'\n${CHILD}`,
    says: ['completed', 'from a child process'],
  },
].filter(({ file }) => !(WINDOWS && file === 'child.mjs'))

/** What is bundled: both ways in which a cell can run. */
export const APPLICATION = { code: README + CHILD, says: [SAYS, 'from a child process'] }

/** A test file of vitest that does the same. */
export const VITEST_FILE = `import { expect, test } from 'vitest'
import { Session } from 'codecell'

test.each(['thread', 'process'])('a cell in a %s', async (isolation) => {
  const session = new Session({ isolation, tools: { double: { execute: ({ n }) => 2 * n } } })
  const result = await session.exec('text(await tools.double({ n: 21 }))')
  expect(result.content).toEqual([{ type: 'text', text: '42' }])
  await session.close()
})
`

/** What only the second project has: the command, alone and as an MCP server, and the files that it reads. */
const COMMAND = 'node_modules/codecell/js/cli/main.js'
export const COMMAND_FILES = {
  'script.js': "text('from the command line')",
  'servers.json': JSON.stringify({ mcpServers: {} }),
  'client.mjs': `import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

const client = new Client({ name: 'client', version: '1.0.0' })
const args = ['${COMMAND}', 'mcp', '--config', 'servers.json']
if ('Deno' in globalThis) args.unshift('run', '-A')
await client.connect(new StdioClientTransport({ command: process.execPath, args }))
const { content } = await client.callTool({ name: 'exec', arguments: { source: "text('from an MCP server')" } })
console.log(JSON.stringify(content))
await client.close()
`,
}
export const COMMANDS = [
  { title: '`codecell run`', file: COMMAND, args: ['run', 'script.js'], says: ['from the command line'] },
  { title: '`codecell mcp`', file: 'client.mjs', says: ['from an MCP server'] },
]

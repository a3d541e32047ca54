// Writes docs/command-line-session.txt: what the command `codecell` does at a terminal, recorded from real runs.
//
//   node scripts/record-command-line.mjs

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(fileURLToPath(new URL('..', import.meta.url)))
const RECORDING = join(ROOT, 'docs', 'command-line-session.txt')

const FILES = {
  'tools.mjs': `import { setTimeout as sleep } from 'node:timers/promises'

const prices = { apple: 3, pear: 4, plum: 1 }

export default {
  price: {
    description: 'The price of a fruit, in cents.',
    inputSchema: { type: 'object', properties: { fruit: { type: 'string' } }, required: ['fruit'] },
    outputSchema: { type: 'number' },
    async execute({ fruit }, { signal }) {
      if (!(fruit in prices)) throw new Error(\`no fruit is called \${fruit}\`)
      await sleep(200 * prices[fruit], undefined, { signal })
      return prices[fruit]
    },
  },
}
`,
  'report.js': `const fruits = ['apple', 'pear', 'plum']
notify(\`asking for \${fruits.length} prices\`)
const prices = await Promise.all(fruits.map((fruit) => tools.price({ fruit })))
text(fruits.map((fruit, index) => \`\${fruit}: \${prices[index]} cents\`).join('\\n'))

const bars = prices.map((price, index) => \`<rect y="\${index * 20}" width="\${price * 50}" height="15"/>\`)
image('data:image/svg+xml,' + encodeURIComponent(\`<svg xmlns="http://www.w3.org/2000/svg">\${bars.join('')}</svg>\`))
`,
  'broken.js': `const price = await tools.price({ fruit: 'apple' })
text(\`One costs \${price} cents.\`)
text(\`Ten cost \${price.times(10)} cents.\`)
`,
  'client.mjs': `import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

const server = { command: 'codecell', args: ['mcp', '--tools', 'tools.mjs'], env: process.env }
const client = new Client({ name: 'client', version: '1.0.0' })
await client.connect(new StdioClientTransport(server))

const { tools } = await client.listTools()
console.log(tools.map(({ name }) => name))

const source = \`text(await tools.price({ fruit: 'pear' }))\`
console.log(await client.callTool({ name: 'exec', arguments: { source } }))
await client.close()
`,
}

const COMMANDS = [
  'codecell --help',
  'cat tools.mjs',
  'codecell types --tools tools.mjs',
  'cat report.js',
  'codecell run report.js --tools tools.mjs --media out --verbose',
  'ls out',
  'cat broken.js',
  'codecell run broken.js --tools tools.mjs; echo "exit code $?"',
  `echo 'while (true) {}' | codecell run - --cpu-ms 100; echo "exit code $?"`,
  `echo 'store("runs", (load("runs") ?? 0) + 1); text(load("runs"))' > count.js`,
  'codecell run count.js --stored values.json',
  'codecell run count.js --stored values.json; cat values.json',
  'codecell run report.js --tool tools.mjs; echo "exit code $?"',
  'codecell mcp --help',
  'cat client.mjs',
  'node client.mjs',
]

/** Runs all commands, in a folder that has the files. */
export function record() {
  // Within the package, so that client.mjs finds the SDK.
  const folder = mkdtempSync(join(ROOT, '__test__', '.page-'))
  try {
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
    const bin = join(folder, '.bin')
    mkdirSync(bin)
    const command = `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'js', 'cli', 'main.js')}' "$@"\n`
    writeFileSync(join(bin, 'codecell'), command, { mode: 0o755 })
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, NO_COLOR: '1' }
    return COMMANDS.map((line) => `$ ${line}\n${run(line, { cwd: folder, env })}`).join('\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a terminal would show: both streams, in the order in which they were written. */
function run(line, { cwd, env }) {
  const { stdout, stderr, error } = spawnSync('bash', ['-c', `exec 2>&1\n${line}`], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 50_000,
  })
  if (error || stderr) throw error ?? new Error(`${line}: ${stderr}`)
  return stdout
}

export function recorded() {
  return readFileSync(RECORDING, 'utf8')
}

/** The same without what differs from one run to the next. */
export function withoutTimes(recording) {
  return recording
    .replaceAll(/\b\d+ ms$/gm, '… ms')
    .replaceAll(/Wall time \d+\.\d seconds/g, 'Wall time … seconds')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(RECORDING, record())

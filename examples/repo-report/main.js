// The host: gives a script that a model could have written four tools over this repository, and prints what the model
// would read. Run it with: node examples/repo-report/main.js

import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Session } from 'codecell'
import { fileTools } from './tools.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const script = await readFile(new URL('script.js', import.meta.url), 'utf8')

const session = new Session({ tools: fileTools(repository), limits: { cpuMs: 5_000, wallMs: 60_000 } })
const { exec, wait } = session.modelTools()

console.log(`The model gets two tools. The description of exec has ${exec.description.length} characters.`)

console.log('\n=== The model calls exec with script.js and reads:\n')
let output = await exec.run(script)
await print(output)

// A model would see the cell ID in the header, and decide by itself to wait.
while (output.cellId !== undefined) {
  console.log(`\n=== The model calls wait for cell ${output.cellId} and reads:\n`)
  output = await wait.run({ cell_id: output.cellId })
  await print(output)
}

const [largest] = session.storedValues().folders ?? []
console.log(`\n=== The session keeps what the script stored: the largest folder is ${largest?.name}.`)
await session.close()
if (!output.success) process.exitCode = 1

/** @param {import('codecell').ModelOutput} output */
async function print({ content }) {
  for (const item of content) {
    if (item.type === 'text') console.log(item.text)
    else if (item.type === 'image') console.log(await saved(item))
    else console.log(`[${item.type}]`)
  }
}

/** @param {{ imageUrl: string, detail: string }} image */
async function saved({ imageUrl, detail }) {
  // Node's fetch reads data: URLs; nothing goes over a network, because image() takes no other URLs.
  const response = await fetch(imageUrl)
  const bytes = Buffer.from(await response.arrayBuffer())
  const file = join(tmpdir(), 'codecell-repo-report.svg')
  await writeFile(file, bytes)
  // Not every runtime tells the type of a data: URL in the headers.
  const type = /^data:([^;,]+)/.exec(imageUrl)?.[1]
  return `[image, ${type}, ${bytes.length} bytes, detail ${detail}: ${file}]`
}

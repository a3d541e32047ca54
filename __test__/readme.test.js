// Every example of the README runs as it stands there. A block that is followed by a ```text block prints that text.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

const BLOCK = /^```js\n([\s\S]*?)^```$(?:\n+```text\n([\s\S]*?)^```$)?/gm
const blocks = [...readme.matchAll(BLOCK)].map(([, code = '', output], index) => ({
  name: `block ${index + 1}, line ${lineOf(code)}`,
  code,
  output,
}))

/** @param {string} code */
function lineOf(code) {
  return readme.slice(0, readme.indexOf(code)).split('\n').length
}

/**
 * Runs a module in a process of its own. It comes from standard input, so the working directory says what `codecell`
 * is: this package, by its own name.
 *
 * @param {string} code
 * @returns {Promise<{ exitCode: number | null, stdout: string, stderr: string }>}
 */
function run(code) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-'], { cwd: root, timeout: 50_000 })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
    child.stdin.end(code)
  })
}

/** @param {string} text */
function withoutTimes(text) {
  return ownLayout(text.replaceAll(/Wall time \d+\.\d seconds/g, 'Wall time … seconds'))
}

/**
 * The README shows what Node's `console.log` prints; that of Bun and Deno has other quotes, line breaks and commas.
 *
 * @param {string} text
 */
function ownLayout(text) {
  return 'Bun' in globalThis || 'Deno' in globalThis ? text.replaceAll(/['"`\s,]/g, '') : text
}

test('the README has examples', () => {
  expect(blocks.length).toBeGreaterThan(3)
})

test.for(blocks)('$name', async ({ code, output }) => {
  const { exitCode, stdout, stderr } = await run(code)
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  if (output !== undefined) expect(withoutTimes(stdout)).toBe(withoutTimes(output))
})

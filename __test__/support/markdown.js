// The code blocks of a page, run as they stand there.
//
// - ```js runs as a module. A ```text block that follows it is what it prints.
// - ```js tools.mjs, ```json servers.json and the like are files of that name, which later blocks of the page find.
// - ```shell runs in a shell, and a ```text block that follows it is what it prints. Blocks of other languages are not
//   run.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COMMAND = join(ROOT, 'js', 'cli', 'main.js')

const BLOCK = /^```(js|json|shell)(?: (\S+))?\n([\s\S]*?)^```$(?:\n+(````?)text\n([\s\S]*?)^\4$)?/gm

/** @typedef {{ title: string, language: string, file?: string, code: string, output?: string }} Block */

/**
 * @param {string} page relative to the repository
 * @returns {Block[]}
 */
export function blocksOf(page) {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(BLOCK)].map((match) => {
    const [, language = '', file, code = '', , output] = match
    const line = text.slice(0, match.index).split('\n').length + 1
    return { title: `${page}, line ${line}`, language, file, code, output }
  })
}

/**
 * Tests for all blocks of a page.
 *
 * @param {string} page relative to the repository
 */
export function testBlocks(page) {
  const blocks = blocksOf(page)
  let folder = ''
  beforeAll(() => {
    // Within the package, so that blocks find it by its name, and the packages that it is tested with.
    folder = mkdtempSync(join(ROOT, '__test__', '.page-'))
    for (const { file, code } of blocks) {
      if (file !== undefined) writeFileSync(join(folder, file), code)
    }
    return () => rmSync(folder, { recursive: true })
  })
  for (const { title, language, code, output } of blocks.filter(({ file }) => file === undefined)) {
    test(title, async () => {
      expect(['js', 'shell']).toContain(language)
      const { exitCode, stdout, stderr } = await run(language, code, folder)
      expect(stderr).toBe('')
      if (output !== undefined) expect(withoutTimes(stdout)).toBe(withoutTimes(output))
      expect(exitCode).toBe(0)
    })
  }
}

/**
 * Runs a block in a process of its own.
 *
 * @param {string} language
 * @param {string} code
 * @param {string} cwd
 * @returns {Promise<{ exitCode: number | null, stdout: string, stderr: string }>}
 */
function run(language, code, cwd) {
  const [command, args] =
    language === 'js'
      ? [process.execPath, ['--input-type=module', '-']]
      : ['bash', ['-c', code.replaceAll('npx codecell', `'${process.execPath}' '${COMMAND}'`)]]
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, timeout: 50_000 })
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
    child.stdin.end(language === 'js' ? code : '')
  })
}

/** @param {string} text */
function withoutTimes(text) {
  return ownLayout(text.replaceAll(/Wall time \d+\.\d seconds/g, 'Wall time … seconds'))
}

/**
 * The pages show what Node's `console.log` prints; that of Bun and Deno has other quotes, line breaks and commas.
 *
 * @param {string} text
 */
function ownLayout(text) {
  return 'Bun' in globalThis || 'Deno' in globalThis ? text.replaceAll(/['"`\s,]/g, '') : text
}

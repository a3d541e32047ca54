import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The command as `bin` of package.json names it. */
export const COMMAND = fileURLToPath(new URL('../../js/cli/main.js', import.meta.url))

/**
 * A folder of its own with these files, removed when the test is done.
 *
 * @param {Record<string, string>} [files]
 */
export async function folderWith(files = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'codecell-command-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/**
 * Starts the command.
 *
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 */
export function startCommand(args, { cwd = dirname(COMMAND), env = {} } = {}) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    env: { ...process.env, ...env },
    timeout: 50_000,
  })
  const seen = { stdout: '', stderr: '' }
  for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
    child[stream].on('data', (data) => {
      seen[stream] += data
    })
  }
  /** @type {Promise<{ exitCode: number | null, stdout: string, stderr: string }>} */
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, ...seen }))
  })
  return { child, ended, seen }
}

/**
 * Runs the command to its end.
 *
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, input?: string }} [options]
 */
export function runCommand(args, { input = '', ...options } = {}) {
  const { child, ended } = startCommand(args, options)
  child.stdin.end(input)
  return ended
}

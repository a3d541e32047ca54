// What the scripts of this folder share.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../runtimes.mjs'

export { ROOT }

/** Where the packages are made. */
export const PACKAGES = join(ROOT, 'target', 'packages')

/** The manifest of the clone. */
export const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/**
 * What a command prints. Throws with all that it said if it fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {string}
 */
export function capture(command, args, options = {}) {
  const shell = process.platform === 'win32' && command === 'npm' // a script there
  const { status, stdout, stderr, error, signal } = spawnSync(command, args, {
    cwd: ROOT,
    shell,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  })
  if (status === 0) return String(stdout)
  const what = error?.message ?? `exit ${status ?? signal}\n${stdout}${stderr}`
  throw new Error(`${command} ${args.join(' ')}: ${what}`)
}

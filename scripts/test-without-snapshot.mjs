// npm run test:without-snapshot
//
// Runs the tests of the globals on an addon without a startup snapshot, as a cross build makes it: there the globals of a
// cell are made at run time. The addon is a debug build; the launcher is that of `node scripts/setup.mjs`. Exit codes:
// 0 all pass; 1 not.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launcherName } from '../js/platforms.js'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const TARGET_DIR = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target')
const LIBRARIES = { darwin: 'libcodecell.dylib', win32: 'codecell.dll' }
const LIBRARY = LIBRARIES[process.platform] ?? 'libcodecell.so'
/** Beginnings of the names of test files that look at every global. */
const TESTS = ['helpers-', 'globals', 'escape', 'tools-call']

/** @param {Record<string, string>} environment */
function run(command, args, environment) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (error) console.error(`${command} could not be started: ${error.message}`)
  return status === 0
}

function main() {
  const cargo = ['build', '--locked', '--package', 'codecell', '--lib']
  if (!run('cargo', cargo, { CODECELL_SNAPSHOT: 'off' })) return false
  const directory = mkdtempSync(join(tmpdir(), 'codecell-'))
  try {
    const addon = join(directory, 'codecell.node')
    copyFileSync(join(TARGET_DIR, 'debug', LIBRARY), addon)
    // The launcher of child processes is the same with every addon, and belongs beside it.
    const launcher = launcherName(process.platform)
    copyFileSync(join(ROOT, launcher), join(directory, launcher))
    return run('npx', ['--no-install', 'vitest', 'run', '--project', 'forks', ...TESTS], {
      CODECELL_NATIVE_LIBRARY_PATH: addon,
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

process.exit(main() ? 0 : 1)

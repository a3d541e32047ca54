import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/**
 * Installs the contenders, once. A failure is not the end: a contender that does not load says so in its column.
 */
export function install() {
  const installed = `${HERE}node_modules/.package-lock.json`
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${HERE}package-lock.json`).mtimeMs)
    return

  console.error('bench: npm ci in benches/node (isolated-vm is compiled, which takes a minute or two) …')
  const { error, status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: HERE,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32', // npm is a script there
  })
  if (error) console.error(`bench: npm could not be started: ${error.message}`)
  else if (status !== 0) console.error(`bench: npm ci failed with exit code ${status}; going on without`)
}

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The root of the repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Without the package of the library, whose tests have dependencies of their own. */
export const BENCHES = ['--package', 'codecell-benches']

/**
 * Runs cargo, and throws with what it said if it fails.
 *
 * @param {...string} parameters
 */
export function cargo(...parameters) {
  const { status, stderr } = spawnSync('cargo', parameters, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`cargo ${parameters.join(' ')} failed: ${stderr}`)
}

/** Builds the addon of benches/node/bare_addon.rs. */
export function buildBareAddon() {
  cargo('build', '--release', ...BENCHES, '--example', 'bare_addon')
}

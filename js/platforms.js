// The platforms that there are binaries for, and how their packages and files are called. scripts/package/ makes the
// packages, native.js loads what is in them.

/** By platform and architecture as Node names them: the name that napi-rs gives to both. */
export const TRIPLES = new Map([
  ['linux x64', 'linux-x64-gnu'],
  ['linux arm64', 'linux-arm64-gnu'],
  ['darwin arm64', 'darwin-arm64'],
  ['darwin x64', 'darwin-x64'],
  ['win32 x64', 'win32-x64-msvc'],
])

/** @param {string} triple */
export function packageName(triple) {
  return `@codecell/binding-${triple}`
}

/** @param {string} triple */
export function addonName(triple) {
  return `codecell.${triple}.node`
}

/**
 * The executable that starts child processes. It lies beside the addon.
 *
 * @param {string} platform as Node names it
 */
export function launcherName(platform) {
  return platform === 'win32' ? 'codecell-launcher.exe' : 'codecell-launcher'
}

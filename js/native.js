import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { CodecellError } from './errors.js'
import { addonName, launcherName, packageName, TRIPLES } from './platforms.js'
import { VERSION } from './version.js'

/** @import { Addon } from './binding.d.ts' */

const OVERRIDE = 'CODECELL_NATIVE_LIBRARY_PATH'

const require = createRequire(import.meta.url)

/** The addon: the one that the environment names, else the one built in this clone, else the platform's package. */
export const { addon, path: addonPath } = load()

/** The executable that starts child processes. It lies beside the addon. */
export const launcherPath = join(dirname(addonPath), launcherName(process.platform))

/** @returns {{ addon: Addon, path: string }} */
function load() {
  const override = process.env[OVERRIDE]
  // Another file than the one that was asked for would be a surprise, so there is no way on from here.
  if (override) return attempt([resolve(override)], `The file that ${OVERRIDE} names does not load.`)

  const platform = `${process.platform} ${process.arch}`
  const triple = TRIPLES.get(platform)
  if (triple === undefined) throw unavailable(unsupported(platform))
  const bindingPackage = packageName(triple)
  return attempt([`../${addonName(triple)}`, bindingPackage], () => {
    if (isMusl()) return unsupported(`${platform} with musl libc`)
    return (
      `Neither a built addon nor the package ${bindingPackage} loads. After \`npm install codecell\`, see that ` +
      'optional dependencies are not left out (--omit=optional), and that node_modules was installed on this ' +
      'platform; deleting node_modules and the lock file cures npm bug 4828. In a clone run: node scripts/setup.mjs'
    )
  })
}

/**
 * The first of these that loads.
 *
 * @param {string[]} specifiers
 * @param {string | (() => string)} explanation
 * @returns {{ addon: Addon, path: string }}
 */
function attempt(specifiers, explanation) {
  const causes = []
  for (const specifier of specifiers) {
    try {
      const found = require(specifier)
      if (specifier.startsWith('@')) checkVersion(specifier, found)
      return { addon: found, path: unpacked(require.resolve(specifier)) }
    } catch (error) {
      causes.push(error)
    }
  }
  throw unavailable(typeof explanation === 'string' ? explanation : explanation(), causes)
}

/**
 * A lock file can pin a platform package to another version than ours.
 *
 * @param {string} name
 * @param {Addon} found
 */
function checkVersion(name, found) {
  const [version] = found.versions()
  if (version !== VERSION) throw new Error(`${name} is version ${version}, but codecell is ${VERSION}`)
}

/**
 * Electron shows the files of an archive under paths that nobody else can open, child processes among them. What is
 * kept out of the archive lies in a folder beside it.
 *
 * @param {string} path
 */
function unpacked(path) {
  const outside = path.replace(/\.asar(?=[\\/])/, '.asar.unpacked')
  return existsSync(outside) ? outside : path
}

/**
 * @param {string} message
 * @param {unknown[]} [causes]
 */
function unavailable(message, causes = []) {
  const [first, ...others] = causes
  const cause = others.length > 0 ? new AggregateError(causes, 'nothing that was tried loads') : first
  return new CodecellError(`The native part of codecell is not available. ${message}`, {
    code: 'ENGINE_UNAVAILABLE',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** @param {string} platform */
function unsupported(platform) {
  const supported = [...TRIPLES.keys()].join(', ')
  return (
    `There is no binary for ${platform}; there is one for ${supported} (Linux with glibc). To use one that you ` +
    `built yourself, set ${OVERRIDE} to its path.`
  )
}

/** Asked only after nothing loaded: the report takes time. */
function isMusl() {
  if (process.platform !== 'linux') return false
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
  return report.header.glibcVersionRuntime === undefined
}

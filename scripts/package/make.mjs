// The npm packages: `codecell`, which is the same everywhere, and `@codecell/binding-…` of each platform, with the addon
// and the launcher of child processes.
//
//   node scripts/package/make.mjs                         for the addon that was built in this clone
//   node scripts/package/make.mjs --artifacts DIR --all   for those below DIR, one folder for each platform, as
//                                                         release.yml collects them; it is an error if one is missing
//
// Leaves folders and tarballs in target/packages, prints their sizes, and fails if one is over its budget.

import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { addonName, launcherName, packageName, TRIPLES } from '../../js/platforms.js'
import { capture, MANIFEST, PACKAGES, ROOT } from './common.mjs'
import { crateLicences } from './licences.mjs'

const MB = 1_000_000

/** Bytes. A platform's addon is V8, for the most part; an upgrade of it may well need more. */
const BUDGET = {
  main: { packed: 0.15 * MB, unpacked: 0.5 * MB },
  platform: { packed: 20 * MB, unpacked: 60 * MB },
}

/** Of the command line, for makePackages(). */
export const OPTIONS = /** @type {const} */ ({ artifacts: { type: 'string' }, all: { type: 'boolean' } })

/** Every platform's package has the version of the main one, and is found by it only then. */
const INHERITED = ['version', 'license', 'engines', 'repository', 'homepage', 'bugs']

/**
 * Makes and packs what there are binaries for.
 *
 * @param {{ artifacts?: string, all?: boolean, publishable?: boolean }} [options] publishable: with the licences of the
 *   Rust crates, which Cargo knows
 */
export function makePackages({ artifacts, all = false, publishable = true } = {}) {
  rmSync(PACKAGES, { recursive: true, force: true })
  mkdirSync(PACKAGES, { recursive: true })
  const platforms = [...TRIPLES].map(([platform, triple]) => platformPackage(platform, triple, artifacts))
  const built = platforms.filter(({ binaries }) => binaries !== undefined)
  const missing = platforms.filter(({ binaries }) => binaries === undefined).map(({ name }) => name)
  if (built.length === 0 || (all && missing.length > 0)) {
    throw new Error(`There are no binaries for ${missing.join(', ')}. Run: node scripts/setup.mjs`)
  }
  const licences = publishable ? crateLicences() : undefined
  for (const platform of built) writePlatform(platform, licences)
  writeMain(platforms.map(({ name }) => name))
  const packed = [
    pack(join(PACKAGES, 'codecell'), BUDGET.main),
    ...built.map(({ folder }) => pack(folder, BUDGET.platform)),
  ]
  return { packed, platforms }
}

/** @param {string} platform @param {string} triple @param {string | undefined} artifacts */
function platformPackage(platform, triple, artifacts) {
  const [os = '', cpu = ''] = platform.split(' ')
  const from = artifacts === undefined ? ROOT : join(resolve(artifacts), triple)
  const names = [addonName(triple), launcherName(os)]
  const files = names.map((name) => join(from, name))
  const manifest = {
    name: packageName(triple),
    ...inherited(),
    description: `The native part of codecell for ${triple}`,
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' ? { libc: ['glibc'] } : {}),
    type: 'commonjs',
    main: addonName(triple),
    files: [...names, 'LICENSES'],
    // Yarn's Plug'n'Play keeps packages in archives, which the system cannot load or execute anything from.
    preferUnplugged: true,
    publishConfig: MANIFEST.publishConfig,
  }
  return {
    name: manifest.name,
    triple,
    manifest,
    folder: join(PACKAGES, triple),
    binaries: files.every((file) => existsSync(file)) ? files : undefined,
  }
}

function writePlatform({ folder, manifest, triple, binaries }, licences) {
  mkdirSync(folder)
  writeManifest(folder, manifest)
  const [addon, launcher] = manifest.files.map((name) => join(folder, name))
  copyFileSync(binaries[0], addon)
  copyFileSync(binaries[1], launcher)
  chmodSync(addon, 0o644)
  // What was downloaded has lost it, and npm packs what it finds.
  chmodSync(launcher, 0o755)
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  cpSync(join(ROOT, 'vendor', 'v8', 'LICENSES'), join(folder, 'LICENSES'), { recursive: true })
  if (licences !== undefined) writeFileSync(join(folder, 'LICENSES', 'rust-crates.txt'), licences)
  writeFileSync(
    join(folder, 'README.md'),
    `# ${manifest.name}\n\nThe native part of [codecell](https://www.npmjs.com/package/codecell) for ${triple}. It is ` +
      'installed with it.\n\nMIT licence. The licences of V8, of what it contains, and of the Rust crates are in `LICENSES/`.\n',
  )
}

/** What is published is what the manifest of the clone says, with the platforms, and without what is for its work. */
function writeMain(platforms) {
  const folder = join(PACKAGES, 'codecell')
  const { scripts, devDependencies, ...manifest } = MANIFEST
  mkdirSync(folder)
  writeManifest(folder, {
    ...manifest,
    ...inherited(),
    optionalDependencies: Object.fromEntries(platforms.map((name) => [name, MANIFEST.version])),
  })
  for (const name of ['README.md', 'LICENSE', ...MANIFEST.files]) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  }
}

function inherited() {
  return Object.fromEntries(
    INHERITED.map((key) => [key, key === 'repository' ? repository() : MANIFEST[key]]).filter(
      ([, value]) => value !== undefined,
    ),
  )
}

/** npm compares it with the repository whose workflow publishes. A clone cannot know that. */
function repository() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
  if (GITHUB_REPOSITORY === undefined) return MANIFEST.repository
  return { type: 'git', url: `git+${GITHUB_SERVER_URL ?? 'https://github.com'}/${GITHUB_REPOSITORY}.git` }
}

function writeManifest(folder, manifest) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

function pack(folder, budget) {
  const args = ['pack', folder, '--json', '--ignore-scripts', '--pack-destination', PACKAGES]
  const [{ name, version, filename, size, unpackedSize, files }] = JSON.parse(capture('npm', args))
  for (const [what, bytes] of Object.entries({ packed: size, unpacked: unpackedSize })) {
    if (bytes > budget[what]) {
      throw new Error(`${name} is ${megabytes(bytes)} ${what}; its budget is ${megabytes(budget[what])}`)
    }
  }
  checkModes(name, files)
  return { name, version, folder, tarball: join(PACKAGES, filename), size, unpackedSize, files }
}

/** Without its mode, a launcher is a file that cannot be executed. Windows goes by the name. */
function checkModes(name, files) {
  for (const { path, mode } of files) {
    const executable = (mode & 0o111) !== 0
    if (path === 'codecell-launcher' && !executable) throw new Error(`${name}: ${path} is not executable`)
  }
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / MB).toFixed(2)} MB`
}

/** The table that is printed, in Markdown. */
export function sizes({ packed }) {
  const rows = packed.map(({ name, size, unpackedSize, folder, files }) => {
    const largest = files.reduce((one, other) => (other.size > one.size ? other : one))
    const bytes = statSync(join(folder, largest.path)).size
    return `| \`${name}\` | ${megabytes(size)} | ${megabytes(unpackedSize)} | \`${largest.path}\`, ${megabytes(bytes)} |`
  })
  return ['| package | packed | unpacked | largest file |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(sizes(makePackages(parseArgs({ options: OPTIONS }).values)))
}

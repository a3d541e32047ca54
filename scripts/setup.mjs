// Everything between a fresh clone and a loadable addon: `npm start` and `npm test` run this first.
//
// Each step prints one line. A second run finds nothing to do and says so. Exit codes: 0 ready; 1 a step failed;
// 2 something must be installed first, as the message says.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addonName, launcherName } from '../js/platforms.js'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const TARGET_DIR = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target')
const WINDOWS = process.platform === 'win32'

const MINIMUM_NODE = [20, 19]
const MINIMUM_RUST = [1, 95]

const VENDORED = join(ROOT, 'vendor', 'v8')
const CHECKSUMS = 'librusty_v8_ptrcomp_release_x86_64-unknown-linux-gnu.a.gz.sha256'
const LAUNCHER = launcherName(process.platform)
const STAMP = join(TARGET_DIR, 'vendored-v8.stamp')

/** A failure that the user can act on: printed without a stack. */
class SetupError extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

async function main() {
  const started = performance.now()
  await step('tools', checkTools)
  await step('npm packages', installPackages)
  if (usesVendoredV8()) await step('vendored V8', verifyVendoredV8)
  await step('addon', buildAddon)
  say(`ready (${elapsed(started)})`)
}

// --- reporting -----------------------------------------------------------------------------------------------------

function say(line) {
  console.log(`codecell: ${line}`)
}

function elapsed(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

/** Runs one step; its result is what the line says about it. */
async function step(name, work) {
  const started = performance.now()
  say(`${name}: ${await work()} (${elapsed(started)})`)
}

// --- tools ---------------------------------------------------------------------------------------------------------

function checkTools() {
  const node = process.versions.node
  if (!atLeast(node, MINIMUM_NODE)) {
    throw new SetupError(
      `Node ${MINIMUM_NODE.join('.')} or newer is needed; this is ${node}. See https://nodejs.org`,
      2,
    )
  }
  const rust = rustVersion()
  checkLinker()
  return `Node ${node}, Rust ${rust}`
}

function rustVersion() {
  const wanted = MINIMUM_RUST.join('.')
  const install = 'Install it from https://rustup.rs, then open a new shell.'
  const found = capture('cargo', ['--version'])
  if (found === undefined) {
    throw new SetupError(`Rust ${wanted} or newer is needed, and \`cargo\` was not found. ${install}`, 2)
  }
  const version = /\d+\.\d+\.\d+/.exec(found)?.[0] ?? '0.0.0'
  if (!atLeast(version, MINIMUM_RUST)) {
    throw new SetupError(
      `Rust ${wanted} or newer is needed; this is ${version}. Run: rustup update stable`,
      2,
    )
  }
  return version
}

/** V8 is C++: linking it takes a C compiler as the linker's driver, and the C++ runtime. */
function checkLinker() {
  if (WINDOWS) return // rustc finds Visual Studio's linker by itself, and says so if it is missing
  if (capture('cc', ['--version']) === undefined)
    throw new SetupError(`A C compiler (\`cc\`) is needed to link. ${compilerHint()}`, 2)
  if (process.platform !== 'linux') return
  // The compiler answers with a path when it knows the file, with the bare name when it does not.
  const library = capture('cc', ['-print-file-name=libstdc++.so'])?.trim()
  if (library === undefined || library === 'libstdc++.so') {
    throw new SetupError(
      `The C++ runtime's development files (libstdc++.so) are needed to link. ${compilerHint()}`,
      2,
    )
  }
}

function compilerHint() {
  if (process.platform === 'darwin') return 'Run: xcode-select --install'
  return 'On Debian or Ubuntu run: apt-get install g++ — on Fedora: dnf install gcc-c++'
}

/** @param {string} version @param {number[]} minimum */
function atLeast(version, minimum) {
  const parts = version.split('.').map(Number)
  for (const [index, wanted] of minimum.entries()) {
    if (parts[index] !== wanted) return parts[index] > wanted
  }
  return true
}

// --- running -------------------------------------------------------------------------------------------------------

/** What a command prints, or undefined if it is not there or fails. */
function capture(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout : undefined
}

/** Runs a command with its output on the terminal; throws if it fails. */
function run(command, args) {
  const shell = WINDOWS && command === 'npm' // npm is a script there
  const { error, status, signal } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', shell })
  if (error) throw new SetupError(`${command} could not be started: ${error.message}`)
  if (status !== 0)
    throw new SetupError(
      `${[command, ...args].join(' ')} failed (${signal ?? `exit code ${status}`}); see above`,
    )
}

// --- npm packages --------------------------------------------------------------------------------------------------

function installPackages() {
  const lock = join(ROOT, 'package-lock.json')
  const installed = join(ROOT, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && !isNewer(lock, installed)) return 'up to date'

  const command = existsSync(lock) ? 'ci' : 'install'
  say(`npm packages: npm ${command} …`)
  run('npm', [command, '--no-audit', '--no-fund'])
  return 'installed'
}

function isNewer(file, reference) {
  return existsSync(file) && statSync(file).mtimeMs > statSync(reference).mtimeMs
}

// --- V8 ------------------------------------------------------------------------------------------------------------

function usesVendoredV8() {
  return process.platform === 'linux' && process.arch === 'x64' && libc() === 'gnu'
}

/** Hashes the vendored files once for each set of checksums and file times. */
async function verifyVendoredV8() {
  const sums = readFileSync(join(VENDORED, CHECKSUMS), 'utf8')
  const files = sums
    .trim()
    .split('\n')
    .map((line) => {
      const [hash, name] = line.split(/\s+\*?/)
      return { hash, path: join(VENDORED, name), name }
    })
  for (const { path, name } of files) {
    if (!existsSync(path))
      throw new SetupError(`vendor/v8/${name} is missing. Run: git checkout -- vendor/v8`)
  }
  const stamp = JSON.stringify({ sums, times: files.map(({ path }) => statSync(path).mtimeMs) })
  const before = readStamp()
  if (before === stamp) return 'up to date'

  for (const { hash, path, name } of files) {
    if ((await sha256(path)) !== hash) {
      throw new SetupError(
        `vendor/v8/${name} is damaged: its checksum is not that of ${CHECKSUMS}. Run: git checkout -- vendor/v8`,
      )
    }
  }
  // Cargo unpacks the archive once and does not see that it changed.
  if (before !== undefined && JSON.parse(before).sums !== sums)
    run('cargo', ['clean', '--quiet', '--release', '--package', 'v8'])
  mkdirSync(TARGET_DIR, { recursive: true })
  writeFileSync(STAMP, stamp)
  return 'checksums are right'
}

function readStamp() {
  return existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : undefined
}

async function sha256(path) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

// --- the addon -----------------------------------------------------------------------------------------------------

/** Cargo decides what to compile; the copy is replaced only if its content changed. */
async function buildAddon() {
  const built = join(TARGET_DIR, 'release', libraryName())
  const addon = addonName(platformName())
  const target = join(ROOT, addon)
  const before = modified(built)
  if (before === undefined) say('addon: cargo build --release (a few minutes the first time) …')
  run('cargo', [
    ...['build', '--release', '--package', 'codecell', '--lib', '--bins'],
    ...(process.env.CI ? ['--locked'] : []),
  ])
  if (modified(built) === undefined) throw new SetupError(`cargo left no ${built}`)
  await replaceIfChanged(join(TARGET_DIR, 'release', LAUNCHER), join(ROOT, LAUNCHER))

  if (existsSync(target) && (await sha256(target)) === (await sha256(built))) return `${addon} is up to date`
  await replaceFile(built, target)
  return `${addon} ${before === modified(built) ? 'copied' : 'built'}`
}

async function replaceIfChanged(built, target) {
  if (!existsSync(target) || (await sha256(target)) !== (await sha256(built)))
    await replaceFile(built, target)
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

/** A process that has the old addon open keeps its file: writing into it would crash that process. */
async function replaceFile(source, target) {
  const temporary = `${target}.${process.pid}.tmp`
  try {
    await copyFile(source, temporary)
    renameSync(temporary, target)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function libraryName() {
  if (WINDOWS) return 'codecell.dll'
  return process.platform === 'darwin' ? 'libcodecell.dylib' : 'libcodecell.so'
}

/** The suffix as napi-rs names it: linux-x64-gnu, darwin-arm64, win32-x64-msvc. */
function platformName() {
  const base = `${process.platform}-${process.arch}`
  if (WINDOWS) return `${base}-msvc`
  return process.platform === 'linux' ? `${base}-${libc()}` : base
}

function libc() {
  process.report.excludeNetwork = true // Node 22 and later: the report is made without asking for host names
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'
}

// -------------------------------------------------------------------------------------------------------------------

try {
  await main()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`codecell: ${error.message}`)
  process.exitCode = error.exitCode
}

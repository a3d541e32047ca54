// The package managers that install codecell in test.mjs: npm packages of exact versions, as the runtimes are.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, MANIFEST } from './common.mjs'

/** What runs those that are written in JavaScript. */
const HOST = 'node24'

/**
 * `install` is what is run in the project, without the program itself. `node` is what a Node needs before the file that
 * it runs.
 */
export const MANAGERS = [
  { title: 'npm', version: capture('npm', ['--version']).trim(), program: 'npm', install: ['install'] },
  fromPackage('pnpm', '@pnpm/exe.linux-x64', '12.21.0', 'pnpm', ['install']),
  { ...yarn('Yarn'), settings: yarnSettings('node-modules') },
  {
    ...yarn("Yarn, Plug'n'Play"),
    settings: yarnSettings('pnp'),
    node: ['--require', './.pnp.cjs', '--experimental-loader', './.pnp.loader.mjs'],
  },
  fromPackage('Yarn classic', 'yarn', '1.22.22', 'bin/yarn.js', ['install', '--no-default-rc'], HOST),
  { title: 'Bun', runtime: 'bun', install: ['install'] },
  { title: 'Deno', runtime: 'deno', install: ['install'] },
]

function yarn(title) {
  return fromPackage(title, '@yarnpkg/cli-dist', '4.18.1', 'bin/yarn.js', ['install', '--no-immutable'], HOST)
}

function yarnSettings(nodeLinker) {
  return (registry) => ({
    '.yarnrc.yml': [
      `nodeLinker: ${nodeLinker}`,
      `npmRegistryServer: "${registry}"`,
      'unsafeHttpWhitelist: ["127.0.0.1"]',
      'enableGlobalCache: false',
      'enableTelemetry: false',
      '',
    ].join('\n'),
    'yarn.lock': '',
  })
}

function fromPackage(title, from, version, binary, install, host) {
  return { title, version, package: from, binary, install, host }
}

/**
 * A project that depends on codecell and nothing else.
 *
 * @param {string} folder
 * @param {string} registry its address
 * @param {(typeof MANAGERS)[number]} [manager]
 */
export function writeProject(folder, registry, manager) {
  const files = {
    'package.json': JSON.stringify({
      name: 'empty',
      private: true,
      dependencies: { codecell: MANIFEST.version },
    }),
    '.npmrc': `registry=${registry}/\n`,
    ...manager?.settings?.(registry),
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
}

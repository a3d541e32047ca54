// The licences of the Rust crates that are linked into the addon. What they ask for is that their text goes along.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { capture } from './common.mjs'

const LICENCE_FILE = /^(licen[cs]e|copying|notice|unlicense)/i

/** @returns {string} one section for each text, with the crates that it belongs to */
export function crateLicences() {
  const metadata = JSON.parse(capture('cargo', ['metadata', '--locked', '--format-version', '1']))
  const packages = new Map(metadata.packages.map((one) => [one.id, one]))
  /** @type {Map<string, string[]>} */
  const texts = new Map()
  for (const id of linked(metadata.resolve)) {
    const { name, version, license, manifest_path } = packages.get(id)
    const folder = dirname(manifest_path)
    const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file))
    // A few crates name their licence and leave its text out.
    const found = files.length === 0 ? [`Licence: ${license}`] : files.map((file) => read(folder, file))
    for (const text of found) texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`])
  }
  return [...texts]
    .map(([text, crates]) => `${crates.sort().join('\n')}\n\n${text}`)
    .join(`\n\n${'-'.repeat(80)}\n\n`)
}

function read(folder, file) {
  return readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
}

/** What the addon holds: dependencies that are neither for tests nor for build scripts, and theirs. */
function linked({ root, nodes }) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const found = new Set()
  const queue = [root]
  for (const id of queue) {
    for (const { pkg, dep_kinds } of byId.get(id).deps) {
      if (found.has(pkg) || dep_kinds.every(({ kind }) => kind !== null)) continue
      found.add(pkg)
      queue.push(pkg)
    }
  }
  return found
}

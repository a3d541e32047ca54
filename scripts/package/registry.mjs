// A registry on loopback that has our packages before the world does. All others it leaves to npm's.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'

const UPSTREAM = 'https://registry.npmjs.org'

/** Long ago: package managers may distrust what is new. */
const PUBLISHED = '2026-01-01T00:00:00.000Z'

/**
 * Serves what makePackages() made. A platform that was not built has its manifest there, and no tarball: whoever asks for
 * the tarball installs what is for another machine.
 *
 * @param {ReturnType<typeof import('./make.mjs').makePackages>} made
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function startRegistry({ packed, platforms }) {
  const tarballs = new Map(packed.map(({ tarball }) => [basename(tarball), readFileSync(tarball)]))
  const manifests = new Map(platforms.map(({ name, manifest }) => [name, manifest]))
  for (const { name, folder } of packed) {
    manifests.set(name, JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  }

  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname.slice(1))
    const tarball = tarballs.get(basename(path))
    if (tarball !== undefined) return response.end(tarball)
    const manifest = manifests.get(path)
    if (manifest === undefined) {
      return response.writeHead(302, { location: `${UPSTREAM}${request.url}` }).end()
    }
    response.setHeader('content-type', 'application/json')
    return response.end(JSON.stringify(metadata(manifest, tarballOf(packed, path), url())))
  })
  const url = () => `http://127.0.0.1:${server.address().port}`
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: url(),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function tarballOf(packed, name) {
  return packed.find((one) => one.name === name)?.tarball
}

/** As a registry describes a package: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
function metadata(manifest, tarball, url) {
  const { name, version } = manifest
  const content = tarball === undefined ? Buffer.alloc(0) : readFileSync(tarball)
  const dist = {
    tarball: `${url}/${name}/-/${tarball === undefined ? 'not-built.tgz' : basename(tarball)}`,
    integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
    shasum: createHash('sha1').update(content).digest('hex'),
  }
  return {
    _id: name,
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
    time: { created: PUBLISHED, modified: PUBLISHED, [version]: PUBLISHED },
  }
}

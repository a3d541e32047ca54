// An application as Electron's packagers make it: an archive, and beside it what the system has to open by itself.
// Electron shows an archive as a folder. There is no Electron here, so the archive is a real folder of that name.

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createPackageWithOptions, extractAll, statFile } from '@electron/asar'
import { expect, test } from 'vitest'
import { addonPath, launcherPath } from '../js/native.js'
import { addonName, packageName, TRIPLES } from '../js/platforms.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const triple = TRIPLES.get(`${process.platform} ${process.arch}`) ?? ''

/** An application that depends on codecell, as npm installs it. */
function writeApplication(/** @type {string} */ folder) {
  const main = join(folder, 'node_modules', 'codecell')
  const binding = join(folder, 'node_modules', packageName(triple))
  mkdirSync(binding, { recursive: true })
  for (const name of ['js', 'package.json']) cpSync(join(root, name), join(main, name), { recursive: true })
  cpSync(addonPath, join(binding, addonName(triple)))
  cpSync(launcherPath, join(binding, basename(launcherPath)))
  writeFileSync(
    join(binding, 'package.json'),
    JSON.stringify({ name: packageName(triple), main: addonName(triple) }),
  )
  writeFileSync(
    join(folder, 'main.mjs'),
    `import { rmSync } from 'node:fs'
     import { Session } from 'codecell'
     // Only Electron sees what is in the archive. The child processes see what is beside it.
     for (const file of process.argv.slice(2)) rmSync(file)
     const session = new Session({ isolation: 'process' })
     const { content } = await session.exec("text('from a child process')")
     console.log(content[0].text)
     await session.close()`,
  )
}

// Windows keeps a library that is open from being deleted, and has no child processes.
test.skipIf(process.platform === 'win32')(
  'an application in an archive finds addon and launcher beside it',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'codecell-electron-'))
    try {
      const recipe = readFileSync(join(root, 'docs', 'recipes', 'electron.md'), 'utf8')
      const [, unpackDir = ''] = /unpackDir: '([^']+)'/.exec(recipe) ?? []
      writeApplication(join(folder, 'source'))
      const archive = join(folder, 'packed', 'app.asar')
      await createPackageWithOptions(join(folder, 'source'), archive, { unpackDir })

      const binding = join('node_modules', packageName(triple))
      const files = [addonName(triple), basename(launcherPath)].map((name) => join(binding, name))
      for (const file of files) {
        expect(statFile(archive, file)).toMatchObject({ unpacked: true })
        expect(statSync(join(`${archive}.unpacked`, file)).size).toBeGreaterThan(0)
      }
      expect(statSync(join(`${archive}.unpacked`, files[1] ?? '')).mode & 0o111).toBe(0o111)

      const shown = join(folder, 'shown', 'app.asar')
      extractAll(archive, shown)
      cpSync(`${archive}.unpacked`, `${shown}.unpacked`, { recursive: true })
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['main.mjs', ...files.map((file) => join(shown, file))],
        { cwd: shown, timeout: 60_000, env: { ...process.env, CODECELL_NATIVE_LIBRARY_PATH: '' } },
      )
      expect(stdout).toBe('from a child process\n')
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

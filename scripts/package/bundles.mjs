// Programs that use codecell, bundled in each way that keeps the addon outside.

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { APPLICATION } from './programs.mjs'

const ENTRY = 'application.mjs'

/**
 * Bundles the program with the esbuild and the Vite of the project.
 *
 * @param {string} folder of the project
 */
export async function bundledPrograms(folder) {
  writeFileSync(join(folder, ENTRY), APPLICATION.code)
  // CommonJS has no `await` outside of functions.
  const wrapped = APPLICATION.code.replace(
    /^(import .*\n)([\s\S]*)$/,
    '$1async function main() {\n$2}\nmain()\n',
  )
  writeFileSync(join(folder, `wrapped-${ENTRY}`), wrapped)

  const project = createRequire(join(folder, 'package.json'))
  const esbuild = project('esbuild')
  const vite = await import(pathToFileURL(project.resolve('vite')).href)
  const programs = []
  const bundled = (title, file) => programs.push({ title, file, says: APPLICATION.says })

  for (const { title, entry, format, external, file } of [
    { title: 'codecell external', entry: ENTRY, format: 'esm', external: ['codecell'], file: 'esbuild.mjs' },
    {
      title: 'addon external',
      entry: ENTRY,
      format: 'esm',
      external: ['@codecell/*'],
      file: 'esbuild-all.mjs',
    },
    {
      title: 'codecell external, CommonJS',
      entry: `wrapped-${ENTRY}`,
      format: 'cjs',
      external: ['codecell'],
      file: 'esbuild.cjs',
    },
  ]) {
    await esbuild.build({
      absWorkingDir: folder,
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      platform: 'node',
      format,
      external,
    })
    bundled(`esbuild, ${title}`, file)
  }

  const common = { root: folder, configFile: false, logLevel: 'warn' }
  await vite.build({
    ...common,
    build: {
      outDir: 'vite-library',
      target: 'node20',
      lib: { entry: ENTRY, formats: ['es'], fileName: 'application' },
      rollupOptions: { external: ['codecell'] },
    },
  })
  bundled('Vite, library, codecell external', join('vite-library', 'application.mjs'))
  await vite.build({ ...common, build: { outDir: 'vite-server', ssr: ENTRY } })
  bundled('Vite, SSR, codecell external', join('vite-server', 'application.mjs'))
  await vite.build({
    ...common,
    build: { outDir: 'vite-server-all', ssr: ENTRY, rollupOptions: { external: [/^@codecell\//] } },
    ssr: { noExternal: ['codecell'] },
  })
  bundled('Vite, SSR, addon external', join('vite-server-all', 'application.mjs'))
  return programs
}

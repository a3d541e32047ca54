// Whether the packages are what package managers, bundlers and TypeScript expect: publint, Are The Types Wrong, knip, and
// the budgets of make.mjs. Stops at the first that has something to say.
//
//   npm run check:package              of what make.mjs makes; its options go here, too

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { capture, ROOT } from './common.mjs'
import { makePackages, OPTIONS, sizes } from './make.mjs'

const made = makePackages(parseArgs({ options: OPTIONS }).values)
const main = made.packed.find(({ name }) => name === 'codecell')

for (const { name, folder } of made.packed)
  tool(`publint ${name}`, 'publint', 'src/cli.js', ['run', folder, '--strict', '--pack', 'npm'])
// CommonJS gets at the types by `import` or require(esm), so there are none for it alone.
tool('attw', '@arethetypeswrong/cli', 'dist/index.js', [
  main.tarball,
  '--profile',
  'esm-only',
  '--no-color',
  '--no-emoji',
])
tool('knip', 'knip', 'bin/knip.js', ['--no-progress'])
console.log(sizes(made))

/** Runs the program of an npm package. */
function tool(title, from, file, args) {
  try {
    capture(process.execPath, [join(ROOT, 'node_modules', from, file), ...args])
    console.log(`${title}: ok`)
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}

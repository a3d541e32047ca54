// The reference in docs/api, made from the types: a page for each entry point.
//
//   node scripts/api-docs.mjs           writes it
//   node scripts/api-docs.mjs --check   fails if it is stale
//
// Either fails if a public item has no documentation. Settings are in typedoc.json.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, ReflectionKind, TypeDocReader } from 'typedoc'

const ROOT = resolve(fileURLToPath(new URL('..', import.meta.url)))
const OUTPUT = join(ROOT, 'docs', 'api')

const DOCUMENTED =
  ReflectionKind.SomeModule |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Class |
  ReflectionKind.Variable |
  ReflectionKind.SomeMember |
  ReflectionKind.CallSignature |
  ReflectionKind.ConstructorSignature

class Fault extends Error {}

async function main([option]) {
  if (option !== undefined && option !== '--check')
    throw new Fault(`${option} is unknown; there is only --check`)
  const application = await Application.bootstrapWithPlugins({ options: join(ROOT, 'typedoc.json') }, [
    new TypeDocReader(),
  ])
  const project = await application.convert()
  if (project === undefined) throw new Fault('the types do not compile')
  application.validate(project)
  const bare = undocumented(project)
  if (bare.length > 0) throw new Fault(`these lack a documentation comment:\n${bare.join('\n')}`)

  const check = option === '--check'
  const folder = check ? mkdtempSync(join(tmpdir(), 'codecell-api-')) : OUTPUT
  try {
    await application.outputs.writeOutput({ name: 'markdown', path: folder }, project)
    if (application.logger.hasErrors() || application.logger.hasWarnings())
      throw new Fault('typedoc has complaints')
    if (check && !same(folder, OUTPUT)) throw new Fault('docs/api is stale. Write it with: npm run docs:api')
  } finally {
    if (check) rmSync(folder, { recursive: true })
  }
}

/** Members of an object type that has no name are said to be what they are by its owner. */
function undocumented(project) {
  return Object.values(project.reflections)
    .filter((reflection) => reflection.kindOf(DOCUMENTED) && !reflection.flags.isExternal)
    .filter((reflection) => !ownersOf(reflection).some(({ kind }) => kind === ReflectionKind.TypeLiteral))
    .filter((reflection) => !reflection.hasComment() && !reflection.signatures && !reflection.inheritedFrom)
    .map((reflection) => `  ${reflection.getFriendlyFullName()}`)
}

function ownersOf(reflection) {
  return reflection.parent === undefined ? [] : [reflection.parent, ...ownersOf(reflection.parent)]
}

function same(left, right) {
  const names = (folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const text = (folder, name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')
  const all = names(left)
  return (
    all.join() === names(right).join() &&
    all.filter((name) => name.endsWith('.md')).every((name) => text(left, name) === text(right, name))
  )
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof Fault ? `docs/api: ${error.message}` : error)
  process.exitCode = 1
})

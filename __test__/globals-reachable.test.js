import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { texts } from './support/cell.js'
import { REACHABLE } from './support/reachable.js'

const FIXTURE = new URL('./fixtures/reachable-globals.txt', import.meta.url)

/** What a new V8 adds is seen here before a script sees it. */
const HOW =
  'What a script can reach has changed. If each line below is harmless (no clock, no thread, no memory of its own, no ' +
  'input or output), accept it: UPDATE_FIXTURES=1 npx vitest run globals-reachable, and commit the fixture. Else take ' +
  'it out in src/engine/helpers/mod.rs.'

test('2.1 what a script can reach from its globals and its syntax is exactly what the list says', async () => {
  const [found] = await texts(REACHABLE)
  if (process.env.UPDATE_FIXTURES === '1') writeFileSync(FIXTURE, `${found}\n`)
  const expected = new Set(readFileSync(FIXTURE, 'utf8').trimEnd().split('\n'))
  const actual = new Set(found.split('\n'))
  expect(
    [...actual].filter((path) => !expected.has(path)),
    HOW,
  ).toEqual([])
  expect(
    [...expected].filter((path) => !actual.has(path)),
    HOW,
  ).toEqual([])
})

test('2.1 nothing that a script can reach is named like what was removed, or like what Node has', async () => {
  const [found] = await texts(REACHABLE)
  const forbidden =
    /(^|[.%])(console|Atomics|SharedArrayBuffer|WebAssembly|process|require|module|fetch|Deno|Bun|__codex\w*)\b/m
  expect(found).not.toMatch(forbidden)
})

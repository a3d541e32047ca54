// A system that lacks some system calls, for programs of `fixtures`. Linux only.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

/** @type {Record<string, Record<string, number>>} */
const NUMBERS = {
  x64: { landlock_create_ruleset: 444, seccomp: 317 },
  arm64: { landlock_create_ruleset: 444, seccomp: 277 },
}

/** @type {string | undefined} */
let folder

/**
 * What to put before a command, so that it finds no such calls: a program and its arguments.
 *
 * @param {string[]} calls by name
 * @returns {string[]}
 */
export function without(calls) {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'codecell-without-'))
    const source = fileURLToPath(new URL('../fixtures/without-system-calls.rs', import.meta.url))
    execFileSync('rustc', ['--edition', '2024', '-o', join(folder, 'without'), source])
  }
  return [join(folder, 'without'), calls.map((call) => NUMBERS[process.arch][call]).join()]
}

afterAll(() => folder && rmSync(folder, { recursive: true }))

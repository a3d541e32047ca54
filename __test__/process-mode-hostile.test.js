// Children that do not keep to the protocol: what a supervisor makes of them.

import { execFile } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CHILD = fileURLToPath(new URL('fixtures/process-hostile-child.cjs', import.meta.url))
const PROGRAM = fileURLToPath(new URL('fixtures/process-hostile.mjs', import.meta.url))

/** @type {string} */
let folder

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'codecell-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/**
 * How a cell ends in a child that behaves like that.
 *
 * @param {string} behaviour
 */
async function endWith(behaviour) {
  const home = mkdtempSync(join(folder, 'launcher-'))
  const addon = join(home, 'addon.node')
  copyFileSync(join(ROOT, 'codecell.linux-x64-gnu.node'), addon)
  const launcher = join(home, 'codecell-launcher')
  const source = [
    `#!${process.execPath}`,
    `globalThis.behaviour = ${JSON.stringify(behaviour)}`,
    `require(${JSON.stringify(CHILD)})`,
    '',
  ]
  writeFileSync(launcher, source.join('\n'))
  chmodSync(launcher, 0o755)
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM], {
    cwd: ROOT,
    timeout: 50_000,
    env: { ...process.env, NODE_OPTIONS: '', CODECELL_NATIVE_LIBRARY_PATH: addon },
  })
  return JSON.parse(stdout)
}

describe.runIf(process.platform === 'linux')('isolation: process', () => {
  test.concurrent.each([
    ['garbage', /killed, because it sent /],
    ['zero bytes', /killed, because it sent /],
    ['another protocol', /it speaks version 99 of the protocol/],
    ['no greeting', /a message before its greeting/],
    ['two greetings', /a second greeting/],
    ['a large head', /it sent a head of 4294967295 bytes/],
    ['an end at once', /it exited with code 7/],
    ['an end after the start', /it exited with code 7/],
    ['a closed socket', /it was killed, because it closed its socket/],
    ['another cell', /it sent an event of something that it does not have/],
    ['a second start', /it sent a second start when it could not/],
    ['a call out of order', /it sent a tool call when it could not/],
    ['a call of no tool', /it sent a call of something that it does not have/],
    ['too many calls', /it sent more than limits.pendingToolCalls allows/],
    ['an input that is no JSON', /it sent the input of a tool that can't be read/],
    ['a text that is no UTF-8', /it sent a text that can't be read/],
    ['output beyond its limit', /it sent more than limits.outputBytes allows/],
    ['an item that is too long', /it sent more than limits.outputBytes allows/],
    ['a stored value beyond its limit', /it sent more than limits.storedBytes allows/],
    ['a stored value that is no JSON', /it sent a stored value that can't be read/],
    ['descriptions twice', /it sent a question for descriptions when it could not/],
    ['a frame that never ends', /it did not answer/],
    ['silence', /it did not answer/],
  ])('a child that sends %s is killed, and its cell ends with ENGINE_LOST', async (behaviour, message) => {
    const { status, error, stored, other } = await endWith(behaviour)
    expect({ status, code: error?.code }).toEqual({ status: 'failed', code: 'ENGINE_LOST' })
    expect(error.message).toMatch(message)
    expect(stored).toEqual({})
    expect(other).toEqual([{ type: 'text', text: 'well' }])
  })
})

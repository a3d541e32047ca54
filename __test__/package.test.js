// What the package says about itself.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { versions } from '../js/index.js'
import { VERSION } from '../js/version.js'

test('package.json, Cargo.toml and the code have one version', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  expect(VERSION).toBe(version)
  expect(versions.codecell).toBe(version)
})

// Every page of docs/ runs as it stands there.

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'
import { testBlocks } from './support/markdown.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = readdirSync(`${root}/docs`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name.replaceAll('\\', '/')}`)

describe.for(pages)('%s', (page) => testBlocks(page))

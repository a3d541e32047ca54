// Every page of docs/ runs as it stands there, and its links lead somewhere.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { blocksOf, testBlocks } from './support/markdown.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name.replaceAll('\\', '/')}`)

// The blocks of the reference are the examples of index.d.ts, and not whole programs.
const programs = pages.filter((page) => !page.startsWith('docs/api/') && blocksOf(page).length > 0)

describe.for(programs)('%s', (page) => testBlocks(page))

/**
 * The anchors of a page. Of headings with one text, all but the first get a number.
 *
 * @param {string} text
 */
function anchors(text) {
  /** @type {Map<string, number>} */
  const seen = new Map()
  const named = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, name]) => name)
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const count = seen.get(anchor) ?? 0
    seen.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
  return [...headings, ...named]
}

test.for([...pages, 'README.md'])('the links of %s lead somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '')
  for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(link)) continue
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? join(root, page) : join(root, dirname(page), path)
    expect(existsSync(target), link).toBe(true)
    if (anchor !== undefined) expect(anchors(readFileSync(target, 'utf8')), link).toContain(anchor)
  }
})

// Every example of the README runs as it stands there. A block that is followed by a ```text block prints that text.

import { expect, test } from 'vitest'
import { blocksOf, testBlocks } from './support/markdown.js'

test('the README has examples', () => {
  expect(blocksOf('README.md').filter(({ language }) => language === 'js').length).toBeGreaterThan(3)
})

testBlocks('README.md')

// Takes docs/web-page.png: the page of examples/web-page, at work.
//
//   node scripts/screenshot-web-page.mjs [FILE]

import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchBrowser, startWebPage } from '../__test__/support/browser.js'

const ROOT = resolve(fileURLToPath(new URL('..', import.meta.url)))
const [file = join(ROOT, 'docs', 'web-page.png')] = process.argv.slice(2)

const example = await startWebPage()
const browser = await launchBrowser()
try {
  const page = await browser.newPage({ viewport: { width: 1240, height: 985 }, deviceScaleFactor: 0.9 })
  await page.goto(example.url)
  const sample = page.getByLabel('Start from')
  const run = page.getByRole('button', { name: 'Run', exact: true })
  const cell = page.getByRole('article').first()
  for (const [title, end] of [
    ['A mistake', 'failed'],
    ['All stations at once', 'completed'],
  ]) {
    await sample.selectOption(title)
    await run.click()
    await cell.getByText(end, { exact: true }).waitFor()
  }
  await page.screenshot({ path: file })
  console.log(file)
} finally {
  await browser.close()
  await example.stop()
}

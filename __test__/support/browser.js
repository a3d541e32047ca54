// A headless browser, and the example that is a web page.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const MAIN = fileURLToPath(new URL('../../examples/web-page/main.js', import.meta.url))
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']

/** CODECELL_CHROMIUM=none: whoever runs the tests has no browser and knows it. */
export const withoutBrowser = process.env.CODECELL_CHROMIUM === 'none'

/** Starts the browser that CODECELL_CHROMIUM names, or one that is installed. */
export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CODECELL_CHROMIUM ?? installedBrowser(),
    // The sandbox of Chromium refuses to work for root, which is who runs in a container.
    chromiumSandbox: process.getuid?.() !== 0,
  })
}

function installedBrowser() {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const file = join(folder, name)
      try {
        accessSync(file, constants.X_OK)
        return file
      } catch {
        // Not this one.
      }
    }
  }
  throw new Error(
    `No browser is installed: none of ${NAMES.join(', ')} is on the PATH. On Debian: apt-get install ` +
      'chromium-headless-shell fonts-dejavu-core. Or set CODECELL_CHROMIUM to the file of a Chromium, or to "none" to skip these tests.',
  )
}

/** Starts the example on a free port. */
export async function startWebPage() {
  const server = spawn(process.execPath, [MAIN, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(server, 'exit')
  const [url] = await Promise.race([
    once(createInterface(server.stdout), 'line'),
    ended.then(([code]) => Promise.reject(new Error(`the example ended with code ${code}`))),
  ])
  return {
    url: /** @type {string} */ (url),
    /** @returns {Promise<number | null>} its exit code */
    async stop() {
      server.kill('SIGTERM')
      const [code] = await ended
      return code
    },
  }
}

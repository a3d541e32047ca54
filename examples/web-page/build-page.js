import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/**
 * Builds the page with Vite, into memory: the server then has no folder to serve, and no path to check.
 *
 * @returns {Promise<Map<string, string | Uint8Array>>} what each path of the server answers
 */
export async function buildPage() {
  const { output } = await build({
    root: fileURLToPath(new URL('page', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    // No picture becomes a data: URL, so that the policy of the page can tell its own pictures from those of scripts.
    build: { write: false, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  })
  const files = output.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source])
  return new Map([...files, ['/', files.find(([path]) => path === '/index.html')[1]]])
}

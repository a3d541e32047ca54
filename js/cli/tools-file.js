// The module of `--tools`.

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { toolNamed } from '../adapters/tool.js'
import { shown } from '../check.js'
import { CodecellError } from '../errors.js'
import { messageOf } from '../json.js'
import { CommandError } from './command-error.js'

/** @import { Tool } from '../../index.d.ts' */

/**
 * @typedef {object} OpenTools
 * @property {Record<string, Tool>} tools
 * @property {() => Promise<void>} close
 */

/**
 * Loads a module of tools.
 *
 * @param {string} file
 * @returns {Promise<OpenTools>}
 */
export async function toolsOfFile(file) {
  const module = await imported(file)
  const exported = module.default ?? module.tools
  const given = typeof exported === 'function' ? await called(file, exported) : exported
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new CommandError(
      `${file} must export its tools: export default { name: { description, inputSchema, execute } }; ` +
        `its default export is ${shown(given)}`,
    )
  }
  try {
    const tools = Object.entries(given).map(([name, one]) => [
      name,
      toolNamed(`tools.${name}`, toolLike(one)),
    ])
    return {
      tools: Object.fromEntries(tools),
      close: async () => {
        if (typeof module.close === 'function') await module.close()
      },
    }
  } catch (error) {
    if (!(error instanceof CodecellError)) throw error
    throw new CommandError(`${file}: ${error.message}`)
  }
}

/** @param {unknown} given a function alone is a tool without description */
function toolLike(given) {
  return typeof given === 'function' ? { execute: given } : given
}

/** @param {string} file */
async function imported(file) {
  const path = resolve(file)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) throw new CommandError(`there is no file ${path}, which --tools names`)
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    throw new CommandError(`${file} could not be loaded: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * @param {string} file
 * @param {() => unknown} make
 */
async function called(file, make) {
  try {
    return await make()
  } catch (error) {
    throw new CommandError(`the default export of ${file} threw: ${messageOf(error)}`, { cause: error })
  }
}

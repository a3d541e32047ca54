// Prints what a script emits: text to standard output, pictures and sounds to files.

import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { mediaOf } from '../adapters/data-url.js'
import { messageOf } from '../json.js'
import { CommandError } from './command-error.js'

/** @import { ContentItem } from '../../index.d.ts' */

/** Where the name of the type is not the usual ending. */
const ENDINGS = new Map([
  ['image/jpeg', 'jpg'],
  ['image/svg+xml', 'svg'],
  ['audio/mpeg', 'mp3'],
  ['audio/x-wav', 'wav'],
  ['text/plain', 'txt'],
])

export class Output {
  #folder
  #name
  #files = 0

  /**
   * @param {string} folder of pictures and sounds
   * @param {string} name with which their file names begin
   */
  constructor(folder, name) {
    this.#folder = folder
    this.#name = name
  }

  /** @param {ContentItem[]} content */
  async print(content) {
    for (const item of content) {
      if (item.type === 'text') await written(shownOn(process.stdout, `${item.text}\n`))
      else await written(`[${await this.#saved(item)}]\n`)
    }
  }

  /** @param {Exclude<ContentItem, { type: 'text' }>} item */
  async #saved(item) {
    const { mediaType, base64 } = mediaOf(item)
    const bytes = Buffer.from(base64, 'base64')
    const file = await this.#write(bytes, endingOf(mediaType))
    return `${item.type}, ${mediaType}, ${bytes.length} bytes: ${relative('', file)}`
  }

  /**
   * Writes a file that was not there before.
   *
   * @param {Buffer} bytes
   * @param {string} ending
   */
  async #write(bytes, ending) {
    try {
      await mkdir(this.#folder, { recursive: true })
      for (;;) {
        this.#files += 1
        const file = join(this.#folder, `${this.#name}-${this.#files}.${ending}`)
        try {
          await writeFile(file, bytes, { flag: 'wx' })
          return file
        } catch (error) {
          if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
        }
      }
    } catch (error) {
      throw new CommandError(`a file could not be written to ${this.#folder}: ${messageOf(error)}`)
    }
  }
}

/** @param {string} mediaType */
function endingOf(mediaType) {
  const known = ENDINGS.get(mediaType.toLowerCase())
  return known ?? (/\/([a-z0-9]+)/i.exec(mediaType)?.[1]?.toLowerCase() || 'bin')
}

/**
 * On a terminal, text of a script may not move the cursor or change what was printed.
 *
 * @param {{ isTTY?: boolean }} stream
 * @param {string} text
 */
export function shownOn(stream, text) {
  if (!stream.isTTY) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
  return text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (control) => {
    return `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

/** @param {string} text */
function written(text) {
  return new Promise((resolve) => process.stdout.write(text, resolve))
}

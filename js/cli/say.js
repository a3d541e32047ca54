import { shownOn } from './output.js'

/**
 * Tells something to the person at the terminal.
 *
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(shownOn(process.stderr, `codecell: ${line}\n`))
}

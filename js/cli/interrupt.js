import { EXIT } from './command-error.js'

/** @typedef {'SIGINT' | 'SIGTERM' | 'SIGHUP'} StopSignal */

/** @type {Record<StopSignal, number>} */
const EXIT_CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.ended, SIGHUP: 129 }

/**
 * Calls back at the first signal that wants the command to end. The second one ends it at once.
 *
 * @param {(exitCode: number) => void} callback
 */
export function onInterrupt(callback) {
  let interrupted = false
  for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => {
      if (interrupted) process.exit(exitCode)
      interrupted = true
      callback(exitCode)
    })
  }
}

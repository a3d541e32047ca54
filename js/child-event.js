import { channel } from 'node:diagnostics_channel'

/** @import { ChildProcessEvent } from '../index.d.ts' */

/** Where it is told what becomes of child processes. */
const engines = channel('codecell:engine')

let hasWarned = false

/** @param {string} json */
export function publishChildEvent(json) {
  /** @type {ChildProcessEvent} */
  const event = JSON.parse(json)
  if (event.event === 'ready' && event.missing.length > 0) warnOnce(event.missing)
  engines.publish(event)
}

/** @param {string[]} missing */
function warnOnce(missing) {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    `the sandbox of codecell's child processes lacks ${missing.join(', ')} on this system; childOptions.strict ` +
      'refuses to run scripts then',
    { type: 'CodecellWarning', code: 'CODECELL_SANDBOX' },
  )
}

import { subscribe } from 'node:diagnostics_channel'
import { number } from './limits.js'
import { say } from './say.js'

/** @import { InspectorEvent, SessionOptions } from '../../index.d.ts' */

/**
 * What the options `--inspect` and `--inspect-brk` mean for a session. Where to attach is told when the script is there.
 *
 * @param {Record<string, any>} options
 * @returns {Pick<SessionOptions, 'inspect'>}
 */
export function inspectOf(options) {
  const breaks = options['inspect-brk'] !== undefined
  if (!breaks && options.inspect === undefined) return {}
  const name = breaks ? 'inspect-brk' : 'inspect'
  const given = options[name] === true ? {} : options
  const port = number(name, given, { least: 0, most: 65_535 })
  subscribe('codecell:inspector', (event) => tell(/** @type {InspectorEvent} */ (event)))
  return { inspect: { breakOnStart: breaks, ...(port !== undefined && { port }) } }
}

/** @param {InspectorEvent} event */
function tell({ webSocketDebuggerUrl, devtoolsFrontendUrl }) {
  say(`Debugger listening on ${webSocketDebuggerUrl}`)
  say(`open chrome://inspect in Chrome, or ${devtoolsFrontendUrl}`)
}

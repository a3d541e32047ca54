// Who may speak to the inspector: programs of this machine and DevTools, but no page of the web that a browser of this
// machine shows.

import { isIP } from 'node:net'

const DEVTOOLS = /^(devtools|chrome-devtools):\/\//

/**
 * Why a request is refused. Undefined: it is not.
 *
 * @param {import('node:http').IncomingMessage} request
 */
export function refusal({ headers: { host, origin } }) {
  // With DNS rebinding a page reaches this server under a name of its own.
  if (host === undefined || !isLocalName(host)) {
    return 'the Host header must be an IP address or localhost'
  }
  if (origin !== undefined && !DEVTOOLS.test(origin)) {
    return 'the Origin header must be absent, or that of DevTools'
  }
  return undefined
}

/** @param {string} host */
function isLocalName(host) {
  const name = host.replace(/:\d*$/, '')
  return name.toLowerCase() === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0
}

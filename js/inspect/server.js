import { channel } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { invalidArgument } from '../errors.js'
import { versions } from '../functions.js'
import { refusal } from './guard.js'
import { Target } from './target.js'

/** @import { IncomingMessage, Server, ServerResponse } from 'node:http' */
/** @import { AddressInfo, Socket } from 'node:net' */
/** @import { Duplex } from 'node:stream' */
/** @import { WebSocketServer } from 'ws' */
/** @import { InspectorEvent } from '../../index.d.ts' */
/** @import { NativeSession } from '../binding.d.ts' */
/** @import { Inspect } from './options.js' */

/** Where it is told of each cell that can be debugged. */
const inspectors = channel('codecell:inspector')

/** The largest message of a debugger. */
const MOST_MESSAGE_BYTES = 4 * 1024 * 1024

// A program that inspects nothing does not load what is needed for it.
const require = createRequire(import.meta.url)

/**
 * Those that listen at a certain port, each shared by all sessions that name it.
 *
 * @type {Map<string, InspectorServer>}
 */
const shared = new Map()

/**
 * The server for these options. Whoever gets it releases it.
 *
 * @param {Inspect} options
 */
export function inspectorServer({ host, port }) {
  const name = `${host} ${port}`
  const server = shared.get(name) ?? new InspectorServer(host, port, forget)
  if (port !== 0) shared.set(name, server)
  return server.retained()

  /** @param {InspectorServer} closed */
  function forget(closed) {
    // Another one may have come, when the port was free again.
    if (shared.get(name) === closed) shared.delete(name)
  }
}

/** Lists the cells that can be debugged, and lets debuggers attach to them. */
class InspectorServer {
  /** @type {Map<string, Target>} by path */
  #targets = new Map()
  #users = 0
  #http
  #webSockets
  #onClosed
  /**
   * Where it listens.
   *
   * @type {Promise<string>}
   */
  url

  /**
   * @param {string} host
   * @param {number} port
   * @param {(server: InspectorServer) => void} onClosed
   */
  constructor(host, port, onClosed) {
    this.#onClosed = onClosed
    this.#webSockets = webSocketServer()
    /** @type {Server} */
    this.#http = require('node:http').createServer(this.#answer.bind(this))
    this.#http.on('upgrade', this.#upgrade.bind(this))
    // A debugger that was left open does not keep the program alive.
    this.#http.on('connection', (/** @type {Socket} */ socket) => socket.unref())
    this.url = listening(this.#http, host, port)
    this.url.catch(() => this.#close())
    this.#http.unref()
  }

  retained() {
    this.#users += 1
    return this
  }

  release() {
    this.#users -= 1
    if (this.#users === 0) this.#close()
  }

  #close() {
    this.#onClosed(this)
    this.#http.close()
    this.#http.closeIdleConnections()
    this.#webSockets.close()
  }

  /**
   * Lists a cell.
   *
   * @param {number} key
   * @param {string} cellId
   * @param {NativeSession} session
   */
  add(key, cellId, session) {
    const target = new Target(key, cellId, session, ({ id }) => this.#targets.delete(`/${id}`))
    this.#targets.set(`/${target.id}`, target)
    /** @type {InspectorEvent} */
    const event = { cellId, ...links(this.#address, target) }
    inspectors.publish(event)
    return target
  }

  get #address() {
    return authority(/** @type {AddressInfo} */ (this.#http.address()))
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  #answer(request, response) {
    const refused = refusal(request)
    if (refused !== undefined) return reply(response, 403, refused)
    // As the debugger names it: the port may have been forwarded.
    const address = request.headers.host ?? this.#address
    switch (request.url?.replace(/[?#].*$/, '').replace(/(?<=.)\/$/, '')) {
      case '/json':
      case '/json/list':
        return reply(
          response,
          200,
          [...this.#targets.values()].map((target) => ({
            description: 'a script that runs in codecell',
            id: target.id,
            title: target.title,
            type: 'node',
            url: 'exec_main.mjs',
            ...links(address, target),
          })),
        )
      case '/json/version':
        return reply(response, 200, {
          Browser: `codecell/${versions.codecell}`,
          'Protocol-Version': '1.3',
          'V8-Version': versions.v8,
        })
      default:
        return reply(response, 404, 'there are /json/list and /json/version')
    }
  }

  /**
   * @param {IncomingMessage} request
   * @param {Duplex} socket
   * @param {Buffer} head
   */
  #upgrade(request, socket, head) {
    socket.on('error', () => socket.destroy())
    const refused = refusal(request)
    if (refused !== undefined) return refuse(socket, '403 Forbidden', refused)
    const target = this.#targets.get(request.url ?? '')
    if (target === undefined) return refuse(socket, '404 Not Found', 'there is no such cell; see /json/list')
    if (target.isFull) return refuse(socket, '409 Conflict', 'the cell has as many debuggers as it can have')
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => target.attach(webSocket))
  }
}

/** @returns {WebSocketServer} */
function webSocketServer() {
  let WebSocketServer
  try {
    ;({ WebSocketServer } = require('ws'))
  } catch (cause) {
    throw Object.assign(
      invalidArgument('inspect needs the package ws, which is not installed: npm install --save-dev ws'),
      { cause },
    )
  }
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
  })
}

/**
 * @param {Server} server
 * @param {string} host
 * @param {number} port
 * @returns {Promise<string>}
 */
function listening(server, host, port) {
  return new Promise((resolve, reject) => {
    server.once('error', (/** @type {NodeJS.ErrnoException} */ cause) => {
      const error = invalidArgument(
        `inspect cannot listen at ${host}, port ${port}: ${cause.message}. Name another port, or 0 for any that is free`,
      )
      reject(Object.assign(error, { cause }))
    })
    server.listen(port, host, () =>
      resolve(`http://${authority(/** @type {AddressInfo} */ (server.address()))}`),
    )
  })
}

/** @param {AddressInfo} address */
function authority({ address, family, port }) {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}

/**
 * @param {string} address
 * @param {Target} target
 */
function links(address, { id }) {
  const path = `${address}/${id}`
  return {
    devtoolsFrontendUrl: `devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws=${path}`,
    webSocketDebuggerUrl: `ws://${path}`,
  }
}

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {string | object} body
 */
function reply(response, status, body) {
  const isText = typeof body === 'string'
  response.writeHead(status, {
    'Content-Type': isText ? 'text/plain; charset=UTF-8' : 'application/json; charset=UTF-8',
    'Cache-Control': 'no-cache',
    Connection: 'close',
  })
  response.end(`${isText ? body : JSON.stringify(body, null, 2)}\n`)
}

/**
 * @param {Duplex} socket
 * @param {string} status
 * @param {string} reason
 */
function refuse(socket, status, reason) {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${reason}\n`)
}

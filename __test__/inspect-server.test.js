// Where debuggers find the cells: the server, who may speak to it, and the options.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { openSession, textsOf } from './support/cell.js'
import { attach, openInspected, targetsOf } from './support/debugger.js'
import { runProgram } from './support/program.js'

const WAIT = { waitForDebugger: true }

/**
 * @param {string} url
 * @param {Record<string, string>} headers
 * @returns {Promise<{ status: number | undefined, body: string }>}
 */
async function get(url, headers = {}) {
  const sent = request(url, { headers, agent: false }).end()
  const [response] = await once(sent, 'response')
  let body = ''
  for await (const part of response) body += part
  return { status: response.statusCode, body }
}

/**
 * How an attempt to attach ends: `'open'`, or the status with which it is refused.
 *
 * @param {string} url
 * @param {Record<string, string>} [headers]
 */
function attempt(url, headers = {}) {
  const socket = new WebSocket(url, { headers })
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.close()
      resolve('open')
    })
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode)
    })
    socket.on('error', () => {})
  })
}

/** A session with a cell that waits for a debugger, and what is listed of it. */
async function listed() {
  const session = openInspected(WAIT)
  session.exec('text("never")')
  const [target] = await targetsOf(session)
  return { session, url: /** @type {string} */ (await session.inspectorUrl), target }
}

describe('the server', () => {
  test('tells versions and cells, and nothing else', async () => {
    const { url, target } = await listed()
    const version = JSON.parse((await get(`${url}/json/version`)).body)
    expect(version).toEqual({
      Browser: expect.stringMatching(/^codecell\/\d/),
      'Protocol-Version': '1.3',
      'V8-Version': expect.stringMatching(/^\d+\./),
    })
    expect(JSON.parse((await get(`${url}/json`)).body)).toEqual([target])
    expect((await get(`${url}/`)).status).toBe(404)
    expect((await get(`${url}/${target.id}`)).status).toBe(404)
    expect(target.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(target.webSocketDebuggerUrl).toBe(`${url.replace('http:', 'ws:')}/${target.id}`)
    expect(target.devtoolsFrontendUrl).toContain(`ws=${target.webSocketDebuggerUrl.replace('ws://', '')}`)
  })

  test.for(['evil.example', 'evil.example:9229', 'localhost.evil.example', '127.0.0.1.evil.example:80'])(
    'refuses the Host header %s: a page of the web may have sent it',
    async (host) => {
      const { url, target } = await listed()
      expect((await get(`${url}/json/list`, { host })).status).toBe(403)
      expect(await attempt(target.webSocketDebuggerUrl, { host })).toBe(403)
    },
  )

  test.for(['localhost:9229', 'LOCALHOST', '127.0.0.1', '[::1]:9229'])(
    'accepts the Host header %s, and names itself so',
    async (host) => {
      const { url, target } = await listed()
      const { status, body } = await get(`${url}/json/list`, { host })
      expect(status).toBe(200)
      expect(JSON.parse(body)[0].webSocketDebuggerUrl).toBe(`ws://${host}/${target.id}`)
    },
  )

  test.for(['https://evil.example', 'http://localhost:3000', 'null', 'https://devtools.example'])(
    'refuses the Origin %s',
    async (origin) => {
      const { url, target } = await listed()
      expect((await get(`${url}/json/list`, { origin })).status).toBe(403)
      expect(await attempt(target.webSocketDebuggerUrl, { origin })).toBe(403)
    },
  )

  test('accepts DevTools by its Origin', async () => {
    const { target } = await listed()
    expect(await attempt(target.webSocketDebuggerUrl, { origin: 'devtools://devtools' })).toBe('open')
  })

  test('refuses a path that is no cell', async () => {
    const { url, target } = await listed()
    const base = url.replace('http:', 'ws:')
    for (const path of ['', '1', `${target.id}x`, target.id.replaceAll('-', '')]) {
      expect(await attempt(`${base}/${path}`)).toBe(404)
    }
  })

  test('hangs up on what is no message of the protocol; the cell does not mind', async () => {
    const { session, target } = await listed()
    for (const message of ['{', '[]', 'null', '{"id":"1","method":"Runtime.enable"}', '{"id":1}']) {
      const socket = new WebSocket(target.webSocketDebuggerUrl)
      await once(socket, 'open')
      socket.send(message)
      const [code] = await once(socket, 'close')
      expect(code).toBe(1003)
    }
    const { Runtime } = await attach(session)
    await expect(Runtime.evaluate({})).rejects.toThrow()
    await Runtime.runIfWaitingForDebugger()
  })

  test('tells of each cell on a diagnostics channel', async () => {
    const session = openInspected()
    /** @type {any[]} */
    const events = []
    const note = (/** @type {unknown} */ event) => events.push(event)
    subscribe('codecell:inspector', note)
    try {
      await session.exec('text(1)')
    } finally {
      unsubscribe('codecell:inspector', note)
    }
    const base = (await session.inspectorUrl)?.replace('http:', 'ws:')
    expect(events).toEqual([
      {
        cellId: '1',
        webSocketDebuggerUrl: expect.stringContaining(`${base}/`),
        devtoolsFrontendUrl: expect.stringMatching(/^devtools:\/\//),
      },
    ])
  })

  test('is gone when its session is', async () => {
    const session = openInspected()
    await session.exec('text(1)')
    const url = /** @type {string} */ (await session.inspectorUrl)
    await session.close()
    await expect(get(`${url}/json/list`)).rejects.toThrow('ECONNREFUSED')
  })

  test('is shared by the sessions that name its port', async () => {
    const free = openInspected()
    const port = Number(new URL((await free.inspectorUrl) ?? '').port)
    await free.close()
    const sessions = [openInspected({ port, ...WAIT }), openInspected({ port, ...WAIT })]
    for (const session of sessions) session.exec('text("never")')
    expect(await sessions[0]?.inspectorUrl).toBe(`http://127.0.0.1:${port}`)
    expect(await targetsOf(/** @type {any} */ (sessions[1]))).toHaveLength(2)
    await sessions[0]?.close()
    expect(await targetsOf(/** @type {any} */ (sessions[1]))).toHaveLength(1)
  })

  test('that cannot have its port fails each exec, and says so', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (taken.address())
    const session = openInspected({ port })
    const error = {
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`port ${port}: listen EADDRINUSE`),
    }
    await expect(session.exec('text(1)')).rejects.toMatchObject(error)
    await expect(session.inspectorUrl).rejects.toMatchObject(error)
    taken.close()
  })

  test('does not keep a program alive, not even with a debugger attached', async () => {
    expect(await runProgram('inspect-unheld')).toBe('done')
  })
})

describe('the option inspect', () => {
  const refused = (/** @type {any} */ options, /** @type {string} */ message) =>
    expect(() => openSession(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    )

  test.for(['0.0.0.0', '192.168.0.1', '::', 'example.com', '128.0.0.1', '127.0.0.1.nip.io', ''])(
    'refuses the host %s, which is not this machine alone',
    (host) => {
      refused({ inspect: { host } }, "inspect.host must be an address of this machine alone: '127.0.0.1'")
    },
  )

  test.for([-1, 65_536, 1.5, '9229', null])('refuses the port %s', (port) => {
    refused({ inspect: { port } }, 'inspect.port must be an integer from 0 to 65535')
  })

  test('refuses what it does not know', () => {
    refused({ inspect: { ports: 1 } }, 'unknown key "ports" in inspect; known are port, host')
    refused({ inspect: 'yes' }, 'inspect must be an object')
    refused({ inspect: { breakOnStart: 1 } }, 'inspect.breakOnStart must be true or false')
  })

  test("is refused with isolation: 'process'", () => {
    refused({ inspect: { port: 0 }, isolation: 'process' }, "inspect is for isolation: 'thread'")
  })

  test('false is off', async () => {
    const session = openSession({ inspect: false })
    expect(session.inspectorUrl).toBe(undefined)
    expect(textsOf(await session.exec('text(1)'))).toEqual(['1'])
  })

  test('needs ws, and names it', async () => {
    expect(await runProgram('inspect-without-ws')).toEqual({
      code: 'INVALID_ARGUMENT',
      message: 'inspect needs the package ws, which is not installed: npm install --save-dev ws',
    })
  })
})

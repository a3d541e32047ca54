// HTTP: who may ask, and what for. What comes of it is in browser-sessions.js.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { CodecellError } from 'codecell'

const MAX_BODY_BYTES = 2 * 1024 * 1024
/** What may wait for a page that does not read. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * Scripts run in cells, not in the page; so the page needs its own files, and the pictures and sounds that a script
 * emitted, which are `data:` URLs. Should a text ever be taken for HTML, this keeps it from doing anything.
 */
const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    'media-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
}

class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** @param {{ files: Map<string, string | Uint8Array>, sessions: import('./browser-sessions.js').BrowserSessions }} options */
export function createWebServer({ files, sessions }) {
  return createServer(async (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    try {
      checkSender(request)
      const path = pathOf(request.url)
      if (path.startsWith('/api/')) await serveApi(path, request, response, sessions)
      else servePage(path, request, response, files, sessions)
    } catch (error) {
      refuse(response, error)
    }
  })
}

function pathOf(url) {
  if (!URL.canParse(url, 'http://localhost')) throw new Refusal(400, 'WRONG_PATH', 'the path cannot be read')
  return new URL(url, 'http://localhost').pathname
}

/**
 * Every site that the person visits can make the browser send requests here. A page of another origin is told from ours
 * by `Origin`; a name that someone points at 127.0.0.1 (DNS rebinding), by `Host`.
 */
function checkSender({ method, headers, socket }) {
  // As a browser says it: without the port that http has anyway.
  const own = ['127.0.0.1', 'localhost'].map((name) => new URL(`http://${name}:${socket.localPort}`).host)
  if (!own.includes(headers.host)) throw new Refusal(421, 'WRONG_HOST', `this server is http://${own[0]}/`)
  const mayLackOrigin =
    method === 'GET' && ['same-origin', 'none', undefined].includes(headers['sec-fetch-site'])
  if (headers.origin === undefined ? !mayLackOrigin : headers.origin !== `http://${headers.host}`) {
    throw new Refusal(403, 'WRONG_ORIGIN', 'only the page of this server may ask that')
  }
}

function servePage(path, request, response, files, sessions) {
  const file = files.get(path)
  if (file === undefined) throw new Refusal(404, 'NOT_FOUND', `there is nothing at ${path}`)
  if (request.method !== 'GET') throw new Refusal(405, 'WRONG_METHOD', 'only GET')
  if (path === '/' && sessions.find(sessionId(request)) === undefined) {
    const cookie = `${cookieName(request)}=${sessions.open()}; HttpOnly; SameSite=Strict; Path=/`
    response.setHeader('Set-Cookie', cookie)
  }
  response.setHeader('Content-Type', TYPES[extname(path) || '.html'] ?? 'application/octet-stream')
  response.end(file)
}

async function serveApi(path, request, response, sessions) {
  const session = sessions.find(sessionId(request))
  if (session === undefined) throw new Refusal(401, 'NO_SESSION', 'this session is over: load the page again')
  const [, cellId, action] = /^\/api\/cells\/([^/]+)\/(wait|terminate)$/.exec(path) ?? []
  if (request.method === 'GET' && path === '/api/session') {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(session.describe()))
  } else if (request.method === 'POST' && path === '/api/cells') {
    const { source, yieldTimeMs } = await readJson(request)
    await stream(response, (observer) => session.exec(source, duration(yieldTimeMs), observer))
  } else if (request.method === 'POST' && action === 'wait') {
    const { yieldTimeMs } = await readJson(request)
    await stream(response, (observer) => session.wait(cellId, duration(yieldTimeMs), observer))
  } else if (request.method === 'POST' && action === 'terminate') {
    await readJson(request)
    await stream(response, (observer) => session.terminate(cellId, observer))
  } else {
    throw new Refusal(404, 'NOT_FOUND', `there is nothing at ${request.method} ${path}`)
  }
}

/**
 * Answers with events as they come, a line of JSON each, until the observation is over.
 *
 * @param {import('node:http').ServerResponse} response
 * @param {(observer: import('./browser-sessions.js').Observer) => Promise<void>} observe
 */
async function stream(response, observe) {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const send = (event) => {
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
    response.write(`${JSON.stringify(event)}\n`)
  }
  const ready = async () => {
    if (response.writableLength < MAX_UNREAD_BYTES || gone.signal.aborted) return
    await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  await observe({ send, ready, gone: gone.signal })
  response.end()
}

function refuse(response, error) {
  const known = error instanceof Refusal || error instanceof CodecellError
  if (!known) console.error(error)
  const code = known ? error.code : 'SERVER_ERROR'
  const message = known ? error.message : 'the server made a mistake, and has told it where it runs'
  if (response.headersSent) {
    response.end(`${JSON.stringify({ type: 'refused', code, message })}\n`)
    return
  }
  response.writeHead(error.status ?? (known ? 400 : 500), { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ code, message }))
}

async function readJson(request) {
  // Browsers let no page of another origin send this type without having asked first.
  if (request.headers['content-type'] !== 'application/json') {
    throw new Refusal(415, 'WRONG_TYPE', 'the body must be application/json')
  }
  const chunks = []
  let bytes = 0
  // Read to its end even so: a browser that is still sending reads no answer.
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  if (bytes > MAX_BODY_BYTES) throw new Refusal(413, 'TOO_LARGE', `a body may have ${MAX_BODY_BYTES} bytes`)
  try {
    return Object(JSON.parse(Buffer.concat(chunks).toString()))
  } catch {
    throw new Refusal(400, 'WRONG_BODY', 'the body is no JSON')
  }
}

function duration(value) {
  if (typeof value === 'number' && value >= 0 && value <= 600_000) return value
  throw new Refusal(400, 'WRONG_BODY', 'yieldTimeMs must be a number from 0 to 600000')
}

/** Cookies do not know ports: two servers on one machine would take each other's. */
function cookieName({ socket }) {
  return `codecell-${socket.localPort}`
}

function sessionId(request) {
  const cookies = (request.headers.cookie ?? '').split('; ').map((cookie) => cookie.split('='))
  return cookies.find(([name]) => name === cookieName(request))?.[1]
}

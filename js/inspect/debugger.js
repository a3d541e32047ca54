/** @import { RawData, WebSocket } from 'ws' */

/** Messages that may wait for their answers before no more are read. */
const MOST_UNANSWERED = 256
/** How long a debugger may take to close its end. */
const CLOSE_MS = 1_000

/** A code of JSON-RPC. */
const METHOD_NOT_FOUND = -32601
// Two V8s of one process cannot both have the signal SIGPROF: the program would die of it.
const NO_PROFILER = 'the CPU profiler is not available in a cell, whose process is that of the program'

/** Codes of WebSocket. */
const NORMAL = 1000
const UNSUPPORTED = 1003

/**
 * What a debugger can do with its cell.
 *
 * @typedef {object} Inspected
 * @property {(text: string) => void} say
 * @property {() => void} detach
 * @property {() => void} terminate
 * @property {(bytes: number) => void} took that it has taken so many bytes
 */

/** One debugger of one cell. */
export class Debugger {
  #socket
  #inspected
  #unanswered = 0

  /**
   * @param {WebSocket} socket
   * @param {Inspected} inspected
   */
  constructor(socket, inspected) {
    this.#socket = socket
    this.#inspected = inspected
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', () => inspected.detach())
    // The socket closes after it, and nothing else is to be done.
    socket.on('error', () => {})
  }

  /**
   * @param {RawData} data
   * @param {boolean} isBinary
   */
  #receive(data, isBinary) {
    const text = String(data)
    const request = isBinary ? undefined : requestOf(text)
    if (request === undefined) {
      return this.#socket.close(
        UNSUPPORTED,
        'a message must be JSON: { id, method, params? }, with an id of 32 bits',
      )
    }
    const { id, method } = request
    if (method.startsWith('Profiler.')) {
      return this.#socket.send(
        JSON.stringify({ id, error: { code: METHOD_NOT_FOUND, message: NO_PROFILER } }),
      )
    }
    if (method === 'Runtime.terminateExecution') {
      // V8 would stop what runs at this moment, and leave a cell that never ends.
      this.#socket.send(JSON.stringify({ id, result: {} }))
      return this.#inspected.terminate()
    }
    this.#unanswered += 1
    if (this.#unanswered === MOST_UNANSWERED) this.#socket.pause()
    this.#inspected.say(text)
  }

  /**
   * @param {string} text
   * @param {boolean} isAnswer
   */
  send(text, isAnswer) {
    if (isAnswer) {
      if (this.#unanswered === MOST_UNANSWERED) this.#socket.resume()
      this.#unanswered -= 1
    }
    // Called when it is written, and when it can't be.
    this.#socket.send(text, () => this.#inspected.took(Buffer.byteLength(text)))
  }

  /** The cell has ended. */
  close() {
    this.#socket.resume()
    this.#socket.close(NORMAL, 'the script has ended')
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref()
  }
}

/**
 * V8 answers each of these, and nothing else.
 *
 * @param {string} text
 * @returns {{ id: number, method: string } | undefined}
 */
function requestOf(text) {
  try {
    const message = JSON.parse(text)
    // V8 answers no id that does not fit into 32 bits.
    const isRequest = message?.id === (message?.id | 0) && typeof message.method === 'string'
    return isRequest ? message : undefined
  } catch {
    return undefined
  }
}

// Not the global one, which tests replace: nothing would be delivered any more.
import { setImmediate } from 'node:timers'
import { Cell } from './cell.js'
import { publishChildEvent } from './child-event.js'
import { errorWithCode, withCodes } from './errors.js'
import { addon } from './native.js'
import { cellResult, contentItems } from './result.js'

/** @import { CellResult, ContentItem } from '../index.d.ts' */
/** @import { CallStatus, ConsoleLevel, Message, NativeSession } from './binding.d.ts' */

const SETTLED = Promise.resolve()

/** For how long messages are dealt with before everything else in the loop has its turn. */
const LONGEST_TURN_MS = 10

/**
 * @typedef {object} Request
 * @property {(result: CellResult) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {() => unknown} abortReason what an aborted wait rejects with
 * @property {ContentItem[][]} content what has come of the answer so far
 * @property {NativeSession} session held on to until the answer is there
 * @property {((result: CellResult) => void) | undefined} note hears of the result before its caller does
 */

/** The one way from the addon back into JavaScript: answers by ticket, the rest by cell. */
class Bridge {
  /** @readonly */
  native
  /** @type {Map<number, Request>} */
  #requests = new Map()
  /** @type {Map<number, Cell>} */
  #cells = new Map()
  #lastTicket = 0
  /** @type {(number | string | null)[]} */
  #settled = []
  #flush = () => this.#sendSettled()
  /** When it began to count the time until the loop turns, and whether it counts. */
  #turnBegan = Number.NEGATIVE_INFINITY
  #awaitsTurn = false
  #isPaused = false
  #turned = () => this.#onTurn()

  constructor() {
    this.native = withCodes(() => new addon.NativeBridge((messages) => this.#deliver(messages)))
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param {NativeSession} session
   * @param {(ticket: number) => void} send
   * @param {{ abortReason?: Request['abortReason'], note?: Request['note'] }} [options]
   * @returns {Promise<CellResult>}
   */
  ask(session, send, { abortReason = () => undefined, note } = {}) {
    return new Promise((resolve, reject) => {
      this.#lastTicket = (this.#lastTicket + 1) >>> 0
      const ticket = this.#lastTicket
      this.#requests.set(ticket, { resolve, reject, abortReason, content: [], session, note })
      try {
        withCodes(() => send(ticket))
      } catch (error) {
        this.#requests.delete(ticket)
        throw error
      }
    })
  }

  /**
   * @param {number} key
   * @param {Cell} cell
   */
  addCell(key, cell) {
    this.#cells.set(key, cell)
  }

  /**
   * Called by the addon, which cannot deal with an exception.
   *
   * @param {Message[]} messages
   */
  #deliver(messages) {
    this.#watchTurn()
    for (const message of messages) {
      try {
        this.#receive(message)
      } catch (error) {
        // Ours, not the caller's: all calls of his code are guarded further in.
        warn(error)
      }
    }
  }

  /**
   * Node delivers without a pause for as long as there is something. A script that floods would be all that the program
   * is busy with: no timer and no socket had its turn. So whether the loop turns is looked at now and then; that costs
   * something, so it is not done each time.
   */
  #watchTurn() {
    const now = performance.now()
    if (this.#awaitsTurn) {
      if (now - this.#turnBegan < LONGEST_TURN_MS || this.#isPaused) return
      this.#isPaused = true
      this.native.pause()
    } else if (now - this.#turnBegan >= LONGEST_TURN_MS) {
      this.#turnBegan = now
      this.#awaitsTurn = true
      setImmediate(this.#turned)
    }
  }

  #onTurn() {
    this.#awaitsTurn = false
    if (!this.#isPaused) return
    this.#isPaused = false
    this.native.resume()
  }

  /** @param {Message} message */
  #receive(message) {
    switch (message[0]) {
      case 0: {
        const [, ticket, headJson, ...strings] = message
        const request = this.#takeRequest(ticket)
        if (request === undefined) return
        const result = cellResult(headJson, strings, request.content)
        request.note?.(result)
        return request.resolve(result)
      }
      case 1: {
        const [, ticket, code, text] = message
        const request = this.#takeRequest(ticket)
        return request?.reject(code === 'ABORTED' ? request.abortReason() : errorWithCode(code, text))
      }
      case 2: {
        const [, cellKey, call, toolIndex, inputJson] = message
        return this.#cells
          .get(cellKey)
          ?.callTool(call, toolIndex, inputJson, (status, text) => this.#settle(cellKey, call, status, text))
      }
      case 3: {
        const [, cellKey, call] = message
        return this.#cells.get(cellKey)?.abortCall(call)
      }
      case 4: {
        const [, cellKey, notification, text, level] = message
        return void this.#notify(cellKey, notification, text, level)
      }
      case 5: {
        const cell = this.#cells.get(message[1])
        this.#cells.delete(message[1])
        return cell?.close()
      }
      case 6:
        return publishChildEvent(message[1])
      case 7: {
        const [, cellKey, lost, held] = message
        return this.#cells.get(cellKey)?.engineLost(lost, held)
      }
      case 8: {
        const [, ticket, itemsJson, ...strings] = message
        this.#requests.get(ticket)?.content.push(contentItems(JSON.parse(itemsJson), strings))
        return
      }
      case 9: {
        const [, cellKey, debuggerNumber, isAnswer, text] = message
        return this.#cells.get(cellKey)?.target?.send(debuggerNumber, isAnswer === 1, text)
      }
      case 10:
        return this.#cells.get(message[1])?.target?.close()
    }
  }

  /** @param {number} ticket */
  #takeRequest(ticket) {
    const request = this.#requests.get(ticket)
    this.#requests.delete(ticket)
    return request
  }

  /**
   * @param {number} cellKey
   * @param {number} call
   * @param {CallStatus} status
   * @param {string | null} text
   */
  #settle(cellKey, call, status, text) {
    // What settles in one turn goes back together. A bare promise costs less than queueMicrotask.
    if (this.#settled.length === 0) SETTLED.then(this.#flush)
    this.#settled.push(cellKey, call, status, text)
  }

  #sendSettled() {
    const settled = this.#settled
    this.#settled = []
    try {
      this.native.settle(settled)
    } catch (error) {
      warn(error)
    }
  }

  /**
   * @param {number} cellKey
   * @param {number} notification
   * @param {string} text
   * @param {ConsoleLevel | null} level
   */
  async #notify(cellKey, notification, text, level) {
    const cell = this.#cells.get(cellKey)
    if (level === null) await cell?.notify(text)
    else cell?.wroteToConsole(level, text)
    try {
      this.native.notified(cellKey, notification)
    } catch (error) {
      warn(error)
    }
  }
}

/** @param {unknown} error */
function warn(error) {
  process.emitWarning(error instanceof Error ? error : String(error))
}

/** @type {Bridge | undefined} */
let shared

/** The bridge of this instance of the module. It is made with the first session. */
export function bridge() {
  shared ??= new Bridge()
  return shared
}

import { randomUUID } from 'node:crypto'
import { bridge } from '../bridge.js'
import { Debugger } from './debugger.js'

/** @import { WebSocket } from 'ws' */
/** @import { NativeSession } from '../binding.d.ts' */

/** Debuggers that a cell can have at once. */
const MOST_DEBUGGERS = 8

/** A cell, as debuggers see it. */
export class Target {
  /** Nobody can guess it: to know it is to be allowed to attach. */
  id = randomUUID()
  title
  #key
  /** @type {Map<number, Debugger>} */
  #debuggers = new Map()
  #lastNumber = 0
  #terminate
  #onClosed

  /**
   * @param {number} key the cell's, for the addon
   * @param {string} cellId
   * @param {NativeSession} session
   * @param {(target: Target) => void} onClosed
   */
  constructor(key, cellId, session, onClosed) {
    this.#key = key
    this.#terminate = () => session.abort(cellId)
    this.title = `codecell cell ${cellId}`
    this.#onClosed = onClosed
  }

  get isFull() {
    return this.#debuggers.size >= MOST_DEBUGGERS
  }

  /** @param {WebSocket} socket */
  attach(socket) {
    const { native } = bridge()
    const key = this.#key
    this.#lastNumber += 1
    const number = this.#lastNumber
    native.attachDebugger(key, number)
    const one = new Debugger(socket, {
      say: (text) => native.debuggerSays(key, number, text),
      detach: () => {
        this.#debuggers.delete(number)
        native.detachDebugger(key, number)
      },
      terminate: this.#terminate,
      took: (bytes) => native.debuggersTook(key, bytes),
    })
    this.#debuggers.set(number, one)
  }

  /**
   * The inspector of the cell speaks to a debugger.
   *
   * @param {number} number
   * @param {boolean} isAnswer
   * @param {string} text
   */
  send(number, isAnswer, text) {
    const one = this.#debuggers.get(number)
    if (one === undefined) bridge().native.debuggersTook(this.#key, Buffer.byteLength(text))
    else one.send(text, isAnswer)
  }

  /** The cell has ended. */
  close() {
    for (const one of this.#debuggers.values()) one.close()
    this.#debuggers.clear()
    this.#onClosed(this)
  }
}

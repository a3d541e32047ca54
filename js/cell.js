import { channel } from 'node:diagnostics_channel'
import { RunningCall } from './tool-call.js'

/** @import { CellTrace, ConsoleEvent, Notification } from '../index.d.ts' */
/** @import { NativeSession } from './binding.d.ts' */
/** @import { Target } from './inspect/target.js' */
/** @import { OnNotify } from './options.js' */
/** @import { Caller, Outcome } from './tool-call.js' */
/** @import { HostTool } from './tool-set.js' */
/** @import { Trace } from './tracing.js' */

/** Where a failing onNotify is told: it can neither break the cell nor reach a caller. */
const notifyErrors = channel('codecell:notify:error')
/** Where it is told what scripts write to `console`. */
const consoles = channel('codecell:console')
/** Where a lost engine is told: the process holds what it held. */
const enginesLost = channel('codecell:engine:lost')

/**
 * @typedef {object} CellParts
 * @property {Caller} caller the cell, as its calls know it
 * @property {NativeSession} session held on to, so that a session lives as long as its cells
 * @property {readonly HostTool[]} tools
 * @property {OnNotify | undefined} onNotify
 * @property {number} messageBytes
 * @property {Trace<CellTrace> | undefined} trace
 * @property {Target | undefined} target what debuggers see, if the cell can be debugged
 * @property {<T>(work: () => T) => T} inContext runs something in the async context of the exec
 */

/** What the host side keeps of a cell while it lives. */
export class Cell {
  #parts
  /** @type {Map<number, RunningCall>} */
  #calls = new Map()
  #closed = false
  /** What is to be done when nothing more will come. */
  onClosed = () => {}

  /** @param {CellParts} parts */
  constructor(parts) {
    this.#parts = parts
  }

  /**
   * Serves a tool call.
   *
   * @param {number} number
   * @param {number} toolIndex
   * @param {string | null} inputJson
   * @param {(...outcome: Outcome) => void} settle not called once the cell has been closed: nobody asks any more
   */
  callTool(number, toolIndex, inputJson, settle) {
    const { caller, tools, messageBytes, inContext } = this.#parts
    const tool = tools[toolIndex]
    if (tool === undefined) return settle(2, `there is no tool number ${toolIndex}`)
    const call = new RunningCall(tool, caller, number, messageBytes)
    this.#calls.set(number, call)
    // It never rejects.
    inContext(() => call.run(inputJson)).then((outcome) => {
      this.#calls.delete(number)
      if (!this.#closed) settle(...outcome)
    })
  }

  /** @param {number} number */
  abortCall(number) {
    this.#calls.get(number)?.abort()
  }

  /**
   * Passes a notification on. Never rejects.
   *
   * @param {string} text
   */
  async notify(text) {
    const { caller, onNotify, inContext } = this.#parts
    if (onNotify === undefined) return
    const { cellId, callId } = caller
    /** @type {Notification} */
    const notification = { cellId, callId, text }
    try {
      await inContext(() => onNotify(notification))
    } catch (error) {
      notifyErrors.publish({ error, notification })
    }
  }

  /** What debuggers see, if the cell can be debugged. */
  get target() {
    return this.#parts.target
  }

  /**
   * @param {ConsoleEvent['level']} level
   * @param {string} text
   */
  wroteToConsole(level, text) {
    if (!consoles.hasSubscribers) return
    const { caller, inContext } = this.#parts
    /** @type {ConsoleEvent} */
    const event = { cellId: caller.cellId, callId: caller.callId, level, text }
    inContext(() => consoles.publish(event))
  }

  /**
   * @param {number} lost
   * @param {number} held
   */
  engineLost(lost, held) {
    enginesLost.publish({ cellId: this.#parts.caller.cellId, lost, held })
  }

  /**
   * Tells the end of the cell, and before that the end of the calls that it has left. The first end counts.
   *
   * @param {Pick<CellTrace, 'result' | 'error'>} outcome
   */
  endTrace(outcome) {
    for (const call of this.#calls.values()) call.endTrace()
    this.#parts.trace?.end(outcome)
  }

  close() {
    this.#closed = true
    this.endTrace({})
    this.#calls.clear()
    this.target?.close()
    this.onClosed()
  }
}

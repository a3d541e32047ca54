// What must hold of a cell, whatever it runs and whatever is done to it meanwhile.

import { deepStrictEqual } from 'node:assert'

/** @typedef {import('codecell').CellResult} CellResult */

/** Checks one cell, from what its callers are told and what its tools see. */
export class WatchedCell {
  /** The text of each item, in order. */
  #texts = /** @type {string[]} */ ([])
  #calls = 0
  #underWay = new Set()
  /** @type {CellResult | undefined} */
  #end
  #isLeft = false
  #isMissing = false
  /** The id in its session. */
  id = ''
  /** @type {string[]} */
  faults = []
  /**
   * What was asked of it, and what was told.
   *
   * @type {string[]}
   */
  history = []

  /** @param {string} key what its script calls it */
  constructor(key) {
    this.key = key
  }

  get hasEnded() {
    return this.#end !== undefined
  }

  /**
   * Aborts the cell with the signal that it was started with. Nobody may be told of its end then.
   *
   * @param {AbortController} stop
   */
  abort(stop) {
    this.leave()
    stop.abort(new Error('stop'))
  }

  /** Its session closes: nobody may be told of its end. */
  leave() {
    this.#isLeft = true
  }

  /** @param {string} what */
  fault(what) {
    this.faults.push(what)
  }

  /**
   * A tool was called.
   *
   * @param {import('codecell').ToolCall} call
   * @returns {() => void} to be called when it settles
   */
  called(call) {
    this.#calls++
    if (this.#end) this.fault(`a call of ${call.name} after the end`)
    if (call.id !== `tool-${this.#calls}`) this.fault(`call ${this.#calls} is named ${call.id}`)
    this.#underWay.add(call)
    return () => this.#underWay.delete(call)
  }

  notified() {
    if (this.#end) this.fault('a notification after the end')
  }

  /**
   * A caller was told how the cell stands.
   *
   * @param {CellResult} result
   */
  told(result) {
    if (result.cellId !== this.id) this.fault(`it is cell ${this.id}, and was told of ${result.cellId}`)
    if (result.status === 'missing') {
      this.#isMissing = true
      return
    }
    if (this.#end) {
      // A terminator and an observer hear of the same end.
      if (result.status !== this.#end.status) this.fault(`after ${this.#end.status} it is ${result.status}`)
      return
    }
    for (const item of result.content) if (item.type === 'text') this.#texts.push(item.text)
    if (result.status !== 'running' && result.status !== 'pending') this.#ended(result)
  }

  /** @param {Exclude<CellResult, { status: 'missing' }>} result */
  #ended(result) {
    this.#end = result
    const said = this.#texts.filter((text) => text !== '').map((text) => /^(\d+) (.*)$/s.exec(text))
    said.forEach((match, index) => {
      if (Number(match?.[1]) !== index) this.fault(`output ${index} is ${match?.[0]}`)
      if (match?.[2]?.startsWith('WRONG')) this.fault(match[2])
    })
    const last = said.findLast((match) => match?.[2]?.startsWith('END'))?.[2]
    const isLast = said.at(-1)?.[2] === last
    if (last === 'END exit' && !isLast) this.fault('output after exit')
    if (result.status === 'completed' && last !== 'END done' && last !== 'END exit')
      this.fault(`it completed, and its last words are ${last}`)
    if (result.status === 'failed') this.#failed(result.error, last)
    if (result.usage.toolCalls < this.#calls) this.fault('it made more calls than it says')
    if (result.usage.toolErrors > result.usage.toolCalls) this.fault('more calls failed than it made')
    for (const call of this.#underWay)
      if (!call.signal.aborted) this.fault(`${call.name} goes on, and is not aborted`)
  }

  /**
   * @param {import('codecell').CellError} error
   * @param {string | undefined} last
   */
  #failed(error, last) {
    const limits = ['CPU_LIMIT', 'TIME_LIMIT', 'MEMORY_LIMIT']
    if (limits.includes(error.code)) return
    if (error.code !== 'SCRIPT_ERROR' || last !== 'END throw' || error.message !== 'meant')
      this.fault(`it failed with ${error.code} ${error.name}: ${error.message}; its last words are ${last}`)
  }

  /** Nobody waits for it any more. */
  checkEnd() {
    // Answers that come together reach their callers in any order, so this can't be told earlier.
    if (this.#isMissing && !this.#end && !this.#isLeft) this.fault('nobody was told of its end')
  }

  /**
   * Whether what the session keeps of it is what it stored.
   *
   * @param {unknown} kept
   */
  checkStored(kept) {
    const end = this.#end
    if (end === undefined || end.status === 'missing') return
    const stored = this.#texts.findLast((text) => /^\d+ S /.test(text))?.split(' ')[2]
    try {
      if (end.status === 'terminated') deepStrictEqual(kept, undefined)
      // A limit may stop it between storing and saying so.
      else if (end.status === 'failed' && end.error.code !== 'SCRIPT_ERROR') return
      else deepStrictEqual(kept, stored === undefined ? undefined : Number(stored))
    } catch {
      this.fault(`${end.status}, and ${kept} is kept of ${stored}`)
    }
  }
}

import { shown } from './check.js'
import { messageOf } from './json.js'

/** @import { ToolCall } from '../index.d.ts' */
/** @import { CallStatus } from './binding.d.ts' */
/** @import { HostTool } from './tool-set.js' */

/** @typedef {[status: CallStatus, text: string | null]} Outcome */

const UNDEFINED = 0
const VALUE = 1
const FAILED = 2

/** No UTF-16 unit takes more bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3

/** One call of a tool, from the script's call until the host function has settled. */
export class RunningCall {
  #tool
  #cellId
  #id
  #messageBytes
  #aborted = false
  /** @type {AbortController | undefined} */
  #controller

  /**
   * @param {HostTool} tool
   * @param {string} cellId
   * @param {number} number
   * @param {number} messageBytes
   */
  constructor(tool, cellId, number, messageBytes) {
    this.#tool = tool
    this.#cellId = cellId
    this.#id = `tool-${number}`
    this.#messageBytes = messageBytes
  }

  /**
   * Calls the host function. Never rejects, whatever the function throws or returns.
   *
   * @param {string | null} inputJson
   * @returns {Promise<Outcome>}
   */
  async run(inputJson) {
    let result
    try {
      const input = inputJson === null ? {} : JSON.parse(inputJson)
      // `await`, and not `then`: a promise or thenable with methods of its own cannot break out of it.
      result = await this.#tool.execute(input, this.#facts())
    } catch (thrown) {
      return this.#failed(messageOf(thrown) ?? `tool \`${this.#tool.name}\` failed`)
    }
    return result === undefined ? [UNDEFINED, null] : this.#value(result)
  }

  /** Tells the host function that nobody wants its result any more. */
  abort() {
    this.#aborted = true
    this.#controller?.abort(this.#abortReason())
  }

  /** @returns {ToolCall} */
  #facts() {
    const signal = () => this.#signal()
    return {
      id: this.#id,
      cellId: this.#cellId,
      name: this.#tool.name,
      // Most functions never look at it, and a controller costs more than the rest of the call.
      get signal() {
        return signal()
      },
    }
  }

  #signal() {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#abortReason())
    }
    return this.#controller.signal
  }

  #abortReason() {
    return new DOMException(
      `cell ${this.#cellId} ended before its call ${this.#id} of tool \`${this.#tool.name}\` was done`,
      'AbortError',
    )
  }

  /**
   * @param {{} | null} result
   * @returns {Outcome}
   */
  #value(result) {
    const { name } = this.#tool
    let text
    try {
      text = JSON.stringify(result)
    } catch (thrown) {
      const reason = messageOf(thrown) ?? 'it cannot be serialised'
      return this.#failed(`tool \`${name}\` returned a value that is not JSON: ${reason}`)
    }
    if (text === undefined) {
      return this.#failed(`tool \`${name}\` returned a value that is not JSON: ${shown(result)}`)
    }
    const bytes = this.#tooManyBytes(text)
    if (bytes === undefined) return [VALUE, text]
    const limit = this.#messageBytes
    // Our own words are not measured.
    return [
      FAILED,
      `the result of tool \`${name}\` has ${bytes} bytes as JSON, more than limits.messageBytes, which is ${limit}`,
    ]
  }

  /**
   * @param {string} message
   * @returns {Outcome}
   */
  #failed(message) {
    const bytes = this.#tooManyBytes(message)
    if (bytes === undefined) return [FAILED, message]
    const { name } = this.#tool
    return [
      FAILED,
      `tool \`${name}\` failed, and its message has ${bytes} bytes, more than limits.messageBytes`,
    ]
  }

  /** @param {string} text */
  #tooManyBytes(text) {
    if (text.length * MAX_BYTES_PER_UNIT <= this.#messageBytes) return undefined
    const bytes = Buffer.byteLength(text)
    return bytes > this.#messageBytes ? bytes : undefined
  }
}

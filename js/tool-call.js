import { shown } from './check.js'
import { messageOf } from './json.js'
import { isWatched, Trace, toolChannel } from './tracing.js'

/** @import { ToolCall, ToolTrace } from '../index.d.ts' */
/** @import { CallStatus } from './binding.d.ts' */
/** @import { HostTool } from './tool-set.js' */

/**
 * Where a call comes from.
 *
 * @typedef {object} Caller
 * @property {string} sessionId
 * @property {string} cellId
 * @property {string} callId the call that started the cell
 */

/** @typedef {[status: CallStatus, text: string | null]} Outcome */

const UNDEFINED = 0
const VALUE = 1
const FAILED = 2

/** No UTF-16 unit takes more bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3

/** One call of a tool, from the script's call until the host function has settled. */
export class RunningCall {
  #tool
  #caller
  #id
  #messageBytes
  #aborted = false
  /** @type {AbortController | undefined} */
  #controller
  /** @type {Trace<ToolTrace> | undefined} */
  #trace

  /**
   * @param {HostTool} tool
   * @param {Caller} caller
   * @param {number} number
   * @param {number} messageBytes
   */
  constructor(tool, caller, number, messageBytes) {
    this.#tool = tool
    this.#caller = caller
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
      result = await this.#execute(input)
    } catch (thrown) {
      this.#trace?.end({ error: thrown })
      return this.#failed(messageOf(thrown) ?? `tool \`${this.#tool.name}\` failed`)
    }
    const outcome = this.#outcome(result)
    this.#trace?.end(outcome[0] === FAILED ? { error: new Error(outcome[1] ?? '') } : { result })
    return outcome
  }

  /** Nobody will take the result any more. */
  endTrace() {
    this.#trace?.end({ error: this.#abortReason() })
  }

  /** Tells the host function that nobody wants its result any more. */
  abort() {
    this.#aborted = true
    this.#controller?.abort(this.#abortReason())
  }

  /** @param {unknown} input */
  #execute(input) {
    const facts = this.#facts()
    if (!isWatched(toolChannel)) return this.#tool.execute(input, facts)
    const { name, description } = this.#tool
    const { sessionId, cellId, callId } = this.#caller
    const toolCallId = this.#id
    this.#trace = new Trace(toolChannel, {
      sessionId,
      cellId,
      callId,
      toolCallId,
      toolName: name,
      description,
      input,
    })
    return this.#trace.run(() => this.#tool.execute(input, facts))
  }

  /** @returns {ToolCall} */
  #facts() {
    const signal = () => this.#signal()
    return {
      id: this.#id,
      cellId: this.#caller.cellId,
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
      `cell ${this.#caller.cellId} ended before its call ${this.#id} of tool \`${this.#tool.name}\` was done`,
      'AbortError',
    )
  }

  /**
   * @param {unknown} result
   * @returns {Outcome}
   */
  #outcome(result) {
    if (result === undefined) return [UNDEFINED, null]
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

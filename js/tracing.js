import { tracingChannel } from 'node:diagnostics_channel'

/** @import { TracingChannel } from 'node:diagnostics_channel' */
/** @import { CellTrace, ModelToolTrace, ToolTrace } from '../index.d.ts' */

/** @type {TracingChannel<unknown, CellTrace>} */
export const cellChannel = tracingChannel('codecell:cell')
/** @type {TracingChannel<unknown, ToolTrace>} */
export const toolChannel = tracingChannel('codecell:tool')
/** @type {TracingChannel<unknown, ModelToolTrace>} */
export const modelToolChannel = tracingChannel('codecell:model-tool')

/**
 * Whether anybody listens. Bun has no `hasSubscribers` on the whole.
 *
 * @param {TracingChannel<unknown, any>} channel
 */
export function isWatched({ start, end, asyncStart, asyncEnd, error }) {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  )
}

/** @typedef {<T>(work: () => T) => T} Entrance */

/** @type {WeakMap<object, Entrance>} */
const entrances = new WeakMap()

/**
 * For a subscriber of `start`: the work of this trace is run by `entrance`. A context manager of OpenTelemetry can run a
 * function in a context, but has no store to bind to a channel.
 *
 * @param {object} message
 * @param {Entrance} entrance must call its work once, at once, and give back what that gives
 */
export function enterThrough(message, entrance) {
  entrances.set(message, entrance)
}

/**
 * Something that takes time, told on a tracing channel as `tracePromise` of Node tells it. `asyncEnd` is always the last
 * event, and comes once. What subscribers throw becomes an uncaught exception on the next tick: Node sees to that.
 *
 * @template {{ result?: unknown, error?: unknown }} Message
 */
export class Trace {
  #channel
  #isOver = false
  /** @readonly */
  message

  /**
   * @param {TracingChannel<unknown, Message>} channel
   * @param {Message} message
   */
  constructor(channel, message) {
    this.#channel = channel
    this.message = message
  }

  /**
   * Tells the start, and does the work in the async context that subscribers have bound to it.
   *
   * @template T
   * @param {() => T} work
   * @returns {T}
   */
  run(work) {
    const { start, end } = this.#channel
    return start.runStores(this.message, () => {
      try {
        const entrance = entrances.get(this.message)
        return entrance === undefined ? work() : entrance(work)
      } finally {
        end.publish(this.message)
      }
    })
  }

  /**
   * Puts what is known now on the message. A subscriber may have frozen it, which is no concern of the cell.
   *
   * @param {object} known parts of the message
   */
  note(known) {
    for (const [key, value] of Object.entries(known)) Reflect.set(this.message, key, value)
  }

  /**
   * Tells the end. What comes after the first one is not told.
   *
   * @param {{ result?: Message['result'], error?: Message['error'] }} outcome
   */
  end(outcome) {
    if (this.#isOver) return
    this.#isOver = true
    const { error, asyncStart, asyncEnd } = this.#channel
    this.note(outcome)
    if ('error' in outcome) error.publish(this.message)
    asyncStart.publish(this.message)
    asyncEnd.publish(this.message)
  }
}

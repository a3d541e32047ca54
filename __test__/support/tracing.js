import { tracingChannel } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'

const EVENTS = /** @type {const} */ (['start', 'end', 'asyncStart', 'asyncEnd', 'error'])

/** @typedef {{ event: (typeof EVENTS)[number], message: any, at: any }} Event `at`: the message as it was then */

/**
 * Notes what is told on a tracing channel until the test is done.
 *
 * @param {'codecell:cell' | 'codecell:tool' | 'codecell:model-tool'} name
 */
export function watch(name) {
  const channel = tracingChannel(name)
  /** @type {Event[]} */
  const events = []
  const listeners = EVENTS.map((event) => {
    const listener = (/** @type {any} */ message) => void events.push({ event, message, at: { ...message } })
    channel[event].subscribe(listener)
    return () => channel[event].unsubscribe(listener)
  })
  const stop = () => {
    for (const unsubscribe of listeners) unsubscribe()
  }
  onTestFinished(stop)
  return {
    events,
    stop,
    /** The order of the events. */
    order: () => events.map(({ event }) => event),
    /** What the traces were at their end. */
    ended: () => events.filter(({ event }) => event === 'asyncEnd').map(({ message }) => message),
  }
}

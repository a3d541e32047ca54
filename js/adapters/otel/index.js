// OpenTelemetry: spans, and the duration of tool calls, out of what the tracing channels tell.

import { diag, metrics, trace } from '@opentelemetry/api'
import * as check from '../../check.js'
import { versions } from '../../functions.js'
import { cellChannel, modelToolChannel, toolChannel } from '../../tracing.js'
import { Spans } from './spans.js'

/** @import { TracingChannel } from 'node:diagnostics_channel' */
/** @import { InstrumentOptions } from '../../../types/otel.d.ts' */

const KEYS = ['tracerProvider', 'meterProvider', 'modelTools', 'recordInputs', 'recordOutputs']

/** @param {InstrumentOptions} [given] */
export function instrument(given) {
  const options = check.options('instrument options', given, KEYS)
  const modelTools = check.optional(check.boolean, 'modelTools', options.modelTools) ?? true
  const spans = new Spans({
    tracer: provider('tracerProvider', options.tracerProvider ?? trace, 'getTracer'),
    meter: provider('meterProvider', options.meterProvider ?? metrics, 'getMeter'),
    recordInputs: check.optional(check.boolean, 'recordInputs', options.recordInputs) ?? false,
    recordOutputs: check.optional(check.boolean, 'recordOutputs', options.recordOutputs) ?? false,
  })
  const watches = [
    watch(cellChannel, spans.cellStarted, spans.cellEnded),
    watch(toolChannel, spans.toolStarted, spans.toolEnded),
    ...(modelTools ? [watch(modelToolChannel, spans.modelToolStarted, spans.modelToolEnded)] : []),
  ]
  const stop = () => {
    for (const unwatch of watches) unwatch()
    spans.endAll()
  }
  return Object.assign(stop, { [Symbol.dispose]: stop })
}

/**
 * The tracer or meter of a provider.
 *
 * @param {string} name
 * @param {unknown} given
 * @param {'getTracer' | 'getMeter'} method
 */
function provider(name, given, method) {
  const found = check.record(name, given)
  return /** @type {any} */ (
    check.fn(`${name}.${method}`, found[method]).call(found, 'codecell', versions.codecell)
  )
}

/**
 * Calls back with the start and the end of all that is told on a channel. What fails there is logged as OpenTelemetry
 * logs its own faults, and harms nobody.
 *
 * @template {object} Message
 * @param {TracingChannel<unknown, Message>} channel
 * @param {(message: Message) => void} onStart
 * @param {(message: Message) => void} onEnd
 * @returns {() => void} stops it
 */
function watch({ start, asyncEnd }, onStart, onEnd) {
  const started = guarded(onStart)
  const ended = guarded(onEnd)
  start.subscribe(started)
  asyncEnd.subscribe(ended)
  return () => {
    start.unsubscribe(started)
    asyncEnd.unsubscribe(ended)
  }
}

/**
 * @param {(message: any) => void} listener
 * @returns {(message: unknown) => void}
 */
function guarded(listener) {
  return (message) => {
    try {
      listener(message)
    } catch (error) {
      diag.error('codecell/otel:', error)
    }
  }
}

import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { enterThrough } from '../../tracing.js'
import { failureOf } from './failure.js'

/** @import { Attributes, Histogram, Link, Meter, Span, SpanContext, Tracer } from '@opentelemetry/api' */
/** @import { CellTrace, ModelToolTrace, ToolTrace } from '../../../index.d.ts' */
/** @import { Failure } from './failure.js' */

/** What the conventions say for `gen_ai.execute_tool.duration`, in seconds. */
const BOUNDARIES = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]

/**
 * @typedef {object} SpanSettings
 * @property {Tracer} tracer
 * @property {Meter} meter
 * @property {boolean} recordInputs
 * @property {boolean} recordOutputs
 */

/**
 * The spans of one instrumentation. The names are those of OpenTelemetry's conventions for generative AI where these have
 * one, and begin with `codecell` where not.
 */
export class Spans {
  #settings
  /** @type {Histogram} */
  #duration
  /**
   * By the message that their events share.
   *
   * @type {Map<object, { span: Span, startedAt: number }>}
   */
  #open = new Map()
  /** @type {Map<string, SpanContext>} */
  #cells = new Map()

  /** @param {SpanSettings} settings */
  constructor(settings) {
    this.#settings = settings
    this.#duration = settings.meter.createHistogram('gen_ai.execute_tool.duration', {
      description: 'The duration of a single tool execution.',
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDARIES },
    })
  }

  /** @param {CellTrace} message */
  cellStarted = (message) => {
    const { callId, source } = message
    const span = this.#start(message, 'run cell', {
      ...cellAttributes(message),
      'codecell.call.id': callId,
      'codecell.cell.source': this.#input(source),
    })
    this.#cells.set(cellKey(message), span.spanContext())
  }

  /** @param {CellTrace} message */
  cellEnded = (message) => {
    this.#cells.delete(cellKey(message))
    this.#end(message, usageAttributes(message.result), failureOf(message))
  }

  /** @param {ToolTrace} message */
  toolStarted = (message) => {
    const { toolCallId, toolName, description, input } = message
    this.#start(message, `execute_tool ${toolName}`, {
      'gen_ai.operation.name': 'execute_tool',
      ...toolAttributes(toolName),
      'gen_ai.tool.call.id': toolCallId,
      'gen_ai.tool.description': description,
      'gen_ai.tool.call.arguments': this.#input(input),
      ...cellAttributes(message),
    })
  }

  /** @param {ToolTrace} message */
  toolEnded = (message) => {
    const attributes = { 'gen_ai.tool.call.result': this.#output(message.result) }
    this.#end(message, attributes, failureOf(message), message.toolName)
  }

  /** @param {ModelToolTrace} message */
  modelToolStarted = (message) => {
    const { tool, callId, input } = message
    const cell = this.#cells.get(cellKey(message))
    const attributes = {
      'gen_ai.operation.name': 'execute_tool',
      ...toolAttributes(tool),
      'gen_ai.tool.call.id': callId,
      'gen_ai.tool.call.arguments': this.#input(input),
      ...cellAttributes(message),
    }
    // A cell is older than those who wait for it: it is no child of theirs.
    this.#start(message, `execute_tool ${tool}`, attributes, cell && [{ context: cell }])
  }

  /** @param {ModelToolTrace} message */
  modelToolEnded = (message) => {
    const failure = failureOf(message) ?? failureOfCell(message)
    const attributes = {
      ...cellAttributes(message),
      // By the conventions, only of calls that succeed.
      'gen_ai.tool.call.result': failure === undefined ? this.#output(message.result) : undefined,
    }
    this.#end(message, attributes, failure, message.tool)
  }

  /** No more events will come. */
  endAll() {
    for (const { span } of this.#open.values()) span.end()
    this.#open.clear()
    this.#cells.clear()
  }

  /** @param {unknown} value */
  #input(value) {
    return this.#settings.recordInputs ? asText(value) : undefined
  }

  /** @param {unknown} value */
  #output(value) {
    return this.#settings.recordOutputs ? asText(value) : undefined
  }

  /**
   * Starts a span; the traced work runs in its context.
   *
   * @param {object} message
   * @param {string} name
   * @param {Attributes} attributes
   * @param {Link[]} [links]
   */
  #start(message, name, attributes, links = []) {
    const parent = context.active()
    const span = this.#settings.tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes, links }, parent)
    this.#open.set(message, { span, startedAt: performance.now() })
    const within = trace.setSpan(parent, span)
    enterThrough(message, (work) => context.with(within, work))
    return span
  }

  /**
   * @param {object} message
   * @param {Attributes} attributes
   * @param {Failure | undefined} failure
   * @param {string} [toolName] the tool whose duration is recorded
   */
  #end(message, attributes, failure, toolName) {
    const open = this.#open.get(message)
    // It began before this instrumentation did.
    if (open === undefined) return
    this.#open.delete(message)
    const { span, startedAt } = open
    try {
      span.setAttributes(attributes)
      if (failure !== undefined) markFailed(span, failure)
      if (toolName !== undefined) {
        const measured = { ...toolAttributes(toolName), ...(failure && { 'error.type': failure.type }) }
        const seconds = (performance.now() - startedAt) / 1000
        this.#duration.record(seconds, measured, trace.setSpan(context.active(), span))
      }
    } finally {
      span.end()
    }
  }
}

/**
 * @param {Span} span
 * @param {Failure} failure
 */
function markFailed(span, { type, message, exception }) {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
  if (exception !== undefined) span.recordException(exception)
}

/**
 * A script that failed is no fault of exec or wait, but they answer that it did. Its exception is recorded with the cell.
 *
 * @param {ModelToolTrace} message
 * @returns {Failure | undefined}
 */
function failureOfCell({ cellResult }) {
  if (cellResult?.status === 'failed') {
    const { code, message } = cellResult.error
    return { type: code, message }
  }
  if (cellResult?.status === 'missing')
    return { type: 'missing', message: `there is no cell ${cellResult.cellId}` }
  return undefined
}

/** @param {{ sessionId: string, cellId?: string }} message */
function cellKey({ sessionId, cellId }) {
  return `${sessionId} ${cellId}`
}

/** @param {{ sessionId: string, cellId?: string }} message */
function cellAttributes({ sessionId, cellId }) {
  return { 'codecell.session.id': sessionId, 'codecell.cell.id': cellId }
}

/** @param {CellTrace['result']} result */
function usageAttributes(result) {
  if (result === undefined || result.status === 'missing') return {}
  const { status, usage } = result
  return {
    'codecell.cell.status': status,
    'codecell.cell.cpu_ms': usage.cpuMs,
    'codecell.cell.tool_calls': usage.toolCalls,
    'codecell.cell.tool_errors': usage.toolErrors,
    'codecell.cell.peak_heap_bytes': usage.peakHeapBytes,
  }
}

/** @param {string} name */
function toolAttributes(name) {
  return { 'gen_ai.tool.name': name, 'gen_ai.tool.type': 'function' }
}

/**
 * A value as JSON text, since attributes of spans are flat; a text as it is.
 *
 * @param {unknown} value
 */
function asText(value) {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value)
  } catch {
    // What the program itself cannot pass on either.
    return undefined
  }
}

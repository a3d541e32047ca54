// `codecell/otel` with the API and an SDK of OpenTelemetry.

import { DiagLogLevel, diag, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { generateText, isStepCount } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { versions } from 'codecell'
import { codeModeTools } from 'codecell/ai-sdk'
import { instrument } from 'codecell/otel'
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { exec as execTurn, scriptedModel } from './support/ai-model.js'
import { openSession, textsOf } from './support/cell.js'
import { expectFault, FOREVER, gate, newSession, until } from './support/lifecycle-helpers.js'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()
const tracer = trace.getTracer('test')

beforeEach(() => exporter.reset())
afterAll(() => provider.shutdown())

/** @param {import('codecell/otel').InstrumentOptions} [options] */
function instrumented(options) {
  const stop = instrument(options)
  onTestFinished(stop)
  return stop
}

/** The spans that have ended, in the order of their ends. */
const spans = () => exporter.getFinishedSpans()

/** @param {string} name */
function spanNamed(name) {
  const found = spans().filter((span) => span.name === name)
  expect(found, name).toHaveLength(1)
  return /** @type {(typeof found)[0]} */ (found[0])
}

/** @param {string} id */
const nameOf = (id) => spans().find((span) => span.spanContext().spanId === id)?.name

/**
 * The spans below one, or from the root, each with those below it, in alphabetical order.
 *
 * @param {string} [parent]
 * @returns {[name: string, children: any][]}
 */
function tree(parent) {
  return spans()
    .filter((span) => span.parentSpanContext?.spanId === parent)
    .map((span) => /** @type {[string, any]} */ ([span.name, tree(span.spanContext().spanId)]))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/**
 * @template T
 * @param {() => Promise<T>} work
 */
function asAgent(work) {
  return tracer.startActiveSpan('agent', async (span) => {
    try {
      return await work()
    } finally {
      span.end()
    }
  })
}

/** A tool that makes a span of its own, after a while. */
const tracedTool = {
  description: 'Makes a span.',
  async execute(/** @type {any} */ { n }) {
    await new Promise((done) => setTimeout(done, 3 - n))
    return tracer.startActiveSpan(`inner ${n}`, (span) => {
      span.end()
      return { n }
    })
  },
}

test('spans are nested: the model’s call, its cell, the tool calls, and what the tools do', async () => {
  instrumented()
  const { exec } = openSession({ tools: { tool: tracedTool } }).modelTools()
  await asAgent(() =>
    exec.run('await Promise.all([1, 2].map((n) => tools.tool({ n })))', { callId: 'call-1' }),
  )
  expect(tree()).toEqual([
    [
      'agent',
      [
        [
          'execute_tool exec',
          [
            [
              'run cell',
              [
                ['execute_tool tool', [['inner 1', []]]],
                ['execute_tool tool', [['inner 2', []]]],
              ],
            ],
          ],
        ],
      ],
    ],
  ])
  for (const span of spans()) expect(span.kind).toBe(SpanKind.INTERNAL)
  expect(spanNamed('run cell').instrumentationScope).toMatchObject({
    name: 'codecell',
    version: versions.codecell,
  })
})

test('spans of parallel cells and their calls are not mixed up', async () => {
  instrumented()
  const sessions = [1, 2, 3].map(() => openSession({ tools: { tool: tracedTool } }))
  const numbers = sessions.flatMap((_, index) => [index * 2, index * 2 + 1])
  await Promise.all(
    numbers.map((n) =>
      sessions[n >> 1]?.exec(`await Promise.all([1, 2].map(() => tools.tool({ n: ${n} })))`, {
        callId: `call-${n}`,
      }),
    ),
  )
  const cells = spans().filter(({ name }) => name === 'run cell')
  expect(new Set(cells.map((cell) => cell.spanContext().traceId)).size).toBe(6)
  for (const cell of cells) {
    const n = String(cell.attributes['codecell.call.id']).slice(-1)
    const call = ['execute_tool tool', [[`inner ${n}`, []]]]
    expect(tree(cell.spanContext().spanId)).toEqual([call, call])
  }
})

test('the attributes are those of the conventions; inputs and outputs are not recorded', async () => {
  instrumented()
  const { exec } = openSession({ tools: { tool: tracedTool } }).modelTools()
  await exec.run('await tools.tool({ n: 1 })', { callId: 'call-1' })
  const ids = {
    'codecell.session.id': spanNamed('run cell').attributes['codecell.session.id'],
    'codecell.cell.id': '1',
  }
  const operation = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.type': 'function', ...ids }
  expect(spanNamed('execute_tool exec').attributes).toEqual({
    ...operation,
    'gen_ai.tool.name': 'exec',
    'gen_ai.tool.call.id': 'call-1',
  })
  expect(spanNamed('execute_tool tool').attributes).toEqual({
    ...operation,
    'gen_ai.tool.name': 'tool',
    'gen_ai.tool.call.id': 'tool-1',
    'gen_ai.tool.description': 'Makes a span.',
  })
  expect(spanNamed('run cell').attributes).toEqual({
    ...ids,
    'codecell.call.id': 'call-1',
    'codecell.cell.status': 'completed',
    'codecell.cell.cpu_ms': expect.any(Number),
    'codecell.cell.tool_calls': 1,
    'codecell.cell.tool_errors': 0,
    'codecell.cell.peak_heap_bytes': expect.any(Number),
  })
  for (const span of spans()) expect(span.status.code).toBe(SpanStatusCode.UNSET)
})

test('recordInputs and recordOutputs record them, as JSON', async () => {
  instrumented({ recordInputs: true, recordOutputs: true })
  const tools = {
    tool: tracedTool,
    upper: {
      kind: /** @type {const} */ ('freeform'),
      execute: (/** @type {string} */ text) => text.toUpperCase(),
    },
  }
  const source = 'await tools.tool({ n: 1 }); text(await tools.upper("a"))'
  const { exec } = openSession({ tools }).modelTools()
  const answer = await exec.run({ source })
  expect(spanNamed('run cell').attributes).toHaveProperty(['codecell.cell.source'], source)
  expect(spanNamed('execute_tool exec').attributes).toMatchObject({
    'gen_ai.tool.call.arguments': JSON.stringify({ source }),
    'gen_ai.tool.call.result': JSON.stringify(answer),
  })
  expect(spanNamed('execute_tool tool').attributes).toMatchObject({
    'gen_ai.tool.call.arguments': '{"n":1}',
    'gen_ai.tool.call.result': '{"n":1}',
  })
  expect(spanNamed('execute_tool upper').attributes).toMatchObject({
    'gen_ai.tool.call.arguments': 'a',
    'gen_ai.tool.call.result': 'A',
  })
})

test('a cell is one span, a child of its exec and linked from each wait, and it outlives the exec', async () => {
  instrumented()
  const tool = gate()
  const { exec, wait } = newSession({ tools: { tool } }).modelTools()
  await asAgent(async () => {
    const { cellId } = await exec.run('// @exec: {"yield_time_ms": 0}\nawait tools.tool()', {
      callId: 'call-1',
    })
    await wait.run({ cell_id: cellId, yield_time_ms: 0 }, { callId: 'call-2' })
    await until(() => tool.calls.length === 1)
    tool.calls[0]?.resolve()
    await wait.run({ cell_id: cellId }, { callId: 'call-3' })
  })
  expect(spans().map(({ name, attributes }) => [name, attributes['gen_ai.tool.call.id']])).toEqual([
    ['execute_tool exec', 'call-1'],
    ['execute_tool wait', 'call-2'],
    ['execute_tool tool', 'tool-1'],
    ['run cell', undefined],
    ['execute_tool wait', 'call-3'],
    ['agent', undefined],
  ])
  const parents = spans().map(
    ({ parentSpanContext }) => parentSpanContext && nameOf(parentSpanContext.spanId),
  )
  expect(parents).toEqual(['agent', 'agent', 'run cell', 'execute_tool exec', 'agent', undefined])
  const links = spans().map((span) => span.links.map((link) => nameOf(link.context.spanId)))
  expect(links).toEqual([[], ['run cell'], [], [], ['run cell'], []])
})

test('a wait is linked to the cell of its own session', async () => {
  instrumented()
  const sessions = [openSession(), openSession()]
  for (const session of sessions) await session.exec(`yield_control(); ${FOREVER}`)
  await sessions[0]?.modelTools().wait.run({ cell_id: '1', terminate: true })
  const [link] = spanNamed('execute_tool wait').links
  const cell = spanNamed('run cell')
  expect(link?.context.spanId).toBe(cell.spanContext().spanId)
  expect(cell.attributes['codecell.cell.status']).toBe('terminated')
  expect(cell.status.code).toBe(SpanStatusCode.UNSET)
})

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error('a trap')
    },
  },
)
test.each([
  ['an error', new TypeError('no'), 'TypeError', 'no'],
  ['an error with a code', Object.assign(new Error('no'), { code: 'ENOENT' }), 'ENOENT', 'no'],
  ['a DOMException', new DOMException('no', 'DataError'), 'DataError', 'no'],
  ['a text', 'no', '_OTHER', 'no'],
  ['null', null, '_OTHER', 'null'],
  ['undefined', undefined, '_OTHER', 'undefined'],
  ['what throws when it is looked at', hostile, '_OTHER', 'it failed'],
])('what a tool throws is recorded: %s', async (_what, thrown, type, message) => {
  instrumented({ recordOutputs: true })
  const session = openSession({ tools: { tool: { execute: () => Promise.reject(thrown) } } })
  textsOf(await session.exec('await tools.tool().catch(() => {})'))
  const span = spanNamed('execute_tool tool')
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message })
  expect(span.attributes).toHaveProperty(['error.type'], type)
  expect(span.attributes).not.toHaveProperty(['gen_ai.tool.call.result'])
  expect(span.events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': message } }])
  // The script has dealt with it.
  expect(spanNamed('run cell').status.code).toBe(SpanStatusCode.UNSET)
  expect(spanNamed('run cell').attributes).toHaveProperty(['codecell.cell.tool_errors'], 1)
})

test('a script that fails is a failed cell with its exception, and a failed exec', async () => {
  instrumented({ recordOutputs: true })
  await openSession().modelTools().exec.run('throw new RangeError("mine")')
  const cell = spanNamed('run cell')
  const exec = spanNamed('execute_tool exec')
  for (const { status, attributes } of [cell, exec]) {
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'mine' })
    expect(attributes).toHaveProperty(['error.type'], 'SCRIPT_ERROR')
  }
  expect(cell.events).toMatchObject([
    {
      name: 'exception',
      attributes: {
        'exception.type': 'RangeError',
        'exception.message': 'mine',
        'exception.stacktrace': expect.stringContaining('exec_main.mjs:1'),
      },
    },
  ])
  expect(exec.events).toEqual([])
  expect(exec.attributes).not.toHaveProperty(['gen_ai.tool.call.result'])
})

test('what a model does wrong is a failed call', async () => {
  instrumented()
  const { exec, wait } = openSession().modelTools()
  await expectFault(exec.run(''), 'INVALID_INPUT', /source text/)
  await wait.run({ cell_id: '99' })
  expect(spanNamed('execute_tool exec').attributes).toHaveProperty(['error.type'], 'INVALID_INPUT')
  expect(spanNamed('execute_tool wait').attributes).toMatchObject({
    'error.type': 'missing',
    'codecell.cell.id': '99',
  })
})

test('a call that its cell did not wait for ends as aborted, with the cell', async () => {
  instrumented()
  const session = newSession({ tools: { tool: gate() }, limits: { toolGraceMs: 0 } })
  await session.exec('tools.tool()')
  expect(spans().map(({ name }) => name)).toEqual(['execute_tool tool', 'run cell'])
  expect(spanNamed('execute_tool tool').attributes).toHaveProperty(['error.type'], 'AbortError')
})

test('modelTools: false leaves the model’s calls to the library that makes them', async () => {
  instrumented({ modelTools: false })
  const session = openSession({ tools: { tool: tracedTool } })
  const source = 'text((await tools.tool({ n: 1 })).n)'
  const model = new MockLanguageModelV4(scriptedModel(execTurn(source), 'done'))
  const tools = codeModeTools(session)
  await asAgent(() => generateText({ model, tools, stopWhen: isStepCount(3), prompt: 'x' }))
  expect(tree()).toEqual([['agent', [['run cell', [['execute_tool tool', [['inner 1', []]]]]]]]])
  expect(spanNamed('run cell').attributes).toHaveProperty(['codecell.call.id'], 'call-1')
})

test('the duration of tool calls is recorded, as the conventions name it', async () => {
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 60_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => meterProvider.shutdown())
  instrumented({ meterProvider })
  const fail = { execute: () => Promise.reject(new TypeError('no')) }
  const { exec } = openSession({ tools: { tool: tracedTool, fail } }).modelTools()
  await exec.run('await Promise.allSettled([tools.tool({ n: 1 }), tools.tool({ n: 1 }), tools.fail()])')
  await meterProvider.forceFlush()
  const [scope, ...others] = metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
  expect(others).toEqual([])
  const [metric] = scope?.metrics ?? []
  expect(metric?.descriptor).toMatchObject({ name: 'gen_ai.execute_tool.duration', unit: 's' })
  const points = new Map(
    metric?.dataPoints.map(({ attributes, value }) => [
      attributes['gen_ai.tool.name'],
      { attributes, value },
    ]),
  )
  expect([...points.keys()].sort()).toEqual(['exec', 'fail', 'tool'])
  expect(points.get('tool')).toMatchObject({
    attributes: { 'gen_ai.tool.name': 'tool', 'gen_ai.tool.type': 'function' },
    value: {
      count: 2,
      buckets: {
        boundaries: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
      },
    },
  })
  expect(points.get('fail')?.attributes).toEqual({
    'gen_ai.tool.name': 'fail',
    'gen_ai.tool.type': 'function',
    'error.type': 'TypeError',
  })
})

test('after it was undone, nothing is recorded, and what was open has ended', async () => {
  const session = openSession({ tools: { tool: tracedTool } })
  const stop = instrument()
  await session.exec(`yield_control(); ${FOREVER}`)
  expect(spans()).toEqual([])
  stop[Symbol.dispose]()
  expect(spans().map(({ name }) => name)).toEqual(['run cell'])
  await session.exec('await tools.tool({ n: 1 })')
  await session.terminate('1')
  expect(spans().map(({ name }) => name)).toEqual(['run cell', 'inner 1'])
})

test('a tracer that throws harms no cell, and is told to the log of OpenTelemetry', async () => {
  /** @type {unknown[][]} */
  const logged = []
  const note = (/** @type {unknown[]} */ ...args) => void logged.push(args)
  diag.setLogger({ error: note, warn: note, info: note, debug: note, verbose: note }, DiagLogLevel.ERROR)
  onTestFinished(() => diag.disable())
  const mine = new Error('mine')
  const startSpan = () => {
    throw mine
  }
  instrumented({ tracerProvider: { getTracer: () => /** @type {any} */ ({ startSpan }) } })
  const session = openSession({ tools: { tool: tracedTool } })
  expect(textsOf(await session.exec('text((await tools.tool({ n: 1 })).n)'))).toEqual(['1'])
  expect(logged).toEqual([
    ['codecell/otel:', mine],
    ['codecell/otel:', mine],
  ])
})

test('a wrong option is refused', () => {
  const wrong = (/** @type {any} */ options, /** @type {RegExp} */ message) =>
    expectFault(() => instrument(options), 'INVALID_ARGUMENT', message)
  return Promise.all([
    wrong(1, /instrument options must be an object/),
    wrong({ recordInput: true }, /unknown key "recordInput"/),
    wrong({ recordOutputs: 1 }, /recordOutputs must be true or false/),
    wrong({ tracerProvider: {} }, /tracerProvider.getTracer must be a function/),
    wrong({ meterProvider: metrics.getMeter('a') }, /meterProvider.getMeter must be a function/),
  ])
})

// Programs as users write them, right and wrong. They are compiled and never run.

import {
  type CellErrorCode,
  type CellResult,
  type CellStatus,
  CodecellError,
  type CodecellErrorCode,
  type ContentItem,
  type JsonValue,
  type ModelOutput,
  type ModelRunOptions,
  type ModelTool,
  parseExecSource,
  renderToolDeclaration,
  Session,
  type SessionOptions,
  schemaToTypeScript,
  type Tool,
  toolIdentifier,
  truncateContent,
  versions,
} from 'codecell'

const MIB = 1024 * 1024

const weather: Tool = {
  description: 'The weather in a city.',
  kind: 'function',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
  outputSchema: true,
  deferred: false,
  namespace: 'world',
  async execute({ city }: { city: string }, { id, cellId, name, signal }) {
    const response = await fetch(`https://weather.example/${city}`, { signal })
    return { id, cellId, name, text: await response.text() }
  },
}

const options: SessionOptions = {
  tools: {
    weather,
    shout: { kind: 'freeform', execute: (input: string) => input.toUpperCase() },
    nothing: { execute() {} },
  },
  namespaces: { world: { description: 'What goes on outside.' }, empty: {} },
  isolation: 'thread',
  limits: { heapBytes: 64 * MIB, cpuMs: 1_500, wallMs: 60_000, toolGraceMs: 0 },
  defaultYieldTimeMs: Infinity,
  maxYieldTimeMs: 30_000,
  storedValues: { count: 1, list: [null, { deep: true }] },
  console: 'off',
  typescript: 'auto',
  inspect: { port: 0, host: '::1', waitForDebugger: true, breakOnStart: false },
  onNotify: ({ cellId, callId, text }) => console.log(cellId, callId, text),
}

export async function run(source: string): Promise<string> {
  await using session = new Session(options)
  const controller = new AbortController()
  let result: CellResult = await session.exec(source, {
    yieldTimeMs: 100,
    callId: 'call-1',
    signal: controller.signal,
    yieldSignal: AbortSignal.timeout(50),
    tools: {},
  })
  while (result.status === 'running') {
    result = await session.wait(result.cellId, { yieldTimeMs: Infinity, signal: controller.signal })
  }
  const ids: string[] = session.activeCells
  const inspector: string | undefined = await session.inspectorUrl
  const values: Record<string, JsonValue> = session.storedValues()
  return `${report(result)} ${ids} ${inspector} ${JSON.stringify(values)}`
}

/** The status decides what else there is. */
function report(result: CellResult): string {
  const status: CellStatus = result.status
  switch (result.status) {
    case 'completed':
      return result.content.map(asText).join('')
    case 'failed': {
      const code: CellErrorCode = result.error.code
      const more: number | undefined = result.unhandledRejections?.length
      return `${code} ${result.error.name} ${result.error.stack ?? ''} ${result.error.line ?? 0} ${more}`
    }
    case 'running':
    case 'terminated':
      return `${status} after ${result.usage.wallMs} ms and ${result.usage.toolCalls} calls`
    case 'pending':
      return result.pendingToolCallIds.join()
    case 'missing':
      // @ts-expect-error a missing cell has no content
      return result.cellId + result.content
  }
}

function asText(item: ContentItem): string {
  if (item.type === 'text') return item.text
  return item.type === 'image' ? `${item.imageUrl} ${item.detail}` : item.audioUrl
}

export async function step(session: Session): Promise<void> {
  const first = await session.execToPending('await tools.weather({})', { callId: 'x' })
  if (first.status === 'pending') await session.waitToPending(first.cellId, {})
  await session.terminate(first.cellId)
  await session.close()
  // @ts-expect-error there is no yield time in steps
  await session.execToPending('1', { yieldTimeMs: 5 })
  // @ts-expect-error there is no yield time in steps
  await session.waitToPending('1', { yieldTimeMs: 5 })
}

export async function serve(session: Session, call: { name: string; input: unknown }): Promise<ModelOutput> {
  const { exec, wait } = session.modelTools({ declareTools: false })
  const tools: ModelTool[] = [exec, wait]
  const tool = tools.find(({ name }) => name === call.name) ?? exec
  const definition: string | undefined = tool.grammar?.definition
  const runOptions: ModelRunOptions = { callId: definition ?? 'call', yieldSignal: AbortSignal.abort() }
  try {
    return await tool.run(call.input, runOptions)
  } catch (error) {
    if (!(error instanceof CodecellError)) throw error
    const code: CodecellErrorCode = error.code
    if (code !== 'INVALID_INPUT') throw error
    return { content: [{ type: 'text', text: error.message }], success: false }
  }
}

export const texts: string[] = [
  renderToolDeclaration('weather', weather),
  renderToolDeclaration('x', {}),
  schemaToTypeScript({ type: 'string' }),
  schemaToTypeScript(false),
  toolIdentifier('a-b'),
  parseExecSource('1').code,
  versions.codecell,
  versions.v8,
]
export const parsed: { yieldTimeMs?: number; maxOutputTokens?: number } = parseExecSource('1')
export const cut: ContentItem[] = truncateContent([{ type: 'text', text: 'x' }], 10)

export function mistakes(session: Session): unknown[] {
  return [
    // @ts-expect-error a tool has a function
    new Session({ tools: { x: { description: 'x' } } }),
    // @ts-expect-error no such option
    new Session({ timeoutMs: 5 }),
    // @ts-expect-error no such limit
    new Session({ limits: { memory: 5 } }),
    // @ts-expect-error no such kind
    new Session({ tools: { x: { kind: 'text', execute() {} } } }),
    new Session({ isolation: 'process', childOptions: { cellsPerChild: 2, strict: true } }),
    // @ts-expect-error no such isolation
    new Session({ isolation: 'worker' }),
    // @ts-expect-error a function cannot be stored
    new Session({ storedValues: { f: () => 1 } }),
    // @ts-expect-error the source is text
    session.exec(5),
    // @ts-expect-error the name of the option is `signal`
    session.exec('1', { abortSignal: AbortSignal.abort() }),
    // @ts-expect-error tools are chosen when a cell starts
    session.wait('1', { tools: {} }),
    // @ts-expect-error ids are strings
    session.terminate(1),
    // @ts-expect-error it only shows
    // biome-ignore lint/suspicious/noAssignInExpressions: this is the mistake
    (session.activeCells = []),
    // @ts-expect-error the versions are what they are
    // biome-ignore lint/suspicious/noAssignInExpressions: this is the mistake
    (versions.v8 = '1'),
    // @ts-expect-error a budget is needed
    truncateContent([]),
  ]
}

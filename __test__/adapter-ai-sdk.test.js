// `codecell/ai-sdk` with the AI SDK and its mock model.

import { dynamicTool, generateText, isStepCount, jsonSchema, streamText, tool } from 'ai'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'
import { codeModeTools, DIRECT_TOOL_CALL, toolsFromAiSdk } from 'codecell/ai-sdk'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { exec, resultsIn, scriptedModel } from './support/ai-model.js'
import { deferred, openSession, textsOf } from './support/cell.js'

/** @param {Parameters<typeof scriptedModel>} turns */
function scripted(...turns) {
  return new MockLanguageModelV4(scriptedModel(...turns))
}

const add = {
  inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
  execute: (/** @type {any} */ { a, b }) => a + b,
}

test('a model calls exec, whose script calls the tools, and reads the output', async () => {
  const session = openSession({ tools: { add } })
  const model = scripted(exec('text(await tools.add({ a: 1, b: 2 }))'), 'It is 3.')
  const result = await generateText({
    model,
    tools: codeModeTools(session),
    stopWhen: isStepCount(5),
    prompt: 'add',
  })
  expect(result.text).toBe('It is 3.')
  const offered = model.doGenerateCalls[0]?.tools
  expect(offered?.map(({ name }) => name)).toEqual(['exec', 'wait'])
  const own = session.modelTools()
  expect(offered?.[0]).toMatchObject({
    description: own.exec.description,
    inputSchema: own.exec.inputSchema,
  })
  expect(resultsIn(model).at(-1)).toEqual({
    type: 'content',
    value: [
      { type: 'text', text: expect.stringMatching(/^Script completed\n/) },
      { type: 'text', text: '3' },
    ],
  })
})

test('a script that yields goes on with wait', async () => {
  const model = scripted(
    exec('text("a"); yield_control(); text("b")'),
    { tool: 'wait', input: { cell_id: '1' } },
    'done',
  )
  await generateText({
    model,
    tools: codeModeTools(openSession()),
    stopWhen: isStepCount(5),
    prompt: 'x',
  })
  expect(resultsIn(model).map(({ value }) => value[1].text)).toEqual(['a', 'b'])
})

test('pictures and sounds are files of the result', async () => {
  const model = scripted(
    exec('image("data:image/png;base64,AAAA"); audio("data:audio/wav;base64,BBBB")'),
    'seen',
  )
  await generateText({
    model,
    tools: codeModeTools(openSession()),
    stopWhen: isStepCount(5),
    prompt: 'x',
  })
  expect(resultsIn(model).at(-1).value.slice(1)).toEqual([
    { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } },
    { type: 'file', mediaType: 'audio/wav', data: { type: 'data', data: 'BBBB' } },
  ])
})

test('what the model does wrong is a result that it reads', async () => {
  const model = scripted(
    exec('null.x'),
    exec('// @exec: {"yield": 1}\ntext(1)'),
    { tool: 'wait', input: { cell_id: '99' } },
    'sorry',
  )
  await generateText({
    model,
    tools: codeModeTools(openSession()),
    stopWhen: isStepCount(5),
    prompt: 'x',
  })
  expect(resultsIn(model)).toEqual([
    { type: 'error-text', value: expect.stringContaining('TypeError') },
    { type: 'error-text', value: expect.stringContaining('yield') },
    { type: 'error-text', value: expect.stringContaining('99') },
  ])
})

test('streamText works the same', async () => {
  const call = { toolCallId: 'call-1', toolName: 'exec', input: JSON.stringify({ source: 'text(6 * 7)' }) }
  const first = { type: 'stream-start', warnings: [] }
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } }
  const chunks = [
    [first, { type: 'tool-call', ...call }],
    [
      first,
      { type: 'text-start', id: '1' },
      { type: 'text-delta', id: '1', delta: '42' },
      { type: 'text-end', id: '1' },
    ],
  ]
  const model = new MockLanguageModelV4({
    doStream: async () => {
      const parts = /** @type {any[]} */ (chunks.shift())
      const unified = chunks.length > 0 ? 'tool-calls' : 'stop'
      const finish = { type: 'finish', finishReason: { unified, raw: undefined }, usage }
      return { stream: convertArrayToReadableStream([...parts, finish]) }
    },
  })
  const result = streamText({
    model,
    tools: codeModeTools(openSession()),
    stopWhen: isStepCount(5),
    prompt: 'x',
  })
  expect(await result.text).toBe('42')
  const [step] = await result.steps
  expect(step?.toolResults[0]?.output).toMatchObject({ success: true, content: [{}, { text: '42' }] })
})

test('aborting the generation terminates the cell', async () => {
  const session = openSession()
  const controller = new AbortController()
  const started = deferred()
  const tools = { started: { execute: () => started.resolve() } }
  const running = generateText({
    model: scripted(exec('await tools.started({}); while (true) {}')),
    tools: codeModeTools(session, { tools }),
    stopWhen: isStepCount(5),
    prompt: 'x',
    abortSignal: controller.signal,
  })
  await started.promise
  controller.abort(new Error('enough'))
  await expect(running).rejects.toThrow('enough')
  await expect.poll(() => session.activeCells).toEqual([])
})

const search = tool({
  description: 'Finds pages.',
  inputSchema: z.object({ query: z.string(), limit: z.number().default(2) }),
  outputSchema: z.object({ pages: z.array(z.string()) }),
  execute: async ({ query, limit }) => ({ pages: Array.from({ length: limit }, (_, n) => `${query} ${n}`) }),
})

test('experimental_toolCallers gives tools of the AI SDK to scripts, and hides them from the model', async () => {
  const model = scripted(exec('text((await tools.search({ query: "a" })).pages)'), 'done')
  await generateText({
    model,
    tools: { ...codeModeTools(openSession()), search, ping: search },
    experimental_toolCallers: { search: ['exec'], ping: ['exec', DIRECT_TOOL_CALL] },
    stopWhen: isStepCount(5),
    prompt: 'x',
  })
  const offered = model.doGenerateCalls[0]?.tools
  expect(offered?.map(({ name }) => name)).toEqual(['exec', 'wait', 'ping'])
  expect(/** @type {any} */ (offered)[0].description).toContain(
    'search(args: { limit?: number; query: string; }): Promise<{ pages: Array<string>; }>',
  )
  expect(resultsIn(model).at(-1).value[1].text).toBe('["a 0","a 1"]')
})

test('toolsFromAiSdk: input is validated, defaults are filled in, and the call tells who asks', async () => {
  /** @type {any} */
  let seen
  const tools = toolsFromAiSdk(
    {
      search,
      facts: dynamicTool({
        inputSchema: jsonSchema({ type: 'object' }),
        execute: async (_, options) => {
          seen = options
          return null
        },
      }),
    },
    { context: { user: 'ada' } },
  )
  const session = openSession({ tools })
  const result = await session.exec(`
    text((await tools.search({ query: 'a' })).pages)
    try { await tools.search({ query: 5 }) } catch (error) { text(error.message) }
    await tools.facts({})`)
  const [found, refused] = textsOf(result)
  expect(found).toBe('["a 0","a 1"]')
  expect(refused).toMatch(/^the input of tool `search` is not valid: .*expected string/s)
  expect(seen).toMatchObject({ toolCallId: 'cell-1-tool-3', messages: [], context: { user: 'ada' } })
  expect(seen.abortSignal).toBeInstanceOf(AbortSignal)
})

test('toolsFromAiSdk: of a result in steps the last one counts', async () => {
  const steps = tool({
    inputSchema: z.object({}),
    async *execute() {
      yield 'loading'
      yield 'ready'
    },
  })
  const session = openSession({ tools: toolsFromAiSdk({ steps }) })
  expect(textsOf(await session.exec('text(await tools.steps({}))'))).toEqual(['ready'])
})

test('toolsFromAiSdk: approve decides on calls that need approval', async () => {
  const remove = tool({
    inputSchema: z.object({ path: z.string() }),
    needsApproval: ({ path }) => path.startsWith('/etc'),
    execute: async ({ path }) => `removed ${path}`,
  })
  expect(() => toolsFromAiSdk({ remove })).toThrow('tools.remove needs approval: give `approve`')
  /** @type {unknown[]} */
  const asked = []
  const tools = toolsFromAiSdk(
    { remove },
    {
      approve: ({ toolName, input }) => {
        asked.push([toolName, input])
        return false
      },
    },
  )
  const result = await openSession({ tools }).exec(`
    text(await tools.remove({ path: '/tmp/a' }))
    try { await tools.remove({ path: '/etc/passwd' }) } catch (error) { text(error.message) }`)
  expect(textsOf(result)).toEqual(['removed /tmp/a', 'the call of `remove` was not approved'])
  expect(asked).toEqual([['remove', { path: '/etc/passwd' }]])
})

test('toolsFromAiSdk: what no script can call is named', () => {
  const client = tool({ inputSchema: z.object({}) })
  expect(() => toolsFromAiSdk({ client })).toThrow('tools.client has no execute')
  const late = tool({
    inputSchema: jsonSchema(async () => ({ type: 'object' })),
    execute: () => 1,
  })
  expect(() => toolsFromAiSdk({ late })).toThrow('tools.late.inputSchema tells its JSON schema as a promise')
})

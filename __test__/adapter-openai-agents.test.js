// `codecell/openai-agents` with the Agents SDK, and a model that does what it was told to.

import { Agent, computerTool, Runner, tool } from '@openai/agents'
import { codeModeTools, toolsFromOpenAIAgents } from 'codecell/openai-agents'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { exec } from './support/ai-model.js'
import { deferred, openSession, textsOf } from './support/cell.js'

/**
 * A model of the SDK's own interface.
 *
 * @param {({ tool: string, input: unknown } | string)[]} turns
 */
function scripted(...turns) {
  /** @type {any[]} */
  const requests = []
  const usage = { requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 }
  const model = {
    getResponse: async (/** @type {any} */ request) => {
      requests.push(request)
      const turn = turns.shift() ?? 'nothing more'
      return { usage, output: [outputOf(turn, requests.length)] }
    },
    getStreamedResponse: () => {
      throw new Error('not streamed here')
    },
  }
  return { requests, model: /** @type {any} */ (model) }
}

/**
 * @param {{ tool: string, input: unknown } | string} turn
 * @param {number} number
 */
function outputOf(turn, number) {
  if (typeof turn === 'string') {
    return {
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: turn }],
    }
  }
  return {
    type: 'function_call',
    callId: `call-${number}`,
    name: turn.tool,
    status: 'completed',
    arguments: JSON.stringify(turn.input),
  }
}

const runner = new Runner({ tracingDisabled: true })

/**
 * Runs an agent with exec and wait. Gives what it said, and the requests that its model got.
 *
 * @param {import('codecell').Session} session
 * @param {Parameters<typeof scripted>} turns
 */
async function run(session, ...turns) {
  const { model, requests } = scripted(...turns)
  const agent = new Agent({ name: 'coder', model, tools: codeModeTools(session) })
  const { finalOutput } = await runner.run(agent, 'go')
  return { finalOutput, requests, results: resultsIn(requests.at(-1)) }
}

/** @param {any} request */
function resultsIn({ input }) {
  return input
    .filter((/** @type {any} */ { type }) => type === 'function_call_result')
    .map((/** @type {any} */ { output }) => output)
}

const add = { execute: (/** @type {any} */ { a, b }) => a + b }

test('an agent calls exec, whose script calls the tools, and goes on with wait', async () => {
  const session = openSession({ tools: { add } })
  const { finalOutput, requests, results } = await run(
    session,
    exec('text(await tools.add({ a: 1, b: 2 })); yield_control(); text("more")'),
    { tool: 'wait', input: { cell_id: '1' } },
    'It is 3.',
  )
  expect(finalOutput).toBe('It is 3.')
  const own = session.modelTools()
  expect(requests[0].tools).toMatchObject([
    { type: 'function', name: 'exec', description: own.exec.description, parameters: own.exec.inputSchema },
    { type: 'function', name: 'wait', description: own.wait.description, parameters: own.wait.inputSchema },
  ])
  expect(results.map((/** @type {any} */ output) => output[1].text)).toEqual(['3', 'more'])
})

test('pictures are images, and sounds are files', async () => {
  const { results } = await run(
    openSession(),
    exec('image("data:image/png;base64,AAAA", "low"); audio("data:audio/x-wav;base64,BBBB")'),
    'seen',
  )
  expect(results[0].slice(1)).toEqual([
    { type: 'input_image', image: 'data:image/png;base64,AAAA', detail: 'low' },
    { type: 'input_file', file: 'data:audio/x-wav;base64,BBBB', filename: 'audio.wav' },
  ])
})

test('what the model does wrong is a result that it reads', async () => {
  const { results } = await run(openSession(), exec('null.x'), { tool: 'wait', input: {} }, 'sorry')
  expect(results[0].at(-1).text).toContain('TypeError')
  expect(results[1]).toMatchObject([{ text: 'failed to parse function arguments: `cell_id` is missing' }])
})

test('aborting the run terminates the cell', async () => {
  const started = deferred()
  const session = openSession({ tools: { started: { execute: () => started.resolve() } } })
  const { model } = scripted(exec('await tools.started({}); while (true) {}'))
  const agent = new Agent({ name: 'coder', model, tools: codeModeTools(session) })
  const controller = new AbortController()
  const running = runner.run(agent, 'go', { signal: controller.signal })
  const settled = running.then(
    () => 'done',
    () => 'aborted',
  )
  await started.promise
  controller.abort()
  expect(await settled).toBe('aborted')
  await expect.poll(() => session.activeCells).toEqual([])
})

test('toolsFromOpenAIAgents: schemas are declared, input is validated, the context is there', async () => {
  const greet = tool({
    name: 'greet',
    description: 'Greets.',
    parameters: z.object({ name: z.string() }),
    errorFunction: null,
    execute: ({ name }, context) => ({ said: `${/** @type {any} */ (context)?.context.word}, ${name}` }),
  })
  const session = openSession({ tools: toolsFromOpenAIAgents([greet], { context: { word: 'Hello' } }) })
  expect(session.modelTools().exec.description).toContain('greet(args: { name: string; }): Promise<unknown>')
  const result = await session.exec(`
    text(await tools.greet({ name: 'Ada' }))
    try { await tools.greet({ name: 5 }) } catch (error) { text(error.name) }`)
  expect(textsOf(result)).toEqual(['{"said":"Hello, Ada"}', 'ToolError'])
})

test('toolsFromOpenAIAgents: approve decides on calls that need approval', async () => {
  const remove = tool({
    name: 'remove',
    description: 'Removes.',
    parameters: z.object({ path: z.string() }),
    needsApproval: async (_, { path }) => path.startsWith('/etc'),
    execute: ({ path }) => `removed ${path}`,
  })
  const source = `
    text(await tools.remove({ path: '/tmp/a' }))
    try { text(await tools.remove({ path: '/etc/passwd' })) } catch (error) { text(error.message) }`
  const texts = async (/** @type {any} */ options) =>
    textsOf(await openSession({ tools: toolsFromOpenAIAgents([remove], options) }).exec(source))
  expect(await texts(undefined)).toEqual([
    'removed /tmp/a',
    '`remove` needs approval, and nobody can give it',
  ])
  expect(await texts({ approve: () => false })).toEqual([
    'removed /tmp/a',
    'the call of `remove` was not approved',
  ])
  expect(await texts({ approve: () => true })).toEqual(['removed /tmp/a', 'removed /etc/passwd'])
})

test('toolsFromOpenAIAgents: what is no function tool is refused', () => {
  const computer = computerTool({ computer: /** @type {any} */ ({}) })
  expect(() => toolsFromOpenAIAgents([/** @type {any} */ (computer)])).toThrow(
    'tools[0] is a computer tool: scripts can only call function tools',
  )
})

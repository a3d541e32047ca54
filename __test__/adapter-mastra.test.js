// `codecell/mastra` with Mastra's own agents and tools, and the mock model of the AI SDK, which is what they take.

import { Agent } from '@mastra/core/agent'
import { createTool } from '@mastra/core/tools'
import { MockLanguageModelV3 } from 'ai/test'
import { codeModeTools, toolsFromMastra } from 'codecell/mastra'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { exec, resultsIn, scriptedModel } from './support/ai-model.js'
import { deferred, openSession, textsOf } from './support/cell.js'

/** @param {Parameters<typeof scriptedModel>} turns */
function scripted(...turns) {
  return new MockLanguageModelV3(scriptedModel(...turns))
}

/**
 * @param {import('codecell').Session} session
 * @param {any} model
 */
function agentOf(session, model) {
  return new Agent({
    id: 'coder',
    name: 'coder',
    instructions: 'Write code.',
    model,
    tools: codeModeTools(session),
  })
}

const add = { execute: (/** @type {any} */ { a, b }) => a + b }

test('an agent calls exec, whose script calls the tools, and goes on with wait', async () => {
  const session = openSession({ tools: { add } })
  const model = scripted(
    exec('text(await tools.add({ a: 1, b: 2 })); yield_control(); text("more")'),
    { tool: 'wait', input: { cell_id: '1' } },
    'It is 3.',
  )
  const { text } = await agentOf(session, model).generate('go', { maxSteps: 5 })
  expect(text).toBe('It is 3.')
  const own = session.modelTools()
  const offered = /** @type {any[]} */ (model.doGenerateCalls[0]?.tools)
  expect(offered.map(({ name }) => name)).toEqual(['exec', 'wait'])
  expect(offered[0].description).toBe(own.exec.description)
  expect(offered[0].inputSchema.properties.source).toMatchObject({ type: 'string' })
  expect(resultsIn(model).map(({ value }) => value[1])).toEqual([
    { type: 'text', text: '3' },
    { type: 'text', text: 'more' },
  ])
})

test('pictures and sounds reach the model', async () => {
  const model = scripted(
    exec('image("data:image/png;base64,AAAA"); audio("data:audio/wav;base64,BBBB")'),
    'seen',
  )
  await agentOf(openSession(), model).generate('go', { maxSteps: 5 })
  const [{ type, value }] = resultsIn(model)
  expect(type).toBe('content')
  expect(value.slice(1)).toMatchObject([
    { mediaType: 'image/png', data: 'AAAA' },
    { mediaType: 'audio/wav', data: 'BBBB' },
  ])
})

test('what the model does wrong is a result that it reads', async () => {
  const model = scripted(exec('null.x'), { tool: 'wait', input: { cell_id: '99' } }, 'sorry')
  await agentOf(openSession(), model).generate('go', { maxSteps: 5 })
  const [failed, missing] = resultsIn(model)
  expect(failed).toMatchObject({ type: 'error-text', value: expect.stringContaining('TypeError') })
  expect(missing).toMatchObject({ type: 'error-text', value: expect.stringContaining('99') })
})

test('aborting the generation terminates the cell', async () => {
  const started = deferred()
  const session = openSession({ tools: { started: { execute: () => started.resolve() } } })
  const controller = new AbortController()
  const model = scripted(exec('await tools.started({}); while (true) {}'))
  const running = agentOf(session, model).generate('go', {
    maxSteps: 5,
    abortSignal: controller.signal,
  })
  const settled = running.catch(() => {})
  await started.promise
  controller.abort()
  await settled
  await expect.poll(() => session.activeCells).toEqual([])
})

test('toolsFromMastra: schemas are declared, input is validated, the context is there', async () => {
  const greet = createTool({
    id: 'greet',
    description: 'Greets.',
    inputSchema: z.object({ name: z.string(), word: z.string().default('Hello') }),
    outputSchema: z.object({ said: z.string() }),
    execute: async ({ name, word }, context) => ({
      said: `${word}, ${name}${/** @type {any} */ (context).abortSignal.aborted ? '' : '!'}`,
    }),
  })
  const session = openSession({ tools: toolsFromMastra({ greet }) })
  expect(session.modelTools().exec.description).toContain(
    'greet(args: { name: string; word?: string; }): Promise<{ said: string; }>',
  )
  const result = await session.exec(`
    text(await tools.greet({ name: 'Ada' }))
    try { await tools.greet({ name: 5 }) } catch (error) { text(error.message) }`)
  const [greeting, refused] = textsOf(result)
  expect(greeting).toBe('{"said":"Hello, Ada!"}')
  expect(refused).toContain('Tool input validation failed for greet')
})

test('toolsFromMastra: what no script can call is refused', () => {
  const bare = createTool({ id: 'bare', description: 'Bare.' })
  expect(() => toolsFromMastra({ bare })).toThrow('tools.bare has no execute')
  const risky = createTool({
    id: 'risky',
    description: 'Risky.',
    requireApproval: true,
    execute: async () => 1,
  })
  expect(() => toolsFromMastra({ risky })).toThrow('tools.risky requires approval')
})

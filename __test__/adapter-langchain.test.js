// `codecell/langchain` with LangChain's core and its fake model.

import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { fakeModel } from '@langchain/core/testing'
import { tool } from '@langchain/core/tools'
import { codeModeTools, toolsFromLangChain } from 'codecell/langchain'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { deferred, openSession, textsOf } from './support/cell.js'

/** @param {string} source */
const exec = (source) => ({ name: 'exec', args: { source } })

/**
 * The loop of an agent: the model is asked until it calls no more tools.
 *
 * @param {import('codecell').Session} session
 * @param {({ name: string, args: Record<string, any> } | string)[]} turns
 */
async function converse(session, ...turns) {
  const fake = fakeModel()
  for (const [index, turn] of turns.entries()) {
    if (typeof turn === 'string') fake.respond(new AIMessage(turn))
    else fake.respondWithTools([{ ...turn, id: `call-${index}` }])
  }
  const tools = codeModeTools(session)
  const model = fake.bindTools(tools)
  /** @type {any[]} */
  const messages = [new HumanMessage('go')]
  for (;;) {
    const message = /** @type {AIMessage} */ (await model.invoke(messages))
    messages.push(message)
    const [call] = message.tool_calls ?? []
    if (call === undefined)
      return { answer: message.text, results: messages.filter((one) => one.type === 'tool') }
    const called = tools.find(({ name }) => name === call.name)
    messages.push(await called?.invoke(/** @type {any} */ ({ ...call, type: 'tool_call' })))
  }
}

const add = { execute: (/** @type {any} */ { a, b }) => a + b }

test('a model calls exec, whose script calls the tools, and goes on with wait', async () => {
  const { answer, results } = await converse(
    openSession({ tools: { add } }),
    exec('text(await tools.add({ a: 1, b: 2 })); yield_control(); text("more")'),
    { name: 'wait', args: { cell_id: '1' } },
    'It is 3.',
  )
  expect(answer).toBe('It is 3.')
  expect(results.map(({ content }) => content[1])).toEqual([
    { type: 'text', text: '3' },
    { type: 'text', text: 'more' },
  ])
  expect(results[0]).toMatchObject({
    tool_call_id: 'call-0',
    status: 'success',
    artifact: { success: true, cellId: '1' },
  })
})

test('the tools have the descriptions and schemas of the session', () => {
  const session = openSession({ tools: { add } })
  const own = session.modelTools()
  const [first, second] = codeModeTools(session)
  expect(first).toMatchObject({
    name: 'exec',
    description: own.exec.description,
    schema: own.exec.inputSchema,
  })
  expect(second).toMatchObject({
    name: 'wait',
    description: own.wait.description,
    schema: own.wait.inputSchema,
  })
})

test('pictures and sounds are content blocks', async () => {
  const { results } = await converse(
    openSession(),
    exec('image("data:image/png;base64,AAAA"); audio("data:audio/wav;base64,BBBB")'),
    'seen',
  )
  expect(results[0].content.slice(1)).toEqual([
    { type: 'image', mimeType: 'image/png', data: 'AAAA' },
    { type: 'audio', mimeType: 'audio/wav', data: 'BBBB' },
  ])
})

test('what the model does wrong is a message with the status error', async () => {
  const { results } = await converse(
    openSession(),
    exec('null.x'),
    { name: 'wait', args: { cell_id: '99' } },
    'sorry',
  )
  expect(results).toMatchObject([
    { status: 'error', tool_call_id: 'call-0', artifact: { success: false } },
    { status: 'error', tool_call_id: 'call-1' },
  ])
  expect(results[0].content.at(-1).text).toContain('TypeError')
})

test('aborting the call terminates the cell', async () => {
  const started = deferred()
  const session = openSession({ tools: { started: { execute: () => started.resolve() } } })
  const controller = new AbortController()
  const running = codeModeTools(session)[0]?.invoke(
    { source: 'await tools.started({}); while (true) {}' },
    { signal: controller.signal },
  )
  await started.promise
  controller.abort()
  await expect(running).rejects.toThrow()
  await expect.poll(() => session.activeCells).toEqual([])
})

test('toolsFromLangChain: schemas are declared, input is validated, the signal is that of the call', async () => {
  /** @type {AbortSignal | undefined} */
  let signal
  const greet = tool(
    ({ name }, config) => {
      signal = config.signal
      return `${config.configurable?.word}, ${name}`
    },
    { name: 'greet', description: 'Greets.', schema: z.object({ name: z.string() }) },
  )
  const plain = tool((/** @type {any} */ input) => Object.keys(input), {
    name: 'plain',
    schema: { type: 'object', properties: { a: { type: 'number' } } },
  })
  const tools = toolsFromLangChain([greet, plain], { config: { configurable: { word: 'Hello' } } })
  const session = openSession({ tools })
  const { description } = session.modelTools().exec
  expect(description).toContain('greet(args: { name: string; }): Promise<unknown>')
  expect(description).toContain('plain(args: { a?: number; }): Promise<unknown>')
  const result = await session.exec(`
    text(await tools.greet({ name: 'Ada' }))
    text(await tools.plain({ a: 1 }))
    try { await tools.greet({ name: 5 }) } catch (error) { text(error.message) }`)
  const [greeting, keys, refused] = textsOf(result)
  expect([greeting, keys]).toEqual(['Hello, Ada', '["a"]'])
  expect(refused).toContain('did not match expected schema')
  expect(signal?.aborted).toBe(false)
})

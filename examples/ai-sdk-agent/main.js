// An agent of the AI SDK that answers a question about orders with one script instead of one call for each order. Its
// model is scripted, so that it runs anywhere; put a real one in its place. Run it with:
// node examples/ai-sdk-agent/main.js

import { isStepCount, ToolLoopAgent, tool } from 'ai'
import { Session } from 'codecell'
import { codeModeTools } from 'codecell/ai-sdk'
import * as z from 'zod'
import { scriptedModel } from './scripted-model.js'

const ORDERS = Array.from({ length: 40 }, (_, index) => ({
  id: index + 1,
  customer: ['Ada', 'Grace', 'Edsger'][index % 3] ?? 'Ada',
  cents: 500 + ((index * 7919) % 4_000),
}))
let calls = 0

const listOrders = tool({
  description: 'The numbers of all orders.',
  inputSchema: z.object({}),
  outputSchema: z.array(z.number()),
  execute: async () => ORDERS.map(({ id }) => id),
})

const getOrder = tool({
  description: 'One order.',
  inputSchema: z.object({ id: z.number().int() }),
  outputSchema: z.object({ id: z.number(), customer: z.string(), cents: z.number() }),
  async execute({ id }, { abortSignal }) {
    abortSignal?.throwIfAborted()
    calls += 1
    const order = ORDERS.find((one) => one.id === id)
    if (order === undefined) throw new Error(`there is no order ${id}`)
    return order
  },
})

const session = new Session({ limits: { cpuMs: 5_000, wallMs: 60_000 } })
const agent = new ToolLoopAgent({
  model: scriptedModel(),
  instructions: 'You answer questions about orders.',
  tools: { ...codeModeTools(session), listOrders, getOrder },
  // Only scripts may call them: the model sees exec and wait.
  experimental_toolCallers: { listOrders: ['exec'], getOrder: ['exec'] },
  stopWhen: isStepCount(10),
})

const question = 'Which customer spent the most?'
console.log(`user: ${question}`)
const { text, steps } = await agent.generate({ prompt: question })
for (const { toolCalls, toolResults } of steps) {
  for (const call of toolCalls) console.log(`model calls ${call.toolName}: ${JSON.stringify(call.input)}`)
  for (const { output } of toolResults) {
    const { content } = /** @type {import('codecell').ModelOutput} */ (output)
    console.log(`model reads: ${JSON.stringify(content.slice(1).map((item) => 'text' in item && item.text))}`)
  }
}
console.log(`model: ${text}`)
console.log(`${steps.length} turns of the model, ${calls} orders read`)
await session.close()

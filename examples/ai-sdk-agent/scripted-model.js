// Stands for a model. It does what a model would do, turn by turn: it makes a mistake in its first script, reads the
// error, does better, and answers with what it read.

import { MockLanguageModelV4 } from 'ai/test'

const FIRST = `const orders = await Promise.all((await tools.listOrders({})).map((id) => tools.getOrder(id)))
text(orders.length)`

const SECOND = `const ids = await tools.listOrders({})
const orders = await Promise.all(ids.map((id) => tools.getOrder({ id })))
const spent = Object.groupBy(orders, ({ customer }) => customer)
const totals = Object.entries(spent).map(([customer, own]) => ({
  customer,
  cents: own.reduce((sum, { cents }) => sum + cents, 0),
}))
text(totals.sort((a, b) => b.cents - a.cents)[0])`

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}

export function scriptedModel() {
  let turn = 0
  return new MockLanguageModelV4({
    doGenerate: async ({ prompt }) => {
      turn += 1
      if (turn <= 2) return callOfExec(turn === 1 ? FIRST : SECOND, turn)
      return answer(winnerIn(prompt))
    },
  })
}

/**
 * @param {string} source
 * @param {number} turn
 */
function callOfExec(source, turn) {
  const call = { toolCallId: `call-${turn}`, toolName: 'exec', input: JSON.stringify({ source }) }
  return reply({ type: 'tool-call', ...call }, 'tool-calls')
}

/** @param {{ customer: string, cents: number }} winner */
function answer({ customer, cents }) {
  return reply({ type: 'text', text: `${customer}, with ${cents / 100} euros.` }, 'stop')
}

/**
 * @param {object} part
 * @param {'stop' | 'tool-calls'} unified
 */
function reply(part, unified) {
  return /** @type {any} */ ({
    content: [part],
    finishReason: { unified, raw: undefined },
    usage,
    warnings: [],
  })
}

/**
 * The last text that the model has read.
 *
 * @param {any[]} prompt
 */
function winnerIn(prompt) {
  return JSON.parse(prompt.at(-1).content[0].output.value.at(-1).text)
}

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}

/** @typedef {{ tool: string, input: object } | string} Turn a call of a tool, or the answer */

/**
 * What one of the AI SDK's mock models needs to do as it was told, turn by turn.
 *
 * @param {Turn[]} turns
 * @returns {any}
 */
export function scriptedModel(...turns) {
  let number = 0
  return {
    doGenerate: async () => {
      const turn = turns[number++] ?? 'nothing more'
      const unified = typeof turn === 'string' ? 'stop' : 'tool-calls'
      const content = [partOf(turn, number)]
      return { content, finishReason: { unified, raw: undefined }, usage, warnings: [] }
    },
  }
}

/**
 * @param {Turn} turn
 * @param {number} number
 */
function partOf(turn, number) {
  if (typeof turn === 'string') return { type: 'text', text: turn }
  const { tool, input } = turn
  return { type: 'tool-call', toolCallId: `call-${number}`, toolName: tool, input: JSON.stringify(input) }
}

/**
 * The outputs that a model has read as the results of its calls.
 *
 * @param {{ doGenerateCalls: { prompt: any[] }[] }} model
 * @returns {any[]}
 */
export function resultsIn({ doGenerateCalls }) {
  const prompt = doGenerateCalls.at(-1)?.prompt ?? []
  return prompt.flatMap(({ role, content }) =>
    role === 'tool' ? content.map((/** @type {any} */ { output }) => output) : [],
  )
}

/**
 * A turn that calls exec.
 *
 * @param {string} source
 */
export function exec(source) {
  return { tool: 'exec', input: { source } }
}

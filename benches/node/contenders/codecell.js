import { Session } from '../../../js/index.js'

export const name = 'codecell'
export const how = 'one session; a cell per script'
export const cannot = {}

/**
 * @param {Record<string, (input: any) => unknown>} tools
 * @param {import('codecell').SessionOptions} [options]
 */
export async function open(tools, options) {
  const session = new Session({
    tools: Object.fromEntries(Object.entries(tools).map(([key, execute]) => [key, { execute }])),
    limits: { activeCells: 4_096 },
    defaultYieldTimeMs: 600_000,
    ...options,
  })
  return {
    async run({ body, result }, options) {
      const answer = await session.exec(`${body}\ntext(${result})`, options)
      if (answer.status !== 'completed') throw new Error(`${answer.status}: ${answer.error?.message}`)
      return answer.content[0].text
    },
    close: () => session.close(),
  }
}

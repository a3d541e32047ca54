import { setTimeout as sleep } from 'node:timers/promises'
import { alternate, median, quantile } from './measure.js'

const BUDGET_MS = { full: 6_000, quick: 3_000 }

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {string} unit
 * @property {Record<string, { median: number, p95: number, samples: number } | { reason: string }>} results
 *   By contender.
 * @property {Record<string, number[]>} samples By contender, one for each round.
 */

/**
 * Measures one scenario with every contender that can do it.
 *
 * @param {import('./scenarios/index.js').Scenario} scenario
 * @param {import('./contenders/index.js').Contender[]} contenders
 * @param {{ quick: boolean, rounds?: number }} options
 * @returns {Promise<Row>}
 */
export async function runScenario(scenario, contenders, { quick, rounds }) {
  const { id, title, unit } = scenario
  const results = {}
  const contestants = []
  for (const contender of contenders) {
    const reason = contender.cannot[scenario.needs ?? 'exec']
    if (reason !== undefined) {
      results[contender.name] = { reason }
      continue
    }
    const state = {}
    try {
      const cells = scenario.inChild ? undefined : await contender.open(scenario.tools?.(state) ?? {})
      contestants.push({ contender, cells, state })
    } catch (error) {
      results[contender.name] = { reason: `does not load: ${oneLine(error)}` }
    }
  }

  const taken = await alternate(
    contestants,
    async ({ contender, cells, state }) => {
      if (cells === undefined) return scenario.inChild(contender, quick)
      const value = await scenario.sample(cells, state, quick)
      await cells.idle?.()
      return value
    },
    {
      rounds: rounds ?? (quick ? (scenario.quickRounds ?? 7) : (scenario.rounds ?? 30)),
      warmup: scenario.warmup ?? 2,
      budgetMs: quick ? BUDGET_MS.quick : BUDGET_MS.full,
    },
  )
  const samples = {}
  for (const [{ contender, cells }, values] of taken) {
    if (values instanceof Error) results[contender.name] = { reason: `failed: ${oneLine(values)}` }
    else {
      samples[contender.name] = values
      results[contender.name] = {
        median: median(values),
        p95: quantile(values, unit === 'cells/s' ? 0.05 : 0.95), // the bad end
        samples: values.length,
      }
    }
    await cells?.close()
  }
  globalThis.gc?.()
  await sleep(20)
  return { id, title, unit, results, samples }
}

function oneLine(error) {
  return String(error.message ?? error)
    .split('\n')[0]
    .slice(0, 200)
}

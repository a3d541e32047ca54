/**
 * Samples of every contestant, taken in turns: what else the machine does then hits all of them alike. The first of
 * a round is another one each time.
 *
 * @template T
 * @param {T[]} contestants
 * @param {(contestant: T) => Promise<number>} sample
 * @param {{ rounds: number, warmup: number, budgetMs: number }} effort The rounds end early when the budget is spent,
 *   but not before three.
 * @returns {Promise<Map<T, number[] | Error>>} The error of a contestant that failed ends its part.
 */
export async function alternate(contestants, sample, { rounds, warmup, budgetMs }) {
  const samples = new Map(contestants.map((contestant) => [contestant, []]))
  let deadline = Number.POSITIVE_INFINITY
  for (let round = -warmup; round < rounds; round++) {
    if (round === 0) deadline = performance.now() + budgetMs
    if (round >= 3 && performance.now() > deadline) break
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round + warmup) % contestants.length]
      const list = samples.get(contestant)
      if (list instanceof Error) continue
      try {
        const value = await sample(contestant)
        if (round >= 0) list.push(value)
      } catch (error) {
        samples.set(contestant, error instanceof Error ? error : new Error(String(error)))
      }
    }
  }
  return samples
}

/** @param {number[]} values @param {number} share between 0 and 1 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = Math.floor(place)
  const above = Math.ceil(place)
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below)
}

/** @param {number[]} values */
export const median = (values) => quantile(values, 0.5)

/** @param {() => Promise<unknown>} work @returns {Promise<number>} milliseconds */
export async function timed(work) {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Runs a script and sees that it did what it should: a bench of failures is quick and worthless. */
export async function runExpecting(cells, script, expected, options) {
  const actual = await cells.run(script, options)
  if (actual !== expected) throw new Error(`the script answered ${actual} instead of ${expected}`)
}

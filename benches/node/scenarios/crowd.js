import { runExpecting, timed } from '../measure.js'
import { TRIVIAL } from './exec.js'

const ONE_CALL = { body: 'const { value } = await tools.echo({ value: 42 })', result: 'value' }

/** All are started together, and each calls one tool; the time until the last has answered. */
export const atOnce = [
  { count: 1, rounds: 40, quickRounds: 7 },
  { count: 16, rounds: 20, quickRounds: 5 },
  { count: 64, rounds: 7, quickRounds: 0, warmup: 1 },
  { count: 256, rounds: 4, quickRounds: 0, warmup: 1 },
].map(({ count, ...effort }) => ({
  id: `at-once-${count}`,
  title: count === 1 ? '1 cell with one tool call' : `${count} cells at once, one tool call each`,
  unit: 'ms',
  needs: `cells${count}`,
  ...effort,
  tools: () => ({ echo: (input) => input }),
  sample: (cells) =>
    timed(() => Promise.all(Array.from({ length: count }, () => runExpecting(cells, ONE_CALL, '42')))),
}))

/** Trivial scripts for a while, the ending of the last ones included. */
export const throughput = [1, 8].map((lanes) => ({
  id: `throughput-${lanes}`,
  title: lanes === 1 ? 'cells per second, one after the other' : `cells per second, ${lanes} at once`,
  unit: 'cells/s',
  rounds: 5,
  quickRounds: 3,
  warmup: 1,
  async sample(cells, _state, quick) {
    const end = performance.now() + (quick ? 200 : 700)
    let count = 0
    async function lane() {
      do {
        await runExpecting(cells, TRIVIAL, '42')
        count++
      } while (performance.now() < end)
    }
    const ms = await timed(async () => {
      await Promise.all(Array.from({ length: lanes }, lane))
      await cells.idle?.()
    })
    return (count / ms) * 1_000
  },
}))

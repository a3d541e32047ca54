import { runExpecting, timed } from '../measure.js'

export const TRIVIAL = { body: 'const answer = 6 * 7', result: 'answer' }

const ROUND_TRIPS = 200
const SEQUENTIAL = {
  body: `let sum = 0
    for (let value = 0; value < ${ROUND_TRIPS}; value++) sum += (await tools.echo({ value })).value`,
  result: 'sum',
  calls: ROUND_TRIPS, // for the baseline, which takes no script
}

/** The sum of 0 to count - 1, as text. */
const sumBelow = (count) => String((count * (count - 1)) / 2)

export const exec = [
  {
    id: 'exec-trivial',
    title: 'exec of a trivial script',
    unit: 'ms',
    rounds: 100,
    quickRounds: 20,
    warmup: 10,
    sample: (cells) => timed(() => runExpecting(cells, TRIVIAL, '42')),
  },
  ...[1, 10, 100].map((count) => ({
    id: `exec-parallel-${count}`,
    title: `exec with ${count === 1 ? '1 tool call' : `${count} parallel tool calls`}`,
    unit: 'ms',
    rounds: 60,
    quickRounds: 10,
    warmup: 5,
    tools: () => ({ echo: (input) => input }),
    sample: (cells) => timed(() => runExpecting(cells, parallel(count), sumBelow(count))),
  })),
]

function parallel(count) {
  return {
    body: `const calls = Array.from({ length: ${count} }, (_, value) => tools.echo({ value }))
      const values = (await Promise.all(calls)).map(({ value }) => value)`,
    result: 'values.reduce((sum, value) => sum + value)',
  }
}

/** From the first call to the last, as the host sees them, so that the start of the script does not count. */
export const roundTrip = {
  id: 'round-trip',
  title: 'one tool round trip (of 200 in sequence)',
  unit: 'µs',
  needs: 'roundTrip',
  rounds: 40,
  quickRounds: 10,
  warmup: 5,
  tools: (state) => ({
    echo(input) {
      state.last = performance.now()
      state.first ??= state.last
      return input
    },
  }),
  async sample(cells, state) {
    state.first = undefined
    await runExpecting(cells, SEQUENTIAL, sumBelow(ROUND_TRIPS))
    return ((state.last - state.first) / (ROUND_TRIPS - 1)) * 1_000
  },
}

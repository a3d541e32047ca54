import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

const SPINNERS = 8
const SPIN = { body: 'tools.started({}); while (true) {}', result: '0' }

/** Counts the starts, and lets a sample wait for them. */
function tools(state) {
  state.started = 0
  return {
    started() {
      state.started++
      state.onStart?.()
    },
  }
}

/** Starts endless scripts. The engine may have threads for some of them only: it is enough that one has started. */
async function spin(cells, state, count) {
  const controller = new AbortController()
  const first = new Promise((resolve) => {
    state.onStart = resolve
  })
  const ends = Array.from({ length: count }, () =>
    cells.run(SPIN, { signal: controller.signal }).then(
      () => Promise.reject(new Error('an endless script has ended')),
      () => {},
    ),
  )
  await Promise.race([first, ...ends])
  return { abort: () => controller.abort(), ended: Promise.all(ends) }
}

export const abort = {
  id: 'abort',
  title: 'abort of `while (true) {}` until it is settled',
  unit: 'ms',
  needs: 'abort',
  rounds: 20,
  quickRounds: 5,
  tools,
  async sample(cells, state) {
    const spinning = await spin(cells, state, 1)
    await sleep(5)
    const start = performance.now()
    spinning.abort()
    await spinning.ended
    return performance.now() - start
  },
}

/** The delay beyond the interval at which it is sampled. */
export const hostDelay = {
  id: 'host-delay',
  title: `event-loop delay of the host (p99) while ${SPINNERS} cells spin`,
  unit: 'ms',
  needs: 'spin',
  rounds: 5,
  quickRounds: 3,
  warmup: 1,
  tools,
  async sample(cells, state, quick) {
    const spinning = await spin(cells, state, SPINNERS)
    const delay = await eventLoopDelay(quick ? 300 : 600)
    spinning.abort()
    await spinning.ended
    return delay
  },
}

const RESOLUTION_MS = 5

async function eventLoopDelay(ms) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  await sleep(ms)
  histogram.disable()
  return Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS)
}

/**
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} title
 * @property {'ms' | 'µs' | 'cells/s' | 'MiB'} unit
 * @property {string} [needs] What a contender must be able to do; see `cannot`.
 * @property {number} [rounds] Rounds of a full run; 30 if absent.
 * @property {number} [quickRounds] Rounds of a quick run; 7 if absent, and 0 leaves the scenario out.
 * @property {number} [warmup] 2 if absent.
 * @property {(state: any) => Record<string, (input: any) => unknown>} [tools] Shares `state` with `sample`.
 * @property {(cells: import('../contenders/index.js').Cells, state: any, quick: boolean) => Promise<number>} [sample]
 * @property {(contender: import('../contenders/index.js').Contender, quick: boolean) => Promise<number>} [inChild]
 *   Instead of `sample`, for what needs a process of its own.
 */

import { abort, hostDelay } from './control.js'
import { atOnce, throughput } from './crowd.js'
import { exec, roundTrip } from './exec.js'
import { memory } from './memory.js'
import { payload } from './payload.js'

/** @type {Scenario[]} */
export const scenarios = [...exec, roundTrip, ...payload, ...atOnce, ...throughput, abort, hostDelay, memory]

/** @param {string} id */
export function scenario(id) {
  const found = scenarios.find((candidate) => candidate.id === id)
  if (found === undefined) throw new Error(`no scenario is called ${id}`)
  return found
}

// Runs random scripts, does random things to them, and checks what must hold whatever happens:
//
//   npm run fuzz:scripts -- --minutes 10 --seed 1 [--isolation process] [--rounds 1]
//
// Each round has a seed of its own, counted up from the given one, and is the same each time but for the races that are
// its point. A fault prints the seed, the script and the fault; `--seed N --rounds 1` runs it again.

import { parseArgs } from 'node:util'
import { Session } from 'codecell'
import { random } from '../../__test__/support/random.js'
import { randomScript } from './script.js'
import { WatchedCell } from './watched-cell.js'

const HANG_MS = 60_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    rounds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    isolation: { type: 'string', default: 'thread' },
  },
})
const ends = Date.now() + Number(values.minutes) * 60_000

/** @type {string[]} */
const strays = []
for (const event of ['unhandledRejection', 'uncaughtException', 'warning'])
  process.on(event, (fault) => strays.push(`${event}: ${fault?.stack ?? fault}`))

const totals = { rounds: 0, cells: 0, promises: 0, statuses: /** @type {Record<string, number>} */ ({}) }
let faulty = 0
for (let seed = Number(values.seed); totals.rounds < Number(values.rounds) && Date.now() < ends; seed++) {
  const faults = await round(seed)
  totals.rounds++
  if (faults.length > 0) {
    faulty++
    console.error(`seed ${seed}:\n${faults.join('\n')}\n`)
  }
}
const verdict = faulty === 0 ? 'no fault' : `${faulty} rounds with faults`
console.log(`${verdict} from seed ${values.seed}: ${JSON.stringify(totals)}`)
process.exitCode = faulty === 0 ? 0 : 1

/**
 * Some cells of one session, and its end.
 *
 * @param {number} seed
 */
async function round(seed) {
  const numbers = random(seed)
  /** @type {Map<string, WatchedCell>} */
  const byId = new Map()
  const watched = (/** @type {string} */ id) => byId.get(id)
  const session = new Session({
    isolation: /** @type {'thread'} */ (values.isolation),
    tools: tools(watched),
    onNotify: ({ cellId }) => watched(cellId)?.notified(),
    limits: { cpuMs: 300, wallMs: 2_000, heapBytes: 2 ** 24, toolGraceMs: 10_000 },
    defaultYieldTimeMs: numbers.pick([0, 5, 10_000]),
  })
  /** @type {{ cell: WatchedCell, source: string }[]} */
  const all = []
  const cells = Array.from({ length: 1 + numbers.below(4) }, (_, index) => {
    const cell = new WatchedCell(`cell-${index}`)
    const source = randomScript(numbers, cell.key)
    all.push({ cell, source })
    return drive(session, cell, source, random(seed * 31 + index), byId)
  })
  const closesEarly = numbers.chance(0.1)
  if (closesEarly) {
    await new Promise((done) => setTimeout(done, numbers.below(30)))
    for (const { cell } of all) cell.leave()
  } else await settles(Promise.all(cells), 'its cells')
  const faults = []
  if (!closesEarly) {
    const kept = session.storedValues()
    for (const { cell } of all) cell.checkStored(kept[cell.key])
    if (session.activeCells.length > 0) faults.push(`still active: ${session.activeCells}`)
  }
  await settles(session.close(), 'close')
  await settles(Promise.all(cells), 'the cells of a closed session')
  for (const { cell, source } of all) {
    totals.cells++
    cell.checkEnd()
    if (cell.faults.length > 0) faults.push(...cell.faults, cell.history.join(', '), source)
  }
  return [...faults, ...strays.splice(0)]
}

/** @param {(id: string) => WatchedCell | undefined} watched */
function tools(watched) {
  const sleep = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms))
  /** @param {(input: any, call: import('codecell').ToolCall) => unknown} work */
  const tool = (work) => ({
    async execute(/** @type {any} */ input, /** @type {import('codecell').ToolCall} */ call) {
      const settled = watched(call.cellId)?.called(call)
      try {
        return await work(input, call)
      } finally {
        settled?.()
      }
    },
  })
  return {
    echo: tool(({ cell, value }, { cellId }) => {
      const own = watched(cellId)
      if (own && cell !== undefined && cell !== own.key) own.fault(`a call of ${cell} came as its own`)
      return value
    }),
    fail: tool(() => Promise.reject(new Error('meant'))),
    slow: tool(({ ms }) => sleep(ms)),
    never: tool((_, { signal }) => new Promise((done) => signal.addEventListener('abort', done))),
  }
}

/**
 * Runs a script and does random things to it until it has ended.
 *
 * @param {Session} session
 * @param {WatchedCell} cell
 * @param {string} source
 * @param {ReturnType<typeof random>} numbers
 * @param {Map<string, WatchedCell>} byId
 */
async function drive(session, cell, source, numbers, byId) {
  const steps = numbers.chance(0.2)
  const stop = new AbortController()
  const yielding = new AbortController()
  const soon = (/** @type {() => void} */ work) => setTimeout(work, numbers.below(20))
  if (numbers.chance(0.15)) soon(() => cell.abort(stop))
  if (numbers.chance(0.2)) soon(() => yielding.abort())
  const options = { signal: stop.signal, yieldSignal: yielding.signal }
  const first = steps ? session.execToPending(source, options) : session.exec(source, options)
  // It may be over already, and then it is not among the active ones; but cells are counted.
  const id = String(byId.size + 1)
  byId.set(id, cell)
  cell.id = id
  /** @type {Promise<unknown>[]} */
  const terminations = []
  const terminate = () => {
    const answer = observe('terminate', session.terminate(id), cell, ['CELL_TERMINATING', 'SESSION_CLOSED'])
    terminations.push(answer)
    return answer
  }
  const aborts = (/** @type {unknown} */ error) => error instanceof Error && error.message === 'stop'
  if (numbers.chance(0.15)) soon(() => terminate())
  await observe('exec', first, cell, [], aborts)
  for (let turn = 0; !cell.hasEnded && turn < 400; turn++) {
    const given = numbers.chance(0.1) ? new AbortController() : undefined
    if (given) soon(() => given.abort(new Error('stop')))
    // A cell that is aborted answers nobody any more.
    const yieldTimeMs = numbers.below(40)
    const wait = steps
      ? session.waitToPending(id, { signal: given?.signal })
      : session.wait(id, { yieldTimeMs, signal: given?.signal })
    const answer = await observe(
      'wait',
      wait,
      cell,
      ['CELL_TERMINATING', 'CELL_BUSY', 'SESSION_CLOSED'],
      aborts,
    )
    if (answer === 'SESSION_CLOSED' || answer?.status === 'missing') break
    if (steps && turn > 50) await terminate()
  }
  if (!cell.hasEnded) await terminate()
  await Promise.all(terminations)
}

/**
 * Waits for an answer, which must come, and be a result or one of these faults.
 *
 * @param {string} way how the cell is watched, for the history
 * @param {Promise<import('codecell').CellResult>} promise
 * @param {WatchedCell} cell
 * @param {string[]} codes
 * @param {(error: unknown) => boolean} [isMeant]
 */
async function observe(way, promise, cell, codes, isMeant = () => false) {
  cell.history.push(way)
  try {
    const result = await settles(promise, 'an answer')
    // Answers that come together reach their callers in any order.
    if (way === 'terminate') await new Promise(setImmediate)
    totals.statuses[result.status] = (totals.statuses[result.status] ?? 0) + 1
    cell.history.push(`${way}: ${result.status}`)
    cell.told(result)
    return result
  } catch (error) {
    const code = /** @type {any} */ (error)?.code
    cell.history.push(`${way}: ${code ?? error}`)
    if (codes.includes(code)) return code
    if (!isMeant(error)) cell.fault(`rejected: ${/** @type {any} */ (error)?.stack ?? error}`)
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @returns {Promise<T>}
 */
async function settles(promise, what) {
  totals.promises++
  let timer
  const hangs = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`LOST: ${what} did not settle in ${HANG_MS} ms`)), HANG_MS)
  })
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (hangs)])
  } finally {
    clearTimeout(timer)
  }
}

// One session for each browser: its tools, its cells, and what its person has not seen of them yet.

import { randomUUID } from 'node:crypto'
import { Session } from 'codecell'
import { stationTools } from './tools.js'

const MAX_SESSIONS = 20
const IDLE_MS = 30 * 60_000
/** So often the output of a cell is collected: what a person takes for "at once". */
const LIVE_MS = 100
/** Of one cell. A script can call in an endless loop; a person cannot read that. */
const SHOWN_TOOL_CALLS = 500
const SHOWN_CHARACTERS = 300
const REPORT_CHARACTERS = 2_000
/** Events of one cell that wait for its page. What the host is told beyond that is left out, and it is said so. */
const KEPT_EVENTS = 1_000

/** @typedef {{ type: string, [key: string]: unknown }} CellEvent for the page, see page/cell-card.js */
/**
 * A page that looks, until it is gone.
 *
 * @typedef {object} Observer
 * @property {(event: CellEvent) => void} send
 * @property {() => Promise<void>} ready when the page has read most of what it was sent, or is gone
 * @property {AbortSignal} gone
 */

/** All browsers. One that asks nothing for half an hour is forgotten; so is the idlest, where there are too many. */
export class BrowserSessions {
  /** @type {Map<string, BrowserSession>} */
  #sessions = new Map()
  #sweep = setInterval(() => this.#closeWhere(({ idleMs }) => idleMs > IDLE_MS), 60_000).unref()

  /** @returns {string} the id of a new session, which cannot be guessed */
  open() {
    if (this.#sessions.size >= MAX_SESSIONS) {
      const [first, ...others] = this.#sessions.values()
      const idlest = others.reduce((one, other) => (other.idleMs > one.idleMs ? other : one), first)
      this.#closeWhere((session) => session === idlest)
    }
    const id = randomUUID()
    this.#sessions.set(id, new BrowserSession())
    return id
  }

  /** @param {string | undefined} id */
  find(id) {
    const session = this.#sessions.get(id)
    session?.touch()
    return session
  }

  close() {
    clearInterval(this.#sweep)
    return this.#closeWhere(() => true)
  }

  async #closeWhere(condition) {
    const closing = [...this.#sessions].filter(([, session]) => condition(session))
    for (const [id] of closing) this.#sessions.delete(id)
    await Promise.all(closing.map(([, session]) => session.close()))
  }
}

class BrowserSession {
  #session
  /** @type {Map<string, CellFeed>} the cells that run, or whose end nobody has seen */
  #feeds = new Map()
  #touched = performance.now()

  constructor() {
    const tools = stationTools({
      onPublish: ({ cellId, title, text }) =>
        this.#tell(cellId, { type: 'report', title: cut(title), text: cut(text) }),
    })
    this.#session = new Session({
      tools: withEvents(tools, (cellId, event) => this.#tell(cellId, event)),
      onNotify: ({ cellId, text }) => this.#tell(cellId, { type: 'notification', text: cut(text) }),
      limits: { activeCells: 8, heapBytes: 64 * 2 ** 20, wallMs: 10 * 60_000, outputBytes: 8 * 2 ** 20 },
    })
  }

  /** How long nobody has asked anything. No cell lives so long that it matters here. */
  get idleMs() {
    return performance.now() - this.#touched
  }

  touch() {
    this.#touched = performance.now()
  }

  /** What the page shows when it is loaded. */
  describe() {
    const { exec } = this.#session.modelTools()
    return {
      cells: [...this.#feeds.keys()],
      tools: exec.description.slice(exec.description.indexOf('### ')),
    }
  }

  /**
   * Starts a cell and watches it, for this long at the most.
   *
   * @param {unknown} source
   * @param {number} yieldTimeMs
   * @param {Observer} observer
   */
  async exec(source, yieldTimeMs, observer) {
    // It answers at once, so that the page has the id of the cell and can terminate it.
    const result = await this.#session.exec(source, { yieldTimeMs: 0 })
    await this.#watch(result, yieldTimeMs, observer)
  }

  /**
   * Watches a cell further.
   *
   * @param {string} cellId
   * @param {number} yieldTimeMs
   * @param {Observer} observer
   */
  async wait(cellId, yieldTimeMs, observer) {
    const result = await this.#session.wait(cellId, { yieldTimeMs: 0 })
    await this.#watch(result, yieldTimeMs, observer)
  }

  /**
   * Stops a cell. Whoever watches it sees its end; if nobody does, this observer.
   *
   * @param {string} cellId
   * @param {Observer} observer
   */
  async terminate(cellId, observer) {
    const feed = this.#feed(cellId)
    feed.terminating ??= this.#session.terminate(cellId)
    const result = await feed.terminating
    if (feed.watched) feed.answer(result)
    else await this.#watch(result, 0, observer)
  }

  close() {
    return this.#session.close()
  }

  /**
   * @param {import('codecell').CellResult} first
   * @param {number} yieldTimeMs
   * @param {Observer} observer
   */
  async #watch(first, yieldTimeMs, observer) {
    const { cellId } = first
    const { gone } = observer
    const feed = this.#feed(cellId)
    const end = performance.now() + yieldTimeMs
    feed.connect(observer)
    try {
      let settled = 0
      for (let result = first; ; ) {
        feed.answer(result, settled)
        const left = end - performance.now()
        if (feed.ended || left <= 0 || gone.aborted) break
        // Output that nobody takes stays in the cell, which is stopped when that is too much.
        await observer.ready()
        // What the host told before this call comes after all output that this call still finds.
        settled = feed.keptCount
        const options = {
          yieldTimeMs: settled > 0 ? 0 : Math.min(left, LIVE_MS),
          yieldSignal: AbortSignal.any([gone, feed.somethingToTell()]),
        }
        // A cell that is being terminated cannot be watched, but its end can.
        result = await this.#session.wait(cellId, options).catch((error) => {
          if (error.code === 'CELL_TERMINATING' && feed.terminating) return feed.terminating
          throw error
        })
      }
      if (!feed.ended && !gone.aborted) observer.send({ type: 'result', status: 'running' })
    } finally {
      feed.disconnect()
      // An end that came when the page had gone is kept for when it is back.
      if (feed.ended && feed.keptCount === 0) this.#feeds.delete(cellId)
    }
  }

  #feed(cellId) {
    const feed = this.#feeds.get(cellId) ?? new CellFeed(cellId)
    this.#feeds.set(cellId, feed)
    return feed
  }

  #tell(cellId, event) {
    // A tool may end after its cell, which nobody asks for any more then.
    const feed = event.type === 'tool-end' ? this.#feeds.get(cellId) : this.#feed(cellId)
    feed?.tell(event)
  }
}

/**
 * Carries the events of one cell to the page that watches it, and keeps them while none does. What the host has to tell
 * (tool calls, notifications) waits for the output that the script had emitted before, so that the order is kept.
 */
class CellFeed {
  /** @type {Promise<import('codecell').CellResult> | undefined} */
  terminating
  ended = false
  #cellId
  #start = performance.now()
  /** @type {CellEvent[]} */
  #kept = []
  /** Whether it was said that some are missing. */
  #isCut = false
  /** @type {Observer | undefined} */
  #observer
  #hurry = new AbortController()

  /** @param {string} cellId */
  constructor(cellId) {
    this.#cellId = cellId
  }

  get watched() {
    return this.#observer !== undefined && !this.#observer.gone.aborted
  }

  get keptCount() {
    return this.#kept.length
  }

  /** @param {Observer} observer */
  connect(observer) {
    this.#observer = observer
    observer.send({ type: 'cell', cellId: this.#cellId })
    // Output that a page missed is older than any that is to come.
    const seen = this.#kept.findLastIndex(({ type }) => type === 'output' || type === 'result')
    this.#flush(seen + 1)
  }

  disconnect() {
    this.#observer = undefined
  }

  /** Aborted when the host has something to tell, for which output should be collected at once. */
  somethingToTell() {
    this.#hurry = new AbortController()
    return this.#hurry.signal
  }

  /** @param {CellEvent} event */
  tell(event) {
    // The end of a call belongs to its beginning, which is shown.
    if (this.#kept.length < KEPT_EVENTS || event.type === 'tool-end') {
      this.#kept.push({ ...event, at: this.#now() })
    } else if (!this.#isCut) {
      this.#isCut = true
      this.#kept.push({ type: 'notification', text: 'More was told than is shown here.', at: this.#now() })
    }
    this.#hurry.abort()
  }

  /**
   * Tells what the session answered. The end of a cell is told once, however many have asked for it.
   *
   * @param {import('codecell').CellResult} result
   * @param {number} [settled] so many of the kept events come right after its output; in the end all do
   */
  answer({ content = [], ...result }, settled = 0) {
    if (this.ended) return
    for (const item of content) this.#send({ type: 'output', item })
    this.#flush(result.status === 'running' ? settled : this.#kept.length)
    if (result.status === 'running') return
    this.ended = true
    this.#send({ type: 'result', ...result, at: this.#now() })
  }

  /** @param {number} count */
  #flush(count) {
    if (!this.watched) return
    for (const event of this.#kept.splice(0, count)) this.#send(event)
    this.#isCut = false
  }

  /** @param {CellEvent} event */
  #send(event) {
    if (this.watched) this.#observer.send(event)
    else this.#kept.push(event)
  }

  #now() {
    return Math.round(performance.now() - this.#start)
  }
}

/**
 * The same tools, which tell of each call when it starts and when it is done.
 *
 * @param {Record<string, import('codecell').Tool>} tools
 * @param {(cellId: string, event: CellEvent) => void} tell
 */
function withEvents(tools, tell) {
  const watched = (name, tool) => ({
    ...tool,
    async execute(input, call) {
      const { id, cellId } = call
      const shown = Number(id.slice('tool-'.length)) <= SHOWN_TOOL_CALLS
      const say = (event) => shown && tell(cellId, { ...event, id })
      say({ type: 'tool-start', name, input: short(input) })
      try {
        const output = await tool.execute(input, call)
        say({ type: 'tool-end', state: 'done', output: short(output) })
        return output
      } catch (error) {
        say({ type: 'tool-end', state: call.signal.aborted ? 'aborted' : 'failed', output: error.message })
        throw error
      }
    },
  })
  return Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, watched(name, tool)]))
}

/** @param {string} text */
function cut(text, longest = REPORT_CHARACTERS) {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

function short(value) {
  return cut(JSON.stringify(value) ?? '', SHOWN_CHARACTERS)
}

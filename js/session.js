import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { bridge } from './bridge.js'
import { Cell } from './cell.js'
import * as check from './check.js'
import { invalidInput, sessionClosed, withCodes } from './errors.js'
import { inspectorServer } from './inspect/server.js'
import { toNativeJson } from './json.js'
import { modelTools } from './model-tools.js'
import { addon } from './native.js'
import { execOptions, nativeSessionOptions, sessionOptions, waitOptions } from './options.js'
import { abortReason, throwIfAborted, whenAborted } from './signals.js'
import { namespacesJson, ToolSet } from './tool-set.js'
import { cellChannel, isWatched, Trace } from './tracing.js'

/** @import * as declared from '../index.d.ts' */
/** @import { Settings } from './options.js' */

/** @implements {declared.Session} */
export class Session {
  /** @type {Settings} */
  #settings
  #toolSet
  #native
  /** For traces: ids of cells are unique in a session only. */
  #id = randomUUID()
  /**
   * The living cells that are told of on a tracing channel.
   *
   * @type {Map<string, Cell>}
   */
  #traced = new Map()
  /** Where debuggers attach to the cells, if they can. */
  #inspector
  /** @type {Promise<void> | undefined} */
  #closing

  /** @param {declared.SessionOptions} [options] */
  constructor(options) {
    this.#settings = sessionOptions(options)
    this.#toolSet = new ToolSet(this.#settings.tools, namespacesJson(this.#settings.namespaces))
    const optionsJson = toNativeJson(nativeSessionOptions(this.#settings))
    this.#native = withCodes(() => new addon.NativeSession(bridge().native, optionsJson))
    this.#inspector = this.#settings.inspect && inspectorServer(this.#settings.inspect)
  }

  /**
   * @param {string} source
   * @param {declared.ExecOptions} [options]
   */
  async exec(source, options) {
    return this.#exec(source, options, false)
  }

  /**
   * @param {string} cellId
   * @param {declared.WaitOptions} [options]
   */
  async wait(cellId, options) {
    return this.#wait(cellId, options, false)
  }

  /**
   * @param {string} source
   * @param {Omit<declared.ExecOptions, 'yieldTimeMs'>} [options]
   */
  async execToPending(source, options) {
    return this.#exec(source, options, true)
  }

  /**
   * @param {string} cellId
   * @param {Omit<declared.WaitOptions, 'yieldTimeMs'>} [options]
   */
  async waitToPending(cellId, options) {
    return this.#wait(cellId, options, true)
  }

  /** @param {string} cellId */
  async terminate(cellId) {
    check.string('cellId', cellId)
    this.#refuseIfClosed()
    return bridge().ask(this.#native, (ticket) => this.#native.terminate(ticket, cellId), {
      note: this.#note,
    })
  }

  /** @returns {Record<string, declared.JsonValue>} */
  storedValues() {
    const flat = withCodes(() => this.#native.storedValues())
    const entries = []
    for (let index = 0; index + 1 < flat.length; index += 2) {
      entries.push([flat[index], JSON.parse(flat[index + 1] ?? 'null')])
    }
    // Not by assignment: `__proto__` is a key like any other.
    return Object.fromEntries(entries)
  }

  get activeCells() {
    return withCodes(() => this.#native.activeCells())
  }

  get inspectorUrl() {
    return this.#inspector?.url
  }

  /** @param {declared.ModelToolOptions} [options] */
  modelTools(options) {
    const { defaultYieldTimeMs, maxYieldTimeMs, console } = this.#settings
    const settings = {
      sessionId: this.#id,
      toolSet: this.#toolSet,
      defaultYieldTimeMs,
      maxYieldTimeMs,
      hasConsole: console === 'output',
    }
    return modelTools(this, settings, options)
  }

  /** @returns {Promise<void>} */
  close() {
    this.#closing ??= bridge()
      .ask(this.#native, (ticket) => this.#native.close(ticket))
      .then(() => this.#inspector?.release())
    return this.#closing
  }

  /** @returns {Promise<void>} */
  [Symbol.asyncDispose]() {
    return this.close()
  }

  /**
   * @param {unknown} source
   * @param {unknown} options
   * @param {boolean} step
   */
  async #exec(source, options, step) {
    if (typeof source !== 'string') {
      throw invalidInput(`exec expects JavaScript source text as a string; got ${check.shown(source)}`)
    }
    const { yieldTimeMs, callId, signal, yieldSignal, tools } = execOptions(options, step)
    this.#refuseIfClosed()
    throwIfAborted(signal)
    const toolSet = this.#toolSetOf(tools)
    if (this.#inspector) {
      // Nobody could attach before.
      await this.#inspector.url
      this.#refuseIfClosed()
    }
    // Reading the tools ran code of the caller.
    throwIfAborted(signal)
    const { onNotify, messageBytes, console } = this.#settings
    const callsBack = toolSet.tools.length > 0 || onNotify !== undefined || console === 'events'
    const session = this.#native
    const traced = this.#traced

    const snapshot = () =>
      callsBack ? AsyncLocalStorage.snapshot() : (/** @type {() => any} */ work) => work()

    let stopYielding = () => {}
    const send = (/** @type {number} */ ticket) => {
      const yieldMs = step ? Infinity : (yieldTimeMs ?? null)
      const [key, cellId] = session.exec(ticket, source, yieldMs, step, toolSet.native)
      const caller = { sessionId: this.#id, cellId, callId: callId ?? cellId }
      const trace = isWatched(cellChannel) ? new Trace(cellChannel, { ...caller, source }) : undefined
      const cell = new Cell({
        caller,
        session,
        tools: toolSet.tools,
        onNotify,
        messageBytes,
        trace,
        target: this.#inspector?.add(key, cellId, session),
        inContext: trace === undefined ? snapshot() : trace.run(snapshot),
      })
      bridge().addCell(key, cell)
      if (trace !== undefined) traced.set(cellId, cell)
      // It may be aborted at any time of the cell's life, not only while this promise is pending.
      const stopAborting = whenAborted(signal, () => session.abort(cellId))
      cell.onClosed = () => {
        stopAborting()
        traced.delete(cellId)
      }
      stopYielding = whenAborted(yieldSignal, () => session.yieldNow(ticket, cellId))
    }
    const answer = bridge().ask(session, send, { note: this.#note })
    try {
      const result = await answer
      // The cell may have ended first; then the abort changed nothing.
      if (result.status === 'terminated') throwIfAborted(signal)
      return result
    } finally {
      stopYielding()
    }
  }

  /**
   * @param {unknown} cellId
   * @param {unknown} options
   * @param {boolean} step
   */
  async #wait(cellId, options, step) {
    const id = check.string('cellId', cellId)
    const { yieldTimeMs, signal, yieldSignal } = waitOptions(options, step)
    this.#refuseIfClosed()
    throwIfAborted(signal)
    const session = this.#native

    let stopListening = () => {}
    const answer = bridge().ask(
      session,
      (ticket) => {
        session.wait(ticket, id, step ? Infinity : (yieldTimeMs ?? null), step)
        const stopAborting = whenAborted(signal, () => session.cancelWait(ticket, id))
        const stopYielding = whenAborted(yieldSignal, () => session.yieldNow(ticket, id))
        stopListening = () => {
          stopAborting()
          stopYielding()
        }
      },
      { abortReason: () => signal && abortReason(signal), note: this.#note },
    )
    try {
      return await answer
    } finally {
      stopListening()
    }
  }

  /**
   * @param {unknown} tools the record that the caller gave, or the set that `modelTools` made of one
   */
  #toolSetOf(tools) {
    if (tools === undefined) return this.#toolSet
    return tools instanceof ToolSet ? tools : this.#toolSet.withTools(tools)
  }

  /**
   * Tells the end of a traced cell once its result is there.
   *
   * @param {declared.CellResult} result
   */
  #note = (result) => {
    if (this.#traced.size === 0) return
    const { status, cellId } = result
    if (status === 'failed') this.#traced.get(cellId)?.endTrace({ result, error: result.error })
    if (status === 'completed' || status === 'terminated') this.#traced.get(cellId)?.endTrace({ result })
  }

  #refuseIfClosed() {
    if (this.#closing !== undefined) throw sessionClosed()
  }
}

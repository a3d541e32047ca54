import { AsyncLocalStorage } from 'node:async_hooks'
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

/** @import * as declared from '../index.d.ts' */
/** @import { Settings } from './options.js' */

/** @implements {declared.Session} */
export class Session {
  /** @type {Settings} */
  #settings
  #toolSet
  #native
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
    return bridge().ask(this.#native, (ticket) => this.#native.terminate(ticket, cellId))
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
    const { defaultYieldTimeMs, maxYieldTimeMs } = this.#settings
    return modelTools(this, { toolSet: this.#toolSet, defaultYieldTimeMs, maxYieldTimeMs }, options)
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
    const { onNotify, messageBytes } = this.#settings
    const session = this.#native

    let stopYielding = () => {}
    const answer = bridge().ask(session, (ticket) => {
      const yieldMs = step ? Infinity : (yieldTimeMs ?? null)
      const [key, id] = session.exec(ticket, source, yieldMs, step, toolSet.native)
      const cell = new Cell({
        id,
        callId: callId ?? id,
        session,
        tools: toolSet.tools,
        onNotify,
        messageBytes,
        target: this.#inspector?.add(key, id, session),
        inContext: toolSet.tools.length > 0 || onNotify ? AsyncLocalStorage.snapshot() : (work) => work(),
      })
      bridge().addCell(key, cell)
      // It may be aborted at any time of the cell's life, not only while this promise is pending.
      cell.onClosed = whenAborted(signal, () => session.abort(id))
      stopYielding = whenAborted(yieldSignal, () => session.yieldNow(ticket, id))
    })
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
      () => signal && abortReason(signal),
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

  #refuseIfClosed() {
    if (this.#closing !== undefined) throw sessionClosed()
  }
}

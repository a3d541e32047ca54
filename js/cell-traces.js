import { cellChannel, isWatched, Trace } from './tracing.js'

/** @import { CellResult, CellTrace } from '../index.d.ts' */
/** @import { Caller } from './tool-call.js' */

/** The living cells of a session that are told of on `codecell:cell`. */
export class CellTraces {
  /** @type {Map<string, Trace<CellTrace>>} */
  #traces = new Map()

  /**
   * The trace of a cell that has been started, if anybody listens.
   *
   * @param {Caller} caller
   * @param {string} source
   */
  of({ sessionId, cellId, callId }, source) {
    if (!isWatched(cellChannel)) return undefined
    const trace = new Trace(cellChannel, { sessionId, cellId, callId, source })
    this.#traces.set(cellId, trace)
    return trace
  }

  /**
   * Keeps a final result until its cell is closed, which comes next.
   *
   * @param {CellResult} result
   */
  note = (result) => {
    const { status, cellId } = result
    if (this.#traces.size === 0) return
    if (status !== 'completed' && status !== 'failed' && status !== 'terminated') return
    const trace = this.#traces.get(cellId)
    if (trace !== undefined) trace.message.result = result
  }

  /** @param {string} cellId */
  close(cellId) {
    const trace = this.#traces.get(cellId)
    if (trace === undefined) return
    this.#traces.delete(cellId)
    const { result } = trace.message
    if (result?.status === 'failed') trace.fail(result.error)
    else trace.finish()
  }
}

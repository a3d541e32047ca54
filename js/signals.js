/**
 * Who waits for a signal. One listener of ours serves all, because a program may well give one signal to hundreds of
 * cells, and Node warns of a leak at the eleventh listener.
 *
 * @type {WeakMap<AbortSignal, { callbacks: Set<() => void>, listener: () => void }>}
 */
const waiting = new WeakMap()

/**
 * Calls back when a signal is aborted; at once if it is already.
 *
 * @param {AbortSignal | undefined} signal
 * @param {() => void} callback
 * @returns {() => void} stops listening
 */
export function whenAborted(signal, callback) {
  if (signal === undefined) return nothing
  if (signal.aborted) {
    callback()
    return nothing
  }
  const watch = waiting.get(signal) ?? startListening(signal)
  watch.callbacks.add(callback)
  return () => {
    // After an abort, nothing is listened for any more.
    if (watch.callbacks.delete(callback) && watch.callbacks.size === 0 && waiting.get(signal) === watch) {
      stopListening(signal, watch.listener)
    }
  }
}

/**
 * What a promise rejects with after an abort.
 *
 * @param {AbortSignal} signal
 */
export function abortReason(signal) {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError')
}

/** @param {AbortSignal | undefined} signal */
export function throwIfAborted(signal) {
  if (signal?.aborted) throw abortReason(signal)
}

/** @param {AbortSignal} signal */
function startListening(signal) {
  /** @type {Set<() => void>} */
  const callbacks = new Set()
  const listener = () => {
    stopListening(signal, listener)
    for (const callback of callbacks) callback()
  }
  const watch = { callbacks, listener }
  waiting.set(signal, watch)
  signal.addEventListener('abort', listener)
  return watch
}

/**
 * @param {AbortSignal} signal
 * @param {() => void} listener
 */
function stopListening(signal, listener) {
  waiting.delete(signal)
  signal.removeEventListener('abort', listener)
}

function nothing() {}

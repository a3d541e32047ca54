import { Worker } from 'node:worker_threads'
import { asExpression } from './script.js'

export const name = 'worker_threads'
export const how = 'a worker per script; tools are messages with ids'
export const cannot = { cells256: 'each worker is a Node: 256 at once take gigabytes' }
export const parkedCells = 32

const CELL = new URL('./worker-threads-cell.js', import.meta.url)

export async function open(tools) {
  const ending = new Set()

  /** Workers are ended in the background; `idle` waits for that. */
  function end(worker) {
    const ended = worker.terminate().finally(() => ending.delete(ended))
    ending.add(ended)
    return ended
  }

  return {
    run(script, { signal } = {}) {
      const workerData = { code: asExpression(script), names: Object.keys(tools) }
      const worker = new Worker(CELL, { workerData })
      const { promise, resolve, reject } = withResolvers()
      signal?.addEventListener('abort', () => end(worker).then(() => reject(signal.reason)), { once: true })
      worker.on('error', reject)
      worker.on('message', async (message) => {
        if ('result' in message) {
          resolve(message.result)
          return void end(worker)
        }
        const { id, name: key, input } = message
        worker.postMessage({ id, output: await tools[key](input) })
      })
      return promise
    },
    idle: () => Promise.all(ending),
    close: () => Promise.all(ending),
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers() {
  let resolve
  let reject
  const promise = new Promise((...functions) => {
    ;[resolve, reject] = functions
  })
  return { promise, resolve, reject }
}

// The worker's side of worker-threads.js.
import { parentPort, workerData } from 'node:worker_threads'

const waiting = new Map()
let lastId = 0

globalThis.tools = Object.fromEntries(
  workerData.names.map((name) => [
    name,
    (input) =>
      new Promise((resolve) => {
        const id = ++lastId
        waiting.set(id, resolve)
        parentPort.postMessage({ id, name, input })
      }),
  ]),
)

parentPort.on('message', ({ id, output }) => {
  waiting.get(id)(output)
  waiting.delete(id)
})

// biome-ignore lint/security/noGlobalEval: running the script is what this worker is for.
parentPort.postMessage({ result: await globalThis.eval(workerData.code) })

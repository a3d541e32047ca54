import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export { cannot } from './no-sandbox.js'
export const name = 'MessagePort'
export const how = 'no sandbox: the same round trip by bare messages between the host and one standing worker'

const ECHO = new URL('./message-port-worker.js', import.meta.url)

/** Its `run` takes no script: the worker sends `calls` messages, each after the answer to the one before. */
export async function open(tools) {
  const worker = new Worker(ECHO)
  await once(worker, 'online')
  let done
  worker.on('message', ({ input, finished }) => {
    if (finished === undefined) worker.postMessage({ output: tools.echo(input) })
    else done(String(finished))
  })
  return {
    run({ calls }) {
      return new Promise((resolve) => {
        done = resolve
        worker.postMessage({ calls })
      })
    },
    close: () => worker.terminate(),
  }
}

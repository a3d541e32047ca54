// The worker's side of message-port.js.
import { parentPort } from 'node:worker_threads'

let left = 0
let sum = 0

parentPort.on('message', ({ calls, output }) => {
  if (calls === undefined) sum += output.value
  else {
    left = calls
    sum = 0
  }
  if (left-- > 0) parentPort.postMessage({ input: { value: left } })
  else parentPort.postMessage({ finished: sum })
})

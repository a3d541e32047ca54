// A worker thread of the soak: runs cells without end, until it is terminated.

import { parentPort, workerData } from 'node:worker_threads'
import { Session } from 'codecell'
import { random } from '../../__test__/support/random.js'
import { randomScript } from '../../fuzz/scripts/script.js'
import { LIMITS, TOOLS } from './jobs.mjs'

const numbers = random(workerData.seed)
const session = new Session({ isolation: workerData.isolation, tools: TOOLS, limits: LIMITS })
for (let turn = 0; ; turn++) {
  const running = [0, 1].map(() => session.exec(randomScript(numbers, 'cell')))
  if (turn === 0) parentPort?.postMessage('running')
  await Promise.allSettled(running)
}

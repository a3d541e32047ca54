import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const CHILD = fileURLToPath(new URL('./memory-child.js', import.meta.url))

/** Resident memory per script that awaits a tool which never answers. */
export const memory = {
  id: 'memory',
  title: 'resident memory of a parked cell (of 1 000)',
  unit: 'MiB',
  needs: 'memory',
  rounds: 3,
  quickRounds: 1,
  warmup: 0,
  async inChild({ name, parkedCells = 1_000 }, quick) {
    const count = Math.min(parkedCells, quick ? 200 : 1_000)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...process.execArgv, CHILD, name, String(count)],
      { timeout: 180_000 },
    )
    return Number(stdout) / count / 2 ** 20
  },
}

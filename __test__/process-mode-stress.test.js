import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../scripts/stress-children.mjs', import.meta.url))

test.runIf(process.platform === 'linux')(
  '40 children killed at random moments under load: no promise, no other cell, no zombie and no descriptor is lost',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, '40', '1'], {
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    expect(JSON.parse(stdout)).toMatchObject({ kills: 40, problems: [] })
  },
  120_000,
)

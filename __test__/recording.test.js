import { expect, test } from 'vitest'
import { record, recorded, withoutTimes } from '../scripts/record-command-line.mjs'

test('docs/command-line-session.txt shows what the command does today: node scripts/record-command-line.mjs', () => {
  expect(withoutTimes(record())).toBe(withoutTimes(recorded()))
})

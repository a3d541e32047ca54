import { createContext, runInContext } from 'node:vm'
import { asExpression } from './script.js'

export const name = 'node:vm'
export const how =
  'a context per script; tools are the functions themselves, so nothing is copied or isolated'

const SAME_THREAD = 'runs on the thread of the host and blocks it; only a timeout set beforehand interrupts'
export const cannot = { abort: SAME_THREAD, spin: SAME_THREAD }

export async function open(tools) {
  const wrapped = Object.fromEntries(
    Object.entries(tools).map(([key, execute]) => [key, async (input) => execute(input)]),
  )
  return {
    run: (script) => runInContext(asExpression(script), createContext({ tools: wrapped })),
    close() {},
  }
}

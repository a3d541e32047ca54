// Programs of `fixtures`, each in a process of its own.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const DEADLINE_MS = 60_000

/**
 * Runs a program of `fixtures` to its end, which must be a good one.
 *
 * @param {string} name
 * @param {string[]} args
 * @param {{ mayWarn?: boolean, under?: string[], deadlineMs?: number }} [options] mayWarn: V8 tells on stderr what it saw
 *   before it ran out of memory; under: a command that runs the one that follows it
 * @returns {Promise<any>} what it told
 */
export function runProgram(name, args = [], { mayWarn = false, under = [], deadlineMs = DEADLINE_MS } = {}) {
  const file = fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url))
  const [command, ...rest] = [...under, process.execPath, file, ...args]
  return new Promise((resolve, reject) => {
    execFile(command, rest, { timeout: deadlineMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error || (stderr && !mayWarn)) {
        const how = error?.killed ? 'it did not end' : `code ${error?.code}, signal ${error?.signal}`
        reject(new Error(`${name} ${args}: ${how}\n${stderr}`))
      } else {
        resolve(stdout === '' ? undefined : JSON.parse(stdout))
      }
    })
  })
}

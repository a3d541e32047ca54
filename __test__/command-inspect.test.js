// `codecell run --inspect`, as a process of its own.

import { expect, test } from 'vitest'
import { runCommand, startCommand } from './support/command.js'
import { debuggerOf, startToPause } from './support/debugger.js'

/**
 * Starts a script, and waits until it can be debugged.
 *
 * @param {string} option
 * @param {string} source
 */
async function started(option, source) {
  const command = startCommand(['run', '-', option])
  command.child.stdin.end(source)
  const listening = /codecell: Debugger listening on (ws:\/\/127\.0\.0\.1:(\d+)\/\S+)\n/
  await expect.poll(() => command.seen.stderr, { timeout: 20_000 }).toMatch(listening)
  const [, webSocketDebuggerUrl = '', port] = listening.exec(command.seen.stderr) ?? []
  return { ...command, webSocketDebuggerUrl, port: Number(port) }
}

test('--inspect-brk pauses at the first line; the output is that of the script', async () => {
  const { ended, seen, ...target } = await started('--inspect-brk=0', 'const n = 20\ntext(n + 1)')
  await expect
    .poll(() => seen.stderr)
    .toContain('codecell: open chrome://inspect in Chrome, or devtools://devtools/bundled/')
  const client = await debuggerOf(target)
  const { callFrames } = await startToPause(client)
  expect(callFrames[0].location.lineNumber).toBe(0)
  await client.Debugger.setBreakpointByUrl({ url: 'exec_main.mjs', lineNumber: 1 })
  const atBreakpoint = client.Debugger.paused()
  await client.Debugger.resume()
  const { callFrameId } = (await atBreakpoint).callFrames[0]
  const { result } = await client.Debugger.evaluateOnCallFrame({ callFrameId, expression: 'n' })
  expect(result.value).toBe(20)
  await client.Debugger.resume()
  expect(await ended).toMatchObject({ exitCode: 0, stdout: '21\n' })
})

test('--inspect lets a debugger attach to a script that runs', async () => {
  const { ended, ...target } = await started('--inspect=0', 'while (!globalThis.stop) {}; text("stopped")')
  const { Runtime } = await debuggerOf(target)
  await Runtime.evaluate({ expression: 'globalThis.stop = true' })
  expect(await ended).toMatchObject({ exitCode: 0, stdout: 'stopped\n' })
})

test('Ctrl-C ends a script that is paused', async () => {
  const { child, ended, ...target } = await started('--inspect-brk=0', 'text(1)')
  await startToPause(await debuggerOf(target))
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ exitCode: 130, stdout: '' })
})

test.for([
  ['--inspect=70000', '--inspect must be a whole number from 0 to 65535; got "70000".'],
  ['--inspect-brk=x', '--inspect-brk must be a whole number from 0 to 65535; got "x".'],
  ['--inspect=', '--inspect must be a whole number from 0 to 65535; got "".'],
])('%s is refused', async ([option, message]) => {
  const result = await runCommand(['run', '-', option ?? ''], { input: 'text(1)' })
  expect(result).toEqual({ exitCode: 2, stdout: '', stderr: `codecell: ${message}\n` })
})

test('a port that is taken is named', async () => {
  const first = await started('--inspect-brk=0', 'text(1)')
  const result = await runCommand(['run', '-', `--inspect=${first.port}`], { input: 'text(1)' })
  expect(result.exitCode).toBe(2)
  expect(result.stderr).toContain(`inspect cannot listen at 127.0.0.1, port ${first.port}: listen EADDRINUSE`)
  first.child.kill('SIGINT')
  await first.ended
})

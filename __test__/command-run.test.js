// `codecell run`, as a process of its own.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith, runCommand, startCommand } from './support/command.js'

const TOOLS = `
export default {
  price: {
    description: 'The price of a fruit.',
    inputSchema: { type: 'object', properties: { fruit: { type: 'string' } } },
    execute: ({ fruit }) => fruit.length,
  },
  shout: ({ words }) => words.toUpperCase(),
}`

/**
 * Runs a script from standard input.
 *
 * @param {string} source
 * @param {string[]} [args]
 */
const run = (source, args = []) => runCommand(['run', '-', ...args], { input: source })

test('text goes to standard output, and the exit code is 0', async () => {
  const folder = await folderWith({
    'tools.mjs': TOOLS,
    'script.js': 'text(await tools.price({ fruit: "apple" })); text(await tools.shout({ words: "hey" }))',
  })
  const result = await runCommand(['run', 'script.js', '--tools', 'tools.mjs'], { cwd: folder })
  expect(result).toEqual({ exitCode: 0, stdout: '5\nHEY\n', stderr: '' })
})

test('tools may come from a function, and have schemas of a library; close is called in the end', async () => {
  const schema =
    "{ '~standard': { version: 1, vendor: 'own', validate: ({ n }) => n > 0 ? { value: { n } } : { issues: [{ message: 'too small' }] }, jsonSchema: { input: () => ({}), output: () => ({}) } } }"
  const folder = await folderWith({
    'tools.mjs': `
      export default async () => ({ double: { inputSchema: ${schema}, execute: ({ n }) => 2 * n } })
      export const close = () => console.log('closed')`,
    'script.js': 'text(await tools.double({ n: 2 })); await tools.double({ n: 0 })',
  })
  const result = await runCommand(['run', 'script.js', '-t', 'tools.mjs'], { cwd: folder })
  expect(result.stdout).toBe('4\nclosed\n')
  expect(result.stderr).toContain('the input of tool `double` is not valid: too small')
  expect(result.exitCode).toBe(1)
})

test('output comes as it is emitted, while the script runs', async () => {
  const { child, ended, seen } = startCommand(['run', '-'])
  child.stdin.end('text("first"); await new Promise(() => setTimeout(() => {}, 1e6))')
  await expect.poll(() => seen.stdout, { timeout: 20_000 }).toBe('first\n')
  expect(child.exitCode).toBe(null)
  child.kill('SIGINT')
  expect((await ended).exitCode).toBe(130)
})

test('pictures and sounds become files that were not there before', async () => {
  const source = `
    image('data:image/svg+xml,%3Csvg/%3E')
    audio('data:audio/mpeg;base64,AAAA')
    text('done')`
  const folder = await folderWith({ 'draw.js': source, 'draw-1.svg': 'mine' })
  const args = ['run', 'draw.js', '--media', 'out']
  const first = await runCommand(args, { cwd: folder })
  const file = (/** @type {string} */ name) => join('out', name)
  expect(first.stdout).toBe(
    `[image, image/svg+xml, 6 bytes: ${file('draw-1.svg')}]\n[audio, audio/mpeg, 3 bytes: ${file('draw-2.mp3')}]\ndone\n`,
  )
  expect(await readFile(join(folder, 'out', 'draw-1.svg'), 'utf8')).toBe('<svg/>')
  const second = await runCommand(['run', 'draw.js'], { cwd: folder })
  expect(second.stdout).toContain('draw-2.svg]')
  expect(await readFile(join(folder, 'draw-1.svg'), 'utf8')).toBe('mine')
})

test.for([
  [1, 'a script that throws', 'text("before"); null.x', [], 'SCRIPT_ERROR'],
  [3, 'one that does not compile', 'const = 1', [], 'SYNTAX_ERROR'],
  [4, 'one that computes too long', 'while (true) {}', ['--cpu-ms', '50'], 'CPU_LIMIT'],
  [
    4,
    'one that lives too long',
    'await new Promise(() => setTimeout(() => {}, 1e6))',
    ['--wall-ms', '50'],
    'TIME_LIMIT',
  ],
  [
    4,
    'one that takes too much',
    'const a = []; while (true) a.push({})',
    ['--heap-mib', '16'],
    'MEMORY_LIMIT',
  ],
])('the exit code is %i for %s', async ([code, , source, args, reason]) => {
  const { exitCode, stderr } = await run(/** @type {string} */ (source), /** @type {string[]} */ (args))
  expect(stderr).toContain(`codecell: the script failed (${reason})`)
  expect(exitCode).toBe(code)
})

test('an error shows where in the script it is', async () => {
  const { stderr } = await run('text(1)\nnull.x')
  expect(stderr).toContain("TypeError: Cannot read properties of null (reading 'x')")
  expect(stderr).toContain('> 2 | null.x')
})

test.for(
  /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]),
)('%s terminates the script, aborts its calls, and then ends the command', async ([signal, code]) => {
  const folder = await folderWith({
    'tools.mjs': `
      export default {
        hang: (input, { signal }) => new Promise((resolve, reject) => {
          console.log('called')
          signal.addEventListener('abort', () => { console.log('aborted'); reject(new Error('aborted')) })
        }),
      }`,
    'script.js': 'tools.hang({}); await 0; text("looping"); while (true) {}',
  })
  const { child, ended, seen } = startCommand(['run', 'script.js', '-t', 'tools.mjs'], { cwd: folder })
  await expect.poll(() => seen.stdout, { timeout: 20_000 }).toContain('looping')
  child.kill(signal)
  const { exitCode, stdout, stderr } = await ended
  expect(exitCode).toBe(code)
  expect(stdout).toContain('aborted')
  expect(stderr).toContain('the script was terminated')
})

test('a second Ctrl-C does not wait for tools that go on', async () => {
  const folder = await folderWith({
    'tools.mjs': 'export default { hang: () => new Promise(() => { setInterval(() => {}, 1e6) }) }',
    'script.js': 'text("calling"); await tools.hang({})',
  })
  const { child, ended, seen } = startCommand(['run', 'script.js', '-t', 'tools.mjs'], { cwd: folder })
  await expect.poll(() => seen.stdout, { timeout: 20_000 }).toContain('calling')
  child.kill('SIGINT')
  await expect.poll(() => seen.stderr, { timeout: 20_000 }).toContain('once more ends it at once')
  child.kill('SIGINT')
  const { exitCode, stderr } = await ended
  expect(exitCode).toBe(130)
  expect(stderr).not.toContain('was terminated')
})

test('a reader that goes away ends the script', async () => {
  const { child, ended, seen } = startCommand(['run', '-'])
  const closed = new Promise((resolve) => child.stdout.once('data', () => resolve(child.stdout.destroy())))
  child.stdin.end('for (;;) { text("y"); await new Promise((resolve) => setTimeout(resolve, 1)) }')
  await closed
  const { exitCode } = await ended
  expect(seen.stderr).toBe('codecell: the script was terminated\n')
  expect(exitCode).toBe(0)
})

test('--stored keeps values from one run to the next', async () => {
  const folder = await folderWith({ 'count.js': 'store("n", (load("n") ?? 0) + 1); text(load("n"))' })
  const args = ['run', 'count.js', '--stored', 'values.json']
  expect((await runCommand(args, { cwd: folder })).stdout).toBe('1\n')
  expect((await runCommand(args, { cwd: folder })).stdout).toBe('2\n')
  expect(JSON.parse(await readFile(join(folder, 'values.json'), 'utf8'))).toEqual({ n: 2 })
})

test('--verbose tells the calls, and notify() is told anyway', async () => {
  const folder = await folderWith({
    'tools.mjs': TOOLS,
    'script.js': 'notify("half"); await tools.price({ fruit: "fig" })',
  })
  const { stderr } = await runCommand(['run', 'script.js', '-v', '-t', 'tools.mjs'], { cwd: folder })
  expect(stderr).toMatch(/codecell: half\n/)
  expect(stderr).toMatch(/codecell: tool-1 price \{ fruit: 'fig' \}\n/)
  expect(stderr).toMatch(/codecell: tool-1 price gave 3, \d+ ms\n/)
})

test('a promise that nobody looked at is told', async () => {
  const { exitCode, stderr } = await run('Promise.reject(new Error("lost")); text(1)')
  expect(stderr).toContain('a promise of the script rejected, and nobody looked: lost')
  expect(exitCode).toBe(0)
})

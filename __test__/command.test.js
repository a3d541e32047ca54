// The command's help, its errors, and `codecell types`.

import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { COMMAND, folderWith, runCommand } from './support/command.js'

test('package.json names the command', async () => {
  const { bin } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  expect(COMMAND.endsWith(bin.codecell)).toBe(true)
})

test('help tells the commands, their options and their exit codes', async () => {
  const { stdout, exitCode } = await runCommand([])
  expect(exitCode).toBe(0)
  for (const name of ['run', 'mcp', 'types']) {
    expect(stdout).toContain(`  ${name} `)
    const help = await runCommand([name, '--help'])
    expect(help).toMatchObject({ exitCode: 0, stderr: '' })
    expect(help.stdout).toContain(`Usage: codecell ${name}`)
    expect((await runCommand(['help', name])).stdout).toBe(help.stdout)
  }
  expect((await runCommand(['run', '-h'])).stdout).toContain('Exit codes:')
})

test('--version tells those of codecell, V8 and Node', async () => {
  const { stdout } = await runCommand(['--version'])
  expect(stdout).toMatch(/^codecell \d+\.\d+\.\d+ \(V8 [\d.]+, Node [\d.]+\)\n$/)
  expect((await runCommand(['run', '-V'])).stdout).toBe(stdout)
})

test.for([
  [['rum', 'x.js'], 'there is no command `rum`; did you mean `run`? Commands: run, mcp, types.'],
  [['explode'], 'there is no command `explode`. Commands: run, mcp, types.'],
  [
    ['run', 'x.js', '--tolls', 'y'],
    'there is no option `--tolls`; did you mean `--tools`? See: codecell run --help',
  ],
  [['run', 'x.js', '--bananas'], 'there is no option `--bananas`. See: codecell run --help'],
  [['--tools', 'y'], 'there is no option `--tools`. See: codecell --help'],
  [['run'], 'no script was given. Usage: codecell run SCRIPT [options]'],
  [['run', 'a.js', 'b.js'], '`b.js` is one argument too many. Usage: codecell run SCRIPT [options]'],
  [['run', 'a.js', '--tools'], '`--tools` needs a value: --tools FILE.'],
  [['run', 'a.js', '--verbose=yes'], '`--verbose` takes no value; got "yes".'],
  [['run', 'a.js', '--cpu-ms', 'soon'], '--cpu-ms must be a whole number of at least 1; got "soon".'],
  [['run', 'a.js', '--heap-mib', '4'], '--heap-mib must be a whole number from 16 to 2048; got "4".'],
  [['run', 'missing.js'], 'the script missing.js cannot be read: ENOENT'],
  [['types'], 'give --tools with a module, or --config with MCP servers, or both'],
  [['mcp'], 'give --config with MCP servers, or --tools with a module, or both'],
])('codecell %j is refused', async ([args, message]) => {
  const { exitCode, stdout, stderr } = await runCommand(/** @type {string[]} */ (args))
  expect(stderr).toContain(`codecell: ${message}`)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})

test.for([
  [
    'export const other = 1',
    'must export its tools: export default { name: { description, inputSchema, execute } }; its default export is undefined',
  ],
  ['export default 5', 'its default export is 5 (number)'],
  ['export default { a: {} }', 'tools.mjs: tools.a.execute must be a function; got undefined'],
  [
    'export default { a: { inputSchema: 5, execute() {} } }',
    'tools.a.inputSchema must be a JSON schema or a Standard Schema',
  ],
  [
    'export default () => { throw new Error("no database") }',
    'the default export of tools.mjs threw: no database',
  ],
  ['import "./nowhere.mjs"', 'tools.mjs could not be loaded: Cannot find module'],
  ['export default { "a-b": () => 1, a_b: () => 1 }', 'a_b'],
])('a module of tools that is %j is refused', async ([source, message]) => {
  const folder = await folderWith({ 'tools.mjs': /** @type {string} */ (source), 's.js': 'text(1)' })
  const { exitCode, stderr } = await runCommand(['run', 's.js', '--tools', 'tools.mjs'], { cwd: folder })
  expect(stderr).toContain(message)
  expect(exitCode).toBe(2)
})

test.for([
  ['{', 'servers.json is no valid JSON'],
  ['[]', 'servers.json must be an object; got []'],
  [
    '{ "server": {} }',
    'servers.json has no "mcpServers": { "mcpServers": { "name": { "command": "…", "args": [] } } }; it has "server"',
  ],
  [
    '{ "mcpServers": { "a": {} } }',
    'mcpServers.a must have either a "command", for a server to start, or a "url"; it has neither',
  ],
  [
    '{ "mcpServers": { "a": { "comand": "node" } } }',
    'mcpServers.a has an unknown key "comand"; did you mean "command"?',
  ],
  [
    '{ "mcpServers": { "a": { "command": "node", "args": "x" } } }',
    'mcpServers.a.args must be a list of strings; got "x"',
  ],
  [
    '{ "mcpServers": { "a": { "command": "node", "env": { "A": 1 } } } }',
    'mcpServers.a.env.A must be a string; got 1',
  ],
  [
    '{ "mcpServers": { "a": { "command": "${CODECELL_NOWHERE}" } } }',
    'mcpServers.a.command names ${CODECELL_NOWHERE}, and there is no such variable',
  ],
  ['{ "mcpServers": { "a": { "url": "there" } } }', 'mcpServers.a.url must be a URL; got "there"'],
  [
    '{ "mcpServers": { "a": { "url": "http://localhost", "type": "ftp" } } }',
    'mcpServers.a.type must be "http" or "sse"',
  ],
  [
    '{ "mcpServers": { "a": { "command": "codecell-no-such-command" } } }',
    'none of the servers in servers.json could be started',
  ],
])('a file of servers that is %j is refused', async ([text, message]) => {
  const folder = await folderWith({ 'servers.json': /** @type {string} */ (text) })
  const { exitCode, stderr } = await runCommand(['types', '--config', 'servers.json'], { cwd: folder })
  expect(stderr).toContain(message)
  expect(exitCode).toBe(2)
})

test('types prints the declarations, --description all that a model reads', async () => {
  const folder = await folderWith({
    'tools.mjs': `export default {
      b: { description: 'Two\\nlines.', outputSchema: { type: 'number' }, execute: () => 1 },
      a: () => 1,
    }`,
  })
  const { stdout } = await runCommand(['types', '--tools', 'tools.mjs'], { cwd: folder })
  expect(stdout).toBe(`declare const tools: { a(args: unknown): Promise<unknown>; };

/**
 * Two
 * lines.
 */
declare const tools: { b(args: unknown): Promise<number>; };
`)
  const whole = await runCommand(['types', '--tools', 'tools.mjs', '-d'], { cwd: folder })
  expect(whole.stdout).toMatch(/^# exec\n\nRuns JavaScript[\s\S]*### `b`[\s\S]*\n# wait\n\nResumes/)
})

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fileTools } from '../examples/repo-report/tools.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs an example in a process of its own. Rejects if it does not end by itself with exit code 0.
 *
 * @param {string} name
 */
async function runExample(name) {
  const temporary = await temporaryFolder()
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [join('examples', name, 'main.js')],
    {
      cwd: root,
      env: { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
      timeout: 50_000,
    },
  )
  expect(stderr).toBe('')
  return { stdout, temporary }
}

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'codecell-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

test('repo-report yields once, goes on, and ends with a table and a chart', async () => {
  const { stdout, temporary } = await runExample('repo-report')
  const [, first, second] = stdout.split('\n=== The model calls ')

  expect(first).toMatch(/^exec with script\.js and reads:\n\nScript running with cell ID 1\nWall time /)
  expect(first).toMatch(/Counted \d+ files in \d+ folders\./)

  expect(second).toMatch(/^wait for cell 1 and reads:\n\nScript completed\nWall time /)
  expect(second).not.toContain('Counted')
  expect(second).toMatch(/^folder +files +lines +words$/m)
  expect(second).toMatch(/^src\/engine( +\d+){3}$/m)
  expect(second).toMatch(/^src\/cell\/mod\.rs: The life of one cell/m)
  expect(second).toMatch(/^Places with unsafe code: \d+, in \d+ files\.$/m)
  expect(second).toMatch(/^=== The session keeps what the script stored: the largest folder is \S+\.$/m)

  const image = /^\[image, image\/svg\+xml, (\d+) bytes, detail low: (.+)\]$/m.exec(second ?? '')
  const svg = await readFile(join(temporary, 'codecell-repo-report.svg'), 'utf8')
  expect(image?.[2]).toBe(join(temporary, 'codecell-repo-report.svg'))
  expect(svg).toHaveLength(Number(image?.[1]))
  expect(svg).toMatch(/^<svg [\s\S]*>src\/engine<\/text>[\s\S]*<\/svg>\n$/)
})

test('endless yields, is terminated, and leaves an idle CPU and a working session', async () => {
  const { stdout } = await runExample('endless')
  expect(stdout).toMatch(/answered after \d+ ms: running, \[\{"type":"text","text":"before the loop"\}\]/)
  expect(stdout).toMatch(/answered after \d+ ms: terminated;/)
  expect(stdout.match(/cells alive: \d+/g)).toEqual(['cells alive: 1', 'cells alive: 0'])
  expect(stdout).toContain('completed, [{"type":"text","text":"42"}]')
  expect(stdout).toContain('failed, CPU_LIMIT: ')

  // Processor time of that process alone, so other work on this machine does not count.
  const [, after] = [...stdout.matchAll(/CPU: (\d+) % of one core/g)].map(([, share]) => Number(share))
  expect(after).toBeLessThan(30)
})

test('ai-sdk-agent mends its script, and reads 40 orders in three turns', async () => {
  const { stdout } = await runExample('ai-sdk-agent')
  expect(stdout.match(/^model calls exec/gm)).toHaveLength(2)
  expect(stdout).toMatch(/^model reads: .*tool `getOrder` expects a JSON object for arguments/m)
  expect(stdout).toMatch(/^model: Grace, with 384\.93 euros\.\n3 turns of the model, 40 orders read\n$/m)
})

test('mcp-session works on two servers through codecell mcp', async () => {
  const { stdout } = await runExample('mcp-session')
  expect(stdout).toContain('The client sees exec and wait.')
  expect(stdout).toContain('The description of exec declares 16 tools.')
  expect(stdout.match(/^progress: files__read_text_file \(tool-\d\) is done$/gm)).toHaveLength(3)
  expect(stdout).toMatch(
    /^Script completed\n.*\nOutput:\n\nEmma: Ada\nUlysses: Grace\nWalden: on its shelf$/m,
  )
  expect(stdout).toMatch(/^progress: reminding Ada$/m)
  expect(stdout).toMatch(/^=== wait \{"cell_id":"2"\}$/m)
  expect(stdout).toMatch(/^ToolError: Edsger does not have Walden\.$/m)
  expect(stdout).toMatch(/as the filesystem server wrote it:\nEmma: Ada\n/)
})

describe('the tools of repo-report', () => {
  const call = { id: 'tool-1', cellId: '1', name: 'test', signal: new AbortController().signal }

  async function tools() {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'secret.txt'), 'secret')
    const repository = join(folder, 'repository')
    await mkdir(join(repository, 'node_modules'), { recursive: true })
    await writeFile(join(repository, 'node_modules', 'dependency.js'), '')
    await writeFile(join(repository, 'a.js'), `${'a'.repeat(40)}!\nsecond line\n`)
    await symlink(join(folder, 'secret.txt'), join(repository, 'link.txt'))
    return { tools: fileTools(repository), folder }
  }

  test('see the files of the repository and nothing else', async () => {
    const { tools: given, folder } = await tools()
    expect(await given.list_files?.execute({}, call)).toEqual({ paths: ['a.js'] })
    expect(await given.read_file?.execute({ path: 'a.js', first_line: 2, line_count: 1 }, call)).toEqual({
      text: 'second line',
    })
    expect(await given.count_words?.execute({ path: 'a.js' }, call)).toEqual({
      lines: 2,
      words: 3,
      bytes: 54,
    })

    for (const path of ['../secret.txt', join(folder, 'secret.txt'), 'link.txt', '.', '']) {
      await expect(given.read_file?.execute({ path }, call)).rejects.toThrow('is outside the repository')
    }
    await expect(given.read_file?.execute({ path: 'missing.js' }, call)).rejects.toThrow(
      /^there is no file missing\.js$/,
    )
    await expect(given.read_file?.execute({ path: 5 }, call)).rejects.toThrow('path must be a string')
  })

  test('search, and survive a pattern that takes for ever', async () => {
    const { tools: given } = await tools()
    const search = (/** @type {string} */ pattern) =>
      given.search?.execute({ pattern, paths: ['a.js'] }, call)
    expect(await search('^sec.nd')).toEqual({ matches: [{ path: 'a.js', line: 2, text: 'second line' }] })
    await expect(search('(')).rejects.toThrow('Invalid regular expression')
    await expect(search('^(a+)+$')).rejects.toThrow('limits.cpuMs')
  })

  test('stop when their signal is aborted', async () => {
    const { tools: given } = await tools()
    const aborted = { ...call, signal: AbortSignal.abort() }
    const input = { path: 'a.js', paths: ['a.js'], pattern: 'a' }
    for (const tool of Object.values(given)) {
      await expect(tool.execute(input, aborted)).rejects.toThrow(/abort/i)
    }
  })
})

// §1.4 and §1.5: what the model reads.

import { expect, test } from 'vitest'
import {
  expectFault,
  FOREVER,
  gate,
  newSession,
  outcome,
  sleep,
  texts,
  until,
} from './support/lifecycle-helpers.js'

const HEADER =
  /^(Script running with cell ID \d+|Script completed|Script failed|Script terminated)\nWall time (\d+\.\d) seconds\nOutput:\n$/

/**
 * The status and the wall time of an answer, whose first item must be a header.
 *
 * @param {any} output
 */
function header(output) {
  expect(output.content[0].type).toBe('text')
  const [, status, seconds] = HEADER.exec(output.content[0].text) ?? []
  expect(status, output.content[0].text).toBeDefined()
  return { status, seconds: Number(seconds) }
}

test('1.4 header: a completed script is `Script completed`, a success without cellId', async () => {
  const output = await newSession().modelTools().exec.run('text(1)')
  expect(header(output).status).toBe('Script completed')
  expect(output).toEqual({ success: true, content: [expect.anything(), { type: 'text', text: '1' }] })
})

test('1.4 header: a cell that yielded is `Script running with cell ID`, a success with its cellId', async () => {
  const session = newSession()
  const { exec, wait } = session.modelTools()
  await session.exec('1')
  const output = await exec.run(`text("so far"); yield_control(); ${FOREVER}`)
  expect(header(output).status).toBe('Script running with cell ID 2')
  expect(output).toMatchObject({ success: true, cellId: '2' })
  expect(texts(output).slice(1)).toEqual(['so far'])
  expect(await wait.run({ cell_id: '2', yield_time_ms: 1 })).toMatchObject({ success: true, cellId: '2' })
})

test('1.4 header: a script that threw is `Script failed`, no success, without cellId', async () => {
  const output = await newSession().modelTools().exec.run('throw new Error("boom")')
  expect(header(output).status).toBe('Script failed')
  expect(output.success).toBe(false)
  expect('cellId' in output).toBe(false)
})

test('1.4 header: a terminated cell is `Script terminated`, a success without cellId', async () => {
  const tool = gate()
  const { exec, wait } = newSession({ tools: { tool } }).modelTools()
  const { cellId } = await exec.run('yield_control(); text("unseen"); await tools.tool({})')
  await until(() => tool.calls.length > 0)
  const stopped = wait.run({ cell_id: cellId, terminate: true })
  tool.calls[0].resolve()
  const output = await stopped
  expect(header(output).status).toBe('Script terminated')
  expect(output.success).toBe(true)
  expect('cellId' in output).toBe(false)
  expect(texts(output).slice(1)).toEqual(['unseen'])
})

test('1.4 header: no output is just the header', async () => {
  const { content } = await newSession().modelTools().exec.run('1')
  expect(content).toHaveLength(1)
})

test('1.4 wall time: that of this call, in seconds with one decimal, and not the age of the cell', async () => {
  const { exec, wait } = newSession().modelTools()
  const timed = async (/** @type {() => Promise<any>} */ call) => {
    const start = performance.now()
    const output = await call()
    return { shown: header(output).seconds, spent: (performance.now() - start) / 1000, output }
  }
  const first = await timed(() =>
    exec.run('yield_control(); await new Promise((r) => setTimeout(r, 400)); 1'),
  )
  await sleep(500)
  const last = await timed(() => wait.run({ cell_id: first.output.cellId }))
  // It can be rounded up, by half a tenth at most.
  for (const { shown, spent } of [first, last]) expect(shown).toBeLessThanOrEqual(spent + 0.051)
  const whole = await timed(() => exec.run('await new Promise((r) => setTimeout(r, 160))'))
  expect(whole.shown).toBeGreaterThanOrEqual(0.2)
  expect(whole.shown).toBeLessThanOrEqual(whole.spent + 0.051)
})

test('1.4 items: they follow in emission order, and nothing is merged', async () => {
  const url = 'data:image/png;base64,AAAA'
  const { content } = await newSession()
    .modelTools()
    .exec.run(`text("a"); text(""); image("${url}"); text("b"); image("${url}", "low"); text("b")`)
  expect(content.slice(1)).toEqual([
    { type: 'text', text: 'a' },
    { type: 'text', text: '' },
    { type: 'image', imageUrl: url, detail: 'high' },
    { type: 'text', text: 'b' },
    { type: 'image', imageUrl: url, detail: 'low' },
    { type: 'text', text: 'b' },
  ])
})

test('1.4 error: it is one last text item, after the output before the failure', async () => {
  const output = await newSession().modelTools().exec.run('text("before")\nthrow new Error("boom")')
  expect(texts(output).slice(1)).toEqual([
    'before',
    expect.stringMatching(/^Script error:\nError: boom\n {4}at exec_main\.mjs:2:7/),
  ])
})

/**
 * The error item of a script that fails.
 *
 * @param {string} source
 */
async function errorOf(source) {
  const output = await newSession().modelTools().exec.run(source)
  expect(output.success).toBe(false)
  return output
}

test('1.4 error: of an Error it is its stack, of a primitive its string conversion', async () => {
  for (const [source, expected] of [
    ['throw "x"', 'x'],
    ['throw 7', '7'],
    ['throw undefined', 'undefined'],
    ['throw null', 'null'],
    ['throw 10n', '10'],
    ['await Promise.reject(new RangeError("r"))', 'RangeError: r\n    at exec_main.mjs:1:22'],
    ['class Own extends Error {}\nthrow new Own("o")', 'Own: o\n    at exec_main.mjs:2:7'],
  ]) {
    const [shown] = texts(await errorOf(source)).slice(-1)
    // Below the stack, the line of the script may be shown.
    expect(`${shown}\n`.startsWith(`Script error:\n${expected}\n`), shown).toBe(true)
  }
})

test('1.4 error: of a thrown object with a string `stack` it is that stack', async () => {
  expect(texts(await errorOf('throw { stack: "my stack" }')).at(-1)).toBe('Script error:\nmy stack')
})

test('1.4 error: codecell reads what was thrown without running code of the script', async () => {
  const output = await errorOf(`throw {
    get stack() { text('ran'); return 's' },
    get message() { text('ran'); return 'm' },
    toString() { text('ran'); return 't' },
  }`)
  expect(output.content).toHaveLength(2)
})

test('1.4 error: it counts as output, and can be truncated', async () => {
  const { exec } = newSession().modelTools()
  const output = await exec.run('// @exec: {"max_output_tokens": 10}\nthrow "x".repeat(400)')
  expect(output.content).toHaveLength(2)
  expect(header(output).status).toBe('Script failed')
  expect(texts(output)[1]).toMatch(/^Warning: truncated output/)
})

test('1.5 an unknown cell is no error of the tool: `Script failed`, and that it was not found', async () => {
  const { wait } = newSession().modelTools()
  for (const input of [{ cell_id: '999999' }, { cell_id: '999999', terminate: true }]) {
    const output = await wait.run(input)
    expect(header(output).status).toBe('Script failed')
    expect(output.success).toBe(false)
    expect(texts(output).slice(1)).toEqual(['Script error:\nexec cell 999999 not found'])
    expect('cellId' in output).toBe(false)
  }
})

test('1.5 a cell is gone once its final answer was delivered: later waits do not find it', async () => {
  const { exec, wait } = newSession().modelTools()
  const { cellId } = await exec.run(
    'yield_control(); await new Promise((r) => setTimeout(r, 5)); text("end")',
  )
  const last = await wait.run({ cell_id: cellId })
  expect(header(last).status).toBe('Script completed')
  expect(texts(last).slice(1)).toEqual(['end'])
  for (const terminate of [false, true]) {
    const again = await wait.run({ cell_id: cellId, terminate })
    expect(texts(again).slice(1)).toEqual([`Script error:\nexec cell ${cellId} not found`])
  }
})

test('1.5 a second observer is refused with a message for the model, and the first goes on', async () => {
  const tool = gate()
  const { exec, wait } = newSession({ tools: { tool } }).modelTools()
  const { cellId } = await exec.run('yield_control(); await tools.tool({}); text("end")')
  const first = outcome(wait.run({ cell_id: cellId }))
  await expectFault(
    wait.run({ cell_id: cellId }),
    'CELL_BUSY',
    `exec cell ${cellId} already has an active observer`,
  )
  await until(() => tool.calls.length === 1)
  tool.calls[0].resolve()
  expect(texts((await first).value).slice(1)).toEqual(['end'])
})

test('1.5 a second termination is refused with a message for the model', async () => {
  const tool = gate()
  const { exec, wait } = newSession({ tools: { tool } }).modelTools()
  const { cellId } = await exec.run('const p = tools.tool({}); yield_control(); await p')
  await until(() => tool.calls.length === 1)
  const first = wait.run({ cell_id: cellId, terminate: true })
  await expectFault(
    wait.run({ cell_id: cellId, terminate: true }),
    'CELL_TERMINATING',
    `exec cell ${cellId} is already terminating`,
  )
  tool.calls[0].resolve()
  expect(header(await first).status).toBe('Script terminated')
})

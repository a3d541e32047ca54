// `codecell/tanstack` with TanStack AI's code mode.

import { toolDefinition } from '@tanstack/ai'
import { createCodeMode, createCodeModeTool } from '@tanstack/ai-code-mode'
import { codecellIsolateDriver } from 'codecell/tanstack'
import { expect, test } from 'vitest'
import * as z from 'zod'

const add = toolDefinition({
  name: 'add',
  description: 'Adds.',
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  outputSchema: z.object({ sum: z.number() }),
}).server(async ({ a, b }) => ({ sum: a + b }))

const broken = toolDefinition({
  name: 'broken',
  description: 'Is broken.',
  inputSchema: z.object({}),
}).server(async () => {
  throw new Error('the disk is full')
})

/**
 * @param {string} typescriptCode
 * @param {object} [options]
 * @returns {Promise<any>}
 */
async function run(typescriptCode, options) {
  const tool = createCodeModeTool({
    driver: codecellIsolateDriver(),
    tools: [add, broken],
    ...options,
  })
  return /** @type {any} */ (tool).execute({ typescriptCode })
}

test('code calls the tools as external functions, and returns a value', async () => {
  const result = await run(`
    const sums: { sum: number }[] = await Promise.all([1, 2].map((n) => external_add({ a: n, b: n })))
    return sums.map(({ sum }) => sum)`)
  expect(result).toEqual({ success: true, result: [2, 4], logs: [] })
})

test('what goes to the console is in the logs, of code that fails, too', async () => {
  const result = await run(`
    console.log('one', { a: 1 })
    console.warn('two')
    console.error(new TypeError('three'))
    null.x`)
  expect(result).toMatchObject({
    success: false,
    logs: ['one {"a":1}', 'WARN: two', 'ERROR: TypeError: three'],
    error: { name: 'TypeError', message: "Cannot read properties of null (reading 'x')" },
  })
})

test('a tool that fails can be caught, and code without return gives nothing', async () => {
  const result = await run('try { await external_broken({}) } catch (error) { console.log(error.message) }')
  expect(result).toEqual({ success: true, result: undefined, logs: ['the disk is full'] })
})

test('the timeout ends a loop, and memoryLimit a heap that grows', async () => {
  expect(await run('while (true) {}', { timeout: 50 })).toMatchObject({
    success: false,
    error: { name: 'TimeoutError', message: 'Execution timed out after 50 ms' },
  })
  const grown = await run('const all = []; while (true) all.push(new Array(1000).fill(0))', {
    memoryLimit: 16,
  })
  expect(grown).toMatchObject({ success: false, error: { message: expect.stringContaining('memory') } })
})

test('what is no code, and a value that is not JSON, are errors', async () => {
  const context = await codecellIsolateDriver().createContext({ bindings: {} })
  expect(await context.execute('return (')).toMatchObject({ success: false, error: { name: 'SyntaxError' } })
  expect(await run('return 1n')).toMatchObject({ success: false, error: { name: 'TypeError' } })
})

test('each run is fresh, and a context that was disposed of runs nothing', async () => {
  const driver = codecellIsolateDriver({ limits: { cpuMs: 1_000 } })
  const context = await driver.createContext({ bindings: {} })
  expect(await context.execute('globalThis.x = 1; return 1')).toMatchObject({ value: 1 })
  expect(await context.execute('return typeof x')).toMatchObject({ value: 'undefined' })
  await context.dispose()
  expect(await context.execute('return 1')).toMatchObject({
    success: false,
    error: { message: 'the context was disposed of' },
  })
})

test('createCodeMode takes the driver', async () => {
  const { tool, systemPrompt } = createCodeMode({ driver: codecellIsolateDriver(), tools: [add] })
  expect(systemPrompt).toContain('external_add')
  const result = await /** @type {any} */ (tool).execute({
    typescriptCode: 'return (await external_add({ a: 1, b: 2 })).sum',
  })
  expect(result).toMatchObject({ success: true, result: 3 })
})

test('an option that is not right is named', () => {
  expect(() => codecellIsolateDriver(/** @type {any} */ ({ limit: {} }))).toThrow(
    'unknown key "limit" in codecellIsolateDriver options',
  )
})

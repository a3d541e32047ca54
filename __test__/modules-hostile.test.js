import { expect, test } from 'vitest'
import { Session } from '../js/index.js'

/**
 * @param {string} source
 * @param {import('../index.d.ts').SessionOptions} [options]
 */
async function printed(source, options) {
  const session = new Session(options)
  const result = await session.exec(source)
  await session.close()
  expect(result).toMatchObject({ status: 'completed' })
  return result.status === 'completed' ? result.content.map((item) => item.type === 'text' && item.text) : []
}

test('2.13 imports: a getter in the place of a helper is not run, and the module has the helper itself', async () => {
  const source = `
    const print = text
    Object.defineProperty(globalThis, 'text', { get() { import('@openai/code_mode'); return 1 } })
    const module = await import('@openai/code_mode')
    print(module.text === print)`
  expect(await printed(source)).toEqual(['true'])
})

test('2.13 imports: a getter in the place of a tool is not run', async () => {
  const source = `
    Object.defineProperty(tools, 't', { get() { import('tools.js'); return 1 } })
    text(typeof (await import('tools.js')).t)`
  expect(await printed(source, { tools: { t: { execute() {} } } })).toEqual(['undefined'])
})

test('2.13 imports: tools.js has the very tools and ALL_TOOLS of the script', async () => {
  const source = `
    const module = await import('tools.js')
    text([module.ALL_TOOLS === ALL_TOOLS, module.default === tools, module.t === tools.t])`
  expect(await printed(source, { tools: { t: { execute() {} } } })).toEqual(['[true,true,true]'])
})

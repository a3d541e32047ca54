import { describe, expect, test } from 'vitest'
import { content, failure, json, openSession, texts, textsOf } from './support/cell.js'

const echo = { execute: (input) => input }
const tools = { echo, 'get-weather': { execute: () => 'sunny' } }
const HELPERS =
  `ALL_TOOLS as_settled audio clearTimeout exit generatedImage image load notify setTimeout store
  stream_settled text tools yield_control`.split(/\s+/)

describe('tools.js', () => {
  test('2.13 tools.js: exports each tool under its identifier', async () => {
    const source = `import { echo, get_weather } from 'tools.js'
      text([await echo({ a: 1 }), await get_weather(), echo === tools.echo])`
    expect(await json(source, { tools })).toEqual([{ a: 1 }, 'sunny', true])
  })

  test('2.13 tools.js: exports ALL_TOOLS, and tools as default', async () => {
    const source = `import all, { ALL_TOOLS as list } from 'tools.js'
      text([all === tools, list === ALL_TOOLS])`
    expect(await json(source, { tools })).toEqual([true, true])
  })

  test('2.13 tools.js: has no other exports', async () => {
    const source = "import * as module from 'tools.js'; text(Object.keys(module))"
    expect(await json(source, { tools })).toEqual(['ALL_TOOLS', 'default', 'echo', 'get_weather'])
    expect(await json(source)).toEqual(['ALL_TOOLS', 'default'])
  })

  test('2.13 tools.js: a tool goes before an export of ours with its name', async () => {
    const source =
      "import mine, { ALL_TOOLS } from 'tools.js'; text([await mine({ a: 1 }), await ALL_TOOLS({ b: 2 })])"
    expect(await json(source, { tools: { default: echo, ALL_TOOLS: echo } })).toEqual([{ a: 1 }, { b: 2 }])
  })

  test('2.13 tools.js: has the tools of this exec', async () => {
    const session = openSession({ tools })
    const source = "import * as module from 'tools.js'; text(Object.keys(module))"
    const result = await session.exec(source, { tools: { mine: echo } })
    expect(JSON.parse(textsOf(result)[0])).toEqual(['ALL_TOOLS', 'default', 'mine'])
  })

  test('2.13 tools.js: an export that is no tool is a SYNTAX_ERROR with its place', async () => {
    const error = await failure("text('never')\nimport { nope } from 'tools.js'", { tools })
    expect(error).toMatchObject({
      code: 'SYNTAX_ERROR',
      name: 'SyntaxError',
      message: "The requested module 'tools.js' does not provide an export named 'nope'",
      line: 2,
      column: 10,
    })
  })
})

describe('@openai/code_mode', () => {
  test('2.13 @openai/code_mode: exports every helper, output_text and output_image', async () => {
    const source = "import * as module from '@openai/code_mode'; text(Object.keys(module))"
    expect(await json(source)).toEqual([...HELPERS, 'output_image', 'output_text'].sort())
  })

  test('2.13 @openai/code_mode: the exports are the global helpers', async () => {
    const source = `import * as module from '@openai/code_mode'
      text(${JSON.stringify(HELPERS)}.filter((name) => module[name] !== globalThis[name]))
      text([module.output_text === text, module.output_image === image])`
    expect(await texts(source)).toEqual(['[]', '[true,true]'])
  })

  test('2.13 @openai/code_mode: output_text and output_image emit', async () => {
    const source = `import { output_text, output_image } from '@openai/code_mode'
      output_text('a'); output_image('data:,x')`
    expect(await content(source)).toEqual([
      { type: 'text', text: 'a' },
      { type: 'image', imageUrl: 'data:,x', detail: 'high' },
    ])
  })

  test('2.13 @openai/code_mode: a static import still has a helper that the script overwrites', async () => {
    const source = "import { text as print } from '@openai/code_mode'; globalThis.text = null; print('on')"
    expect(await texts(source)).toEqual(['on'])
  })

  test('2.13 @openai/code_mode: it has no default export', async () => {
    expect(await failure("import all from '@openai/code_mode'")).toMatchObject({
      code: 'SYNTAX_ERROR',
      message: "The requested module '@openai/code_mode' does not provide an export named 'default'",
    })
  })
})

describe('namespaces', () => {
  test.each(['tools.js', '@openai/code_mode'])(
    '2.13 imports: a namespace cannot be changed: %s',
    async (specifier) => {
      const source = `import * as module from '${specifier}'
      const [name] = Object.keys(module)
      const caught = []
      for (const attempt of [() => { module[name] = 1 }, () => { module.mine = 1 }, () => { delete module[name] }]) {
        try { attempt() } catch (error) { caught.push(error.name) }
      }
      text([caught, module[Symbol.toStringTag], Object.getPrototypeOf(module)])`
      expect(await json(source, { tools })).toEqual([['TypeError', 'TypeError', 'TypeError'], 'Module', null])
    },
  )

  test.each(['tools.js', '@openai/code_mode'])(
    '2.13 imports: import() gives what import gives: %s',
    async (specifier) => {
      const source = `import * as module from '${specifier}'
      const dynamic = await import('${specifier}')
      text(Object.keys(module).filter((name) => dynamic[name] !== module[name]))
      text(Object.keys(dynamic).length === Object.keys(module).length)`
      expect(await texts(source, { tools })).toEqual(['[]', 'true'])
    },
  )

  test.each(['tools.js', '@openai/code_mode'])(
    '2.13 imports: a module is made once: %s',
    async (specifier) => {
      const source = `import * as module from '${specifier}'
      text([await import('${specifier}') === await import('${specifier}'), await import('${specifier}') === module])`
      expect(await json(source)).toEqual([true, true])
    },
  )

  test('2.13 imports: import() works in functions, eval and timers, and converts the specifier', async () => {
    const source = `const found = [
        await (async () => import('tools.js'))(),
        await eval("import('tools.js')"),
        await new Function("return import('tools.js')")(),
        await import({ toString: () => 'tools.js' }),
        await new Promise((done) => setTimeout(() => done(import('tools.js')), 0)),
      ]
      text(found.map((module) => Object.keys(module).length))`
    expect(await json(source)).toEqual([2, 2, 2, 2, 2])
  })
})

describe('everything else is refused', () => {
  const specifiers = [
    'fs',
    'node:fs',
    'process',
    './tools.js',
    '/tools.js',
    'tools',
    'TOOLS.JS',
    'tools.js?x',
    'file:///etc/passwd',
    'https://a.example/x.js',
    'data:text/javascript,export default 1',
    'exec_main.mjs',
    '',
    '@openai/code_mode/x',
    'codecell',
  ]

  test.each(specifiers)('2.13 imports: a static import is refused: %j', async (specifier) => {
    const error = await failure(`text('never')\nimport { x } from ${JSON.stringify(specifier)}`)
    expect(error).toMatchObject({
      code: 'SYNTAX_ERROR',
      name: 'Error',
      message: `Unsupported import in exec: ${specifier}`,
    })
  })

  test.each(specifiers)('2.13 imports: import() is refused: %j', async (specifier) => {
    const source = `text(1)
      const error = await import(${JSON.stringify(specifier)}).catch((error) => error)
      text([error instanceof Error, error.message])`
    const [, found] = await texts(source)
    expect(JSON.parse(found)).toEqual([true, `Unsupported import in exec: ${specifier}`])
  })

  test('2.13 imports: a refused static import runs nothing of the script', async () => {
    const session = openSession()
    const result = await session.exec("text('never'); import 'fs'")
    expect(result).toMatchObject({ status: 'failed', content: [], error: { code: 'SYNTAX_ERROR' } })
  })

  test('2.13 imports: the place of a refused static import is told', async () => {
    const error = await failure("// a comment\nimport fs from 'fs'")
    expect(error).toMatchObject({ code: 'SYNTAX_ERROR', line: 2 })
  })

  test.each([
    "export * from 'fs'",
    "export { x } from 'fs'",
    "import 'fs'",
    "import fs from 'fs'",
    "import * as fs from 'fs'",
  ])('2.13 imports: every form is refused: %s', async (source) => {
    expect(await failure(source)).toMatchObject({
      code: 'SYNTAX_ERROR',
      message: 'Unsupported import in exec: fs',
    })
  })

  test('2.13 imports: an uncaught import() fails the cell with its place', async () => {
    expect(await failure("text(1)\n  await import('fs')")).toMatchObject({
      code: 'SCRIPT_ERROR',
      name: 'Error',
      message: 'Unsupported import in exec: fs',
      line: 2,
    })
  })

  test('2.13 imports: what converting a specifier throws rejects with the same object', async () => {
    const source = `const mine = {}
      const error = await import({ toString() { throw mine } }).catch((error) => error)
      text(error === mine)
      text((await import(Symbol()).catch((error) => error)) instanceof TypeError)`
    expect(await texts(source)).toEqual(['true', 'true'])
  })

  test('2.13 imports: lone surrogates in a specifier do no harm', async () => {
    const source = "text((await import('\\ud800').catch((error) => error)).message)"
    expect(await texts(source)).toEqual(['Unsupported import in exec: \ufffd'])
  })

  test('2.13 imports: exports of the script are allowed and go nowhere', async () => {
    expect(await texts("export const a = 1; export default text; text('on')")).toEqual(['on'])
  })

  test('2.13 imports: there is no require, and no import maps', async () => {
    expect(await texts('text(typeof require); text(typeof importScripts); text(typeof module)')).toEqual([
      'undefined',
      'undefined',
      'undefined',
    ])
  })
})

test('2.13 import.meta: exists and is empty', async () => {
  const source =
    'text([typeof import.meta, Reflect.ownKeys(import.meta), Object.getPrototypeOf(import.meta)])'
  expect(await json(source)).toEqual(['object', [], null])
})

// Code that a script brings in: modules, code made of strings, and what comments ask of an engine.

import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { json, run, texts } from './support/cell.js'
import { ISOLATIONS } from './support/isolations.js'

const SPECIFIERS = [
  'fs',
  'node:fs',
  './x.js',
  '../package.json',
  '/etc/passwd',
  'file:///etc/passwd',
  'data:text/javascript,export default 1',
  'https://example.com/x.js',
  'blob:x',
  'exec_main.mjs',
  'codecell:helpers',
  'tools.js?1',
  './tools.js',
  'TOOLS.JS',
  '',
  '__proto__',
  'constructor',
]

describe.each(ISOLATIONS)('c.2 code, isolation %s', (isolation) => {
  test.each(SPECIFIERS)(
    'c.2 code: import() of anything else is refused, in the cell’s own words: %j',
    async (name) => {
      const specifier = JSON.stringify(name)
      const ways = [
        `import(${specifier})`,
        `import(${specifier}, { with: { type: 'json' } })`,
        `(0, eval)('import(' + JSON.stringify(${specifier}) + ')')`,
        `Function('name', 'return import(name)')(${specifier})`,
        `new (async () => {}).constructor('name', 'return await import(name)')(${specifier})`,
        `import({ toString: () => ${specifier} })`,
      ]
      const source = `const told = []
      for (const way of [${ways.map((way) => `() => ${way}`)}])
        try { await way(); told.push('imported') } catch (error) { told.push([error instanceof Error, String(error)]) }
      text(told)`
      for (const [own, message] of await json(source, { isolation })) {
        expect(own).toBe(true)
        expect(message).not.toMatch(/node_modules|file:\/\/(?!\/etc)|\.rs\b|ENOENT/)
      }
      expect(await run(`import ${specifier}`, { isolation })).toMatchObject({
        status: 'failed',
        error: { code: 'SYNTAX_ERROR' },
      })
    },
  )

  test('c.2 code: import attributes load nothing: no JSON, no text, no bytes', async () => {
    const source = `const told = []
      for (const type of ['json', 'text', 'bytes', 'css', 'javascript'])
        try { await import('tools.js', { with: { type } }); told.push(type) } catch (error) { told.push(error instanceof Error) }
      text(told.filter((one) => one !== true && one !== 'javascript'))`
    // Whether an attribute on a module of ours is refused or passed over, nothing but that module comes of it.
    const found = await json(source, { isolation })
    for (const type of found) {
      const loaded = await json(
        `text(Object.keys(await import('tools.js', { with: { type: ${JSON.stringify(type)} } })))`,
        { isolation },
      )
      expect(loaded).toEqual(['ALL_TOOLS', 'default'])
    }
  })

  test('c.2 code: import.meta tells nothing', async () => {
    const source = 'text([Reflect.ownKeys(import.meta).map(String), Object.getPrototypeOf(import.meta)])'
    expect(await json(source, { isolation })).toEqual([[], null])
  })

  test.each([
    ['eval', '(0, eval)(SOURCE)'],
    ['direct eval', 'eval(SOURCE)'],
    ['Function', 'Function("return " + SOURCE)()'],
    ['AsyncFunction', 'await (async () => {}).constructor("return " + SOURCE)()'],
    ['GeneratorFunction', '(function* () {}).constructor("return " + SOURCE)().next().value'],
    [
      'a timeout that was given text',
      '(() => { try { setTimeout(SOURCE); return [] } catch { return [] } })()',
    ],
  ])('c.2 code: what is made of a string sees the globals of the cell: %s', async (_, made) => {
    const source = `const SOURCE = "['process', 'require', 'module', 'exports', '__filename', 'console', 'WebAssembly', 'SharedArrayBuffer', 'Atomics'].filter((name) => { try { return (0, eval)('typeof ' + name) !== 'undefined' } catch { return false } })"
      text(${made})`
    expect(await json(source, { isolation })).toEqual([])
  })

  test('c.2 code: shared memory and code of WebAssembly can not be had by a detour', async () => {
    const source = `const found = []
      for (const make of [() => new WebAssembly.Memory({ initial: 1, shared: true }), () => new SharedArrayBuffer(8), () => Atomics.wait,
        () => new ArrayBuffer(8).constructor === Object, () => new Uint8Array(8).buffer.grow(16),
        () => Function('return WebAssembly')(), () => (0, eval)('SharedArrayBuffer')])
        try { if (make()) found.push(String(make)) } catch {}
      text(found)`
    expect(await json(source, { isolation })).toEqual([])
  })

  test('c.2 code: a source map is never fetched, and a source URL is only a name', async () => {
    let requests = 0
    const server = createServer((_, response) => {
      requests++
      response.end('{}')
    })
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${server.address().port}/x.map`
    for (const comment of [
      `//# sourceMappingURL=${url}`,
      `//# sourceURL=${url}`,
      `//@ sourceMappingURL=${url}`,
    ]) {
      const { error } = await run(`null.x\n${comment}`, { isolation })
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR', line: 1 })
      const made = await run(`eval("null.x\\n${comment}")`, { isolation })
      expect(made).toMatchObject({ status: 'failed' })
    }
    expect(requests).toBe(0)
  })

  test.each(['codecell:helpers', 'exec_main.mjs', 'node:internal/x', '/etc/passwd'])(
    'c.2 code: a source URL gives code no rights and no place: %s',
    async (name) => {
      const source = `const probe = eval("(() => { try { image(1) } catch (error) { return [typeof process, error instanceof TypeError] } })\\n//# sourceURL=${name}")
        text(probe())`
      expect(await json(source, { isolation })).toEqual(['undefined', true])
    },
  )

  test('c.2 code: the hashbang, directives and HTML comments are what the language says', async () => {
    expect(await texts('#!/usr/bin/env node\n"use strict"; text(typeof require)', { isolation })).toEqual([
      'undefined',
    ])
    expect(await run('<!-- x\ntext(1)', { isolation })).toMatchObject({ error: { code: 'SYNTAX_ERROR' } })
    expect(await run('%GetHeapUsage()', { isolation })).toMatchObject({ error: { code: 'SYNTAX_ERROR' } })
  })
})

import { Session, toolIdentifier } from 'codecell'
import { describe, expect, test } from 'vitest'
import { json, openSession, texts, textsOf } from './support/cell.js'

const echo = { execute: (input) => input }

describe('tools', () => {
  test('2.11 tools: an object with one function per tool', async () => {
    const source = `text([
      Object.keys(tools),
      Object.values(tools).map((tool) => typeof tool),
      Object.getPrototypeOf(tools) === Object.prototype,
      tools instanceof Object,
    ])`
    const tools = { b: echo, a: echo }
    expect(await json(source, { tools })).toEqual([['a', 'b'], ['function', 'function'], true, true])
  })

  test('2.11 tools: without tools it is empty', async () => {
    expect(await json('text([tools, ALL_TOOLS])')).toEqual([{}, []])
  })

  test('2.11 tools: a tool that does not exist is a TypeError of the script', async () => {
    const source = 'try { tools.x() } catch (error) { text([error instanceof TypeError, error.message]) }'
    expect(await json(source)).toEqual([true, 'tools.x is not a function'])
  })

  test('2.11 tools: what is inherited from Object is no tool', async () => {
    const source =
      "text(['toString', 'constructor', '__proto__'].filter((name) => Object.hasOwn(tools, name)))"
    expect(await json(source, { tools: { echo } })).toEqual([])
  })

  test('2.11 tools: each function has the name of its identifier and takes one argument', async () => {
    const source = 'text([tools.get_weather.name, tools.get_weather.length])'
    expect(await json(source, { tools: { 'get-weather': echo } })).toEqual(['get_weather', 1])
  })

  test('2.11 tools: a function is no constructor', async () => {
    const source = 'try { new tools.echo() } catch (error) { text(error instanceof TypeError) }'
    expect(await texts(source, { tools: { echo } })).toEqual(['true'])
  })

  test('2.11 tools: it is an ordinary object that the script may change', async () => {
    const source = `const { echo } = tools
      tools.mine = () => 'mine'
      tools.echo = 1
      delete tools.other
      text([tools.mine(), tools.echo, 'other' in tools, await echo({ a: 1 })])`
    expect(await json(source, { tools: { echo, other: echo } })).toEqual(['mine', 1, false, { a: 1 }])
  })

  test('2.11 tools: it is the same object each time, and a function works without it', async () => {
    const source = `const { echo } = tools
      text([tools === globalThis.tools, echo === tools.echo, await echo.call(null, 1 && { a: 1 })])`
    expect(await json(source, { tools: { echo } })).toEqual([true, true, { a: 1 }])
  })

  test('2.11 tools: changes of one cell are not seen by the next', async () => {
    const session = openSession({ tools: { echo } })
    await session.exec('tools.echo = null; ALL_TOOLS.length = 0')
    expect(textsOf(await session.exec('text([typeof tools.echo, ALL_TOOLS.length])'))).toEqual([
      '["function",1]',
    ])
  })

  test('2.11 tools: hundreds of them are no matter', async () => {
    const tools = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`tool_${n}`, { execute: () => n }]),
    )
    const source = 'text([Object.keys(tools).length, ALL_TOOLS.length, await tools.tool_499()])'
    expect(await json(source, { tools })).toEqual([500, 500, 499])
  })
})

describe('ALL_TOOLS', () => {
  test('2.11 ALL_TOOLS: an array of { name, description }, sorted by name, with identifiers for names', async () => {
    const found = await json('text(ALL_TOOLS)', { tools: { c: echo, 'a-1': echo, b: echo } })
    expect(found.map(({ name }) => name)).toEqual(['a_1', 'b', 'c'])
    for (const tool of found) expect(Object.keys(tool).sort()).toEqual(['description', 'name'])
  })

  test('2.11 ALL_TOOLS: a description is the full text with the TypeScript declaration', async () => {
    const weather = {
      description: 'The weather.',
      inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      outputSchema: { type: 'number' },
      execute: () => 1,
    }
    const [{ description }] = await json('text(ALL_TOOLS)', { tools: { weather } })
    expect(description).toMatch(/^The weather\./)
    expect(description).toContain(
      'declare const tools: { weather(args: { city: string; }): Promise<number>; };',
    )
  })

  test('2.11 ALL_TOOLS: deferred tools are included, and can be called', async () => {
    const tools = { hidden: { ...echo, deferred: true } }
    const source = 'text([ALL_TOOLS.map(({ name }) => name), await tools.hidden({ a: 1 })])'
    expect(await json(source, { tools })).toEqual([['hidden'], { a: 1 }])
  })

  test('2.11 ALL_TOOLS: plain objects of the script, which it may change', async () => {
    const source = `ALL_TOOLS[0].name = 'mine'
      ALL_TOOLS.push(1)
      text([ALL_TOOLS[0].name, ALL_TOOLS.length, ALL_TOOLS instanceof Array, ALL_TOOLS[0] instanceof Object])`
    expect(await json(source, { tools: { echo } })).toEqual(['mine', 2, true, true])
  })
})

describe('names', () => {
  test.each([
    ['hidden-dynamic-tool', 'hidden_dynamic_tool'],
    ['echo-tool', 'echo_tool'],
    ['1x', '_x'],
    ['x1', 'x1'],
    ['$_aZ9', '$_aZ9'],
    ['', '_'],
    ['a.b c', 'a_b_c'],
    ['naïve', 'na_ve'],
    ['日本', '__'],
    ['😀', '_'],
    ['__proto__', '__proto__'],
    ['mcp__rmcp__echo', 'mcp__rmcp__echo'],
  ])(
    '3.1 names: what an identifier cannot hold becomes `_`, character by character: %j',
    async (name, identifier) => {
      expect(toolIdentifier(name)).toBe(identifier)
      const tools = Object.fromEntries([[name, { execute: (_, call) => call.name }]])
      const source = `const tool = Object.getOwnPropertyDescriptor(tools, ${JSON.stringify(identifier)}).value
      text([Object.keys(tools), await tool(), ALL_TOOLS[0].name])`
      expect(await json(source, { tools })).toEqual([[identifier], name, identifier])
    },
  )

  test('3.1 names: a tool whose identifier is a word of JavaScript can be called as a property', async () => {
    const tools = { class: echo, await: echo, constructor: echo }
    const source =
      'text([await tools.class({}), await tools.await({ a: 1 }), await tools.constructor({ b: 2 })])'
    expect(await json(source, { tools })).toEqual([{}, { a: 1 }, { b: 2 }])
  })

  test('3.1 names: tools are under the keys given; a namespace does not change them', async () => {
    const tools = { echo: { ...echo, namespace: 'mcp__rmcp' } }
    expect(await json('text(Object.keys(tools))', { tools })).toEqual(['echo'])
  })

  test('3.1 names: two names with one identifier are refused by the constructor', () => {
    const tools = { 'a-b': echo, a_b: echo }
    expect(() => new Session({ tools })).toThrow(expect.objectContaining({ code: 'TOOL_NAME_COLLISION' }))
  })

  test('3.1 names: two names with one identifier are refused by exec', async () => {
    const session = openSession()
    const tools = { 'a-b': echo, a_b: echo }
    await expect(session.exec('1', { tools })).rejects.toMatchObject({ code: 'TOOL_NAME_COLLISION' })
  })

  test('3.1 names: exec and wait are no tools of a cell', async () => {
    const session = openSession()
    session.modelTools()
    expect(textsOf(await session.exec('text(Object.keys(tools))'))).toEqual(['[]'])
  })
})

describe('the set of tools', () => {
  test('3.1 tools: it is frozen when the session is made', async () => {
    const tools = { echo: { execute: () => 'before' } }
    const session = openSession({ tools })
    tools.echo.execute = () => 'after'
    tools.more = echo
    const source = 'text([Object.keys(tools), await tools.echo()])'
    expect(textsOf(await session.exec(source))).toEqual(['[["echo"],"before"]'])
  })

  test('3.1 tools: those given to exec stand instead of the session’s, for that cell', async () => {
    const session = openSession({ tools: { a: { execute: () => 'session' }, b: echo } })
    const source = 'text([Object.keys(tools), await tools.a()])'
    const tools = { a: { execute: () => 'exec' } }
    expect(textsOf(await session.exec(source, { tools }))).toEqual(['[["a"],"exec"]'])
    expect(textsOf(await session.exec(source))).toEqual(['[["a","b"],"session"]'])
    expect(textsOf(await session.exec('text([Object.keys(tools), ALL_TOOLS])', { tools: {} }))).toEqual([
      '[[],[]]',
    ])
  })

  test('3.1 tools: those given to exec are frozen when it is called', async () => {
    const session = openSession({ tools: { echo } })
    const tools = { a: { execute: () => 'before' } }
    const result = session.exec('text([Object.keys(tools), await tools.a()])', { tools })
    tools.a.execute = () => 'after'
    delete tools.a
    expect(textsOf(await result)).toEqual(['[["a"],"before"]'])
  })

  test('3.1 tools: cells at the same time call their own tools', async () => {
    const session = openSession()
    const results = [1, 2, 3].map((n) =>
      session.exec('text([await tools.me(), await tools.me()])', { tools: { me: { execute: () => n } } }),
    )
    expect((await Promise.all(results)).map(textsOf)).toEqual([['[1,1]'], ['[2,2]'], ['[3,3]']])
  })
})

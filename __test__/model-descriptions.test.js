// §5.2, §5.6 and §1.7: what the model is told, and which tools it is told of.

import { expect, test } from 'vitest'
import { renderToolDeclaration } from '../js/index.js'
import { newSession } from './support/lifecycle-helpers.js'

const execute = () => null
const MCP_OUTPUT = {
  type: 'object',
  properties: {
    content: { type: 'array', items: { type: 'object' } },
    isError: { type: 'boolean' },
    _meta: { type: 'object' },
  },
}

/**
 * @param {import('../index.d.ts').SessionOptions} options
 * @param {import('../index.d.ts').ModelToolOptions} [model]
 */
function descriptions(options, model) {
  const { exec, wait } = newSession(options).modelTools(model)
  return { exec: exec.description, wait: wait.description }
}

/**
 * How often a text stands in another.
 *
 * @param {string} whole
 * @param {string} part
 */
function count(whole, part) {
  return whole.split(part).length - 1
}

/**
 * ALL_TOOLS as a script sees it.
 *
 * @param {import('../index.d.ts').SessionOptions} options
 * @returns {Promise<{ name: string, description: string }[]>}
 */
async function allTools(options) {
  const result = /** @type {any} */ (await newSession(options).exec('text(ALL_TOOLS)'))
  return JSON.parse(result.content[0].text)
}

test('5.2 exec: the template names every helper, the pragma with an example, and what there is not', () => {
  const { exec } = descriptions({})
  for (const helper of [
    'text(',
    'image(',
    'audio(',
    'generatedImage(',
    'store(',
    'load(',
    'notify(',
    'setTimeout(',
    'clearTimeout(',
    'yield_control(',
    'exit(',
    'as_settled(',
    'stream_settled(',
    'ALL_TOOLS',
  ]) {
    expect(exec.slice(exec.indexOf('Global helpers:'))).toContain(`\`${helper}`)
  }
  expect(exec).toContain('`// @exec: {"yield_time_ms": 10000, "max_output_tokens": 1000}`')
  expect(exec).toContain('no Node.js, no file system, no network, no console')
  expect(exec).toContain("`max_output_tokens`: token budget of this call's output. Defaults to 10000.")
})

test('5.2 wait: its description tells when to use it, what each argument does, and its defaults', () => {
  const { wait } = descriptions({})
  expect(wait).toContain('Script running with cell ID')
  for (const argument of ['cell_id', 'yield_time_ms', 'max_tokens', 'terminate']) {
    expect(wait).toContain(`\`${argument}\``)
  }
  expect(wait).toContain('Defaults to 10000.')
})

test('5.2 tool reference: a heading, the description, and the declaration in a ts block', () => {
  const { exec } = descriptions({ tools: { foo: { description: 'bar', execute } } })
  expect(exec).toContain(
    '\n\n### `foo`\nbar\n\nexec tool declaration:\n```ts\n' +
      'declare const tools: { foo(args: unknown): Promise<unknown>; };\n```',
  )
})

test('5.2 tool reference: each tool stands there with its declaration, sorted by name, blank lines between', () => {
  const tools = {
    b: {
      description: 'Second.',
      inputSchema: { type: 'object', properties: { x: { type: 'number' } } },
      execute,
    },
    c: { description: 'Third.', kind: /** @type {const} */ ('freeform'), execute },
    a: { description: 'First.', outputSchema: { type: 'string' }, execute },
  }
  const { exec } = descriptions({ tools })
  for (const [name, tool] of Object.entries(tools)) {
    expect(exec).toContain(`\`\`\`ts\n${renderToolDeclaration(name, tool)}\n\`\`\``)
  }
  const headings = [...exec.matchAll(/(?<=\n\n)### .*/g)].map(([heading]) => heading)
  expect(headings).toEqual(['### `a`', '### `b`', '### `c`'])
})

test('5.2 tool reference: the heading shows the given name where the identifier is another', () => {
  const { exec } = descriptions({ tools: { 'get-weather': { execute } } })
  expect(exec).toContain('### `get_weather` (`get-weather`)\n')
  expect(exec).toContain('tools: { get_weather(args: unknown)')
})

test('5.2 namespaces: each has one heading before its tools, with its description if it has one', () => {
  const { exec } = descriptions({
    tools: {
      zeta: { namespace: 'alpha', execute },
      beta: { namespace: 'alpha', execute },
      lone: { execute },
      other: { namespace: 'unsaid', execute },
    },
    namespaces: { alpha: { description: 'All of alpha.' }, unsaid: {}, unused: { description: 'Nobody.' } },
  })
  const headings = [...exec.matchAll(/(?<=\n\n)###? .*\n.*/g)].map(([heading]) => heading)
  expect(headings).toEqual([
    '### `lone`\nexec tool declaration:',
    '## alpha\nAll of alpha.',
    '### `beta`\nexec tool declaration:',
    '### `zeta`\nexec tool declaration:',
    '## unsaid\n',
    '### `other`\nexec tool declaration:',
  ])
})

test('5.2 namespaces: in ALL_TOOLS the description of the namespace stands before that of the tool', async () => {
  const [tool] = await allTools({
    tools: { one: { namespace: 'alpha', description: 'Does one.', execute } },
    namespaces: { alpha: { description: '  All of alpha.\n' } },
  })
  expect(tool.description).toBe(
    'All of alpha.\n\nDoes one.\n\nexec tool declaration:\n```ts\n' +
      'declare const tools: { one(args: unknown): Promise<unknown>; };\n```',
  )
})

test('5.2 deferred tools: they are left out, it is said that there are some, and scripts have them', async () => {
  const tools = {
    seen: { description: 'Seen.', execute: () => 'seen' },
    later: { description: 'Found by search.', deferred: true, execute: () => 'later' },
  }
  const { exec } = descriptions({ tools })
  expect(exec).not.toContain('Found by search.')
  expect(exec).not.toContain('`later`')
  expect(exec).toContain('### `seen`')
  const hint = 'Some tools may not be described here.'
  expect(count(exec, hint)).toBe(1)
  expect(exec.slice(exec.indexOf(hint))).toMatch(
    /`tools`.*`ALL_TOOLS`.*filtering on `name` and `description`/,
  )
  expect(descriptions({ tools: { seen: tools.seen } }).exec).not.toContain(hint)

  expect((await allTools({ tools })).map(({ name }) => name)).toEqual(['later', 'seen'])
  const session = newSession({ tools })
  const result = await session.exec('text(await tools.later({}))')
  expect(result).toMatchObject({ content: [{ text: 'later' }] })
})

test('5.2 ALL_TOOLS: name and description of every tool, sorted by name, with its declaration', async () => {
  const tools = {
    'b-tool': { description: 'B.', execute },
    a: { kind: /** @type {const} */ ('freeform'), execute },
    c: { description: 'C.', deferred: true, execute },
  }
  const listed = await allTools({ tools })
  expect(listed.map((tool) => Object.keys(tool).sort())).toEqual(Array(3).fill(['description', 'name']))
  expect(listed.map(({ name }) => name)).toEqual(['a', 'b_tool', 'c'])
  expect(listed[0].description).toContain('tools: { a(input: string): Promise<unknown>; }')
  expect(listed[1].description).toMatch(/^B\.\n\nexec tool declaration:\n```ts\n/)
})

test('5.2 MCP types: they are declared once if any tool is an MCP tool, deferred ones included', () => {
  const mcp = { outputSchema: MCP_OUTPUT, execute }
  for (const tools of [
    { one: mcp },
    { one: mcp, two: mcp },
    { one: { ...mcp, deferred: true }, plain: { execute } },
  ]) {
    const { exec } = descriptions({ tools })
    expect(count(exec, 'Shared MCP Types:\n```ts\n')).toBe(1)
    expect(count(exec, 'type CallToolResult<')).toBe(1)
    for (const type of ['Role', 'Annotations', 'Icon', 'ResourceLink', 'EmbeddedResource', 'ContentBlock']) {
      expect(exec).toContain(`type ${type} = `)
    }
  }
  expect(descriptions({ tools: { plain: { execute } } }).exec).not.toContain('Shared MCP Types')
})

test('5.2 order: template, hint at deferred tools, MCP types, tools', () => {
  const { exec } = descriptions({
    tools: { one: { outputSchema: MCP_OUTPUT, execute }, two: { deferred: true, execute } },
  })
  const places = ['- `exit()', 'Some tools may', 'Shared MCP Types', '### `one`'].map((part) =>
    exec.indexOf(part),
  )
  expect(places.every((place) => place > 0)).toBe(true)
  expect([...places].sort((a, b) => a - b)).toEqual(places)
})

test('1.7 declareTools: false leaves the tools and the MCP types out, and says where they are', () => {
  const tools = { one: { description: 'Does one.', outputSchema: MCP_OUTPUT, execute } }
  const { exec } = descriptions({ tools }, { declareTools: false })
  for (const part of ['Does one.', '### `one`', 'Shared MCP Types', 'declare const tools']) {
    expect(exec).not.toContain(part)
  }
  expect(exec).toContain('- `ALL_TOOLS')
  expect(descriptions({ tools }, { declareTools: true }).exec).toBe(descriptions({ tools }).exec)
})

test('1.7 exec and wait never stand on tools', async () => {
  const result = await newSession({ tools: { one: { execute } } }).exec(
    'text([typeof tools.exec, typeof tools.wait])',
  )
  expect(result).toMatchObject({ content: [{ text: '["undefined","undefined"]' }] })
})

test('5.2 all but run is JSON, and the tools are free of any provider', () => {
  const tools = newSession({ tools: { one: { execute } } }).modelTools()
  for (const { run, ...rest } of Object.values(tools)) {
    expect(run).toBeTypeOf('function')
    expect(JSON.parse(JSON.stringify(rest))).toEqual(rest)
  }
})

test('5.2 a description that is not there leaves no empty lines behind', () => {
  const { exec } = descriptions({ tools: { bare: { execute }, blank: { description: '  ', execute } } })
  expect(exec).not.toMatch(/\n{3}/)
  expect(exec).toMatch(/\S$/)
  expect(exec).toContain('### `bare`\nexec tool declaration:\n```ts\n')
  expect(exec).toContain('### `blank`\nexec tool declaration:\n```ts\n')
})

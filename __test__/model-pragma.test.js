// §1.1: what the model gives to exec.

import { expect, test } from 'vitest'
import { parseExecSource } from '../js/index.js'
import { expectFault, newSession } from './support/lifecycle-helpers.js'

const EMPTY =
  'exec expects raw JavaScript source text (non-empty). Provide JS only, optionally with first-line ' +
  '`// @exec: {"yield_time_ms": 10000, "max_output_tokens": 1000}`.'
const NOT_AN_OBJECT =
  'exec pragma must be a JSON object with supported fields `yield_time_ms` and `max_output_tokens`'

/**
 * The same rule for the exported function and for the tool of the model, which makes no cell.
 *
 * @param {string} text
 * @param {string | RegExp} message
 */
async function expectRefused(text, message) {
  const session = newSession()
  await expectFault(() => parseExecSource(text), 'INVALID_INPUT', message)
  await expectFault(session.modelTools().exec.run(text), 'INVALID_INPUT', message)
  await expectFault(session.modelTools().exec.run({ source: text }), 'INVALID_INPUT', message)
  await expectFault(session.exec(text), 'INVALID_INPUT', message)
  expect(session.activeCells).toEqual([])
}

test('1.1 pragma: text that is empty after trimming is refused with a message that shows the pragma', async () => {
  for (const text of ['', ' ', '\n', ' \t\r\n  ']) await expectRefused(text, EMPTY)
})

test('1.1 pragma: text whose first line is no pragma is the code, unchanged, with no option set', () => {
  for (const text of [
    'text(1)',
    '  text(1)  \n',
    '//@exec: {"yield_time_ms": 1}\ntext(1)',
    '// @exec {"yield_time_ms": 1}\ntext(1)',
    '// @EXEC: {}\ntext(1)',
    '//  @exec: {}\ntext(1)',
    '\n// @exec: {"yield_time_ms": 1}\ntext(1)',
    'text(1)\n// @exec: {"yield_time_ms": 1}',
    'text(1) // @exec: {"yield_time_ms": 1}\ntext(2)',
  ]) {
    expect(parseExecSource(text)).toEqual({ code: text })
  }
})

test('1.1 pragma: a bad pragma on the second line is an ordinary comment', async () => {
  const session = newSession()
  expect((await session.exec('\n// @exec: nonsense\ntext(1)')).status).toBe('completed')
})

test('1.1 pragma: the first line is trimmed on its left, and the code begins after the first newline', () => {
  expect(parseExecSource(' \t// @exec: {"yield_time_ms": 5, "max_output_tokens": 7}\n\n text(1)\n')).toEqual({
    code: '\n text(1)\n',
    yieldTimeMs: 5,
    maxOutputTokens: 7,
  })
})

test('1.1 pragma: one field alone, an empty object, null for a field, and 0 for both are valid', () => {
  expect(parseExecSource('// @exec: {"yield_time_ms": 5}\n1')).toEqual({ code: '1', yieldTimeMs: 5 })
  expect(parseExecSource('// @exec: {"max_output_tokens": 5}\n1')).toEqual({ code: '1', maxOutputTokens: 5 })
  expect(parseExecSource('// @exec: {}\n1')).toEqual({ code: '1' })
  expect(parseExecSource('// @exec: {"yield_time_ms": null, "max_output_tokens": null}\n1')).toEqual({
    code: '1',
  })
  expect(parseExecSource('// @exec: {"yield_time_ms": 0, "max_output_tokens": 0}\n1')).toEqual({
    code: '1',
    yieldTimeMs: 0,
    maxOutputTokens: 0,
  })
})

test('1.1 pragma: a carriage return at its end does no harm', () => {
  expect(parseExecSource('// @exec: {"yield_time_ms": 5}\r\ntext(1)')).toEqual({
    code: 'text(1)',
    yieldTimeMs: 5,
  })
})

test('1.1 pragma: without source on the lines after it, it is refused, whatever it says', async () => {
  const message = 'exec pragma must be followed by JavaScript source on subsequent lines'
  for (const text of [
    '// @exec: {"yield_time_ms": 1}',
    '// @exec: {}\n',
    '// @exec: {}\n  \n\t',
    '// @exec: nonsense',
    '// @exec:',
  ]) {
    await expectRefused(text, message)
  }
})

test('1.1 pragma: an empty directive, and JSON that is no object, are refused', async () => {
  for (const directive of ['', '  ', '[]', '1', 'null', '"yield_time_ms"', 'true']) {
    await expectRefused(`// @exec:${directive}\ntext(1)`, NOT_AN_OBJECT)
  }
})

test('1.1 pragma: invalid JSON is refused with what the parser says', async () => {
  for (const directive of ['{', 'yield_time_ms=1', '{"yield_time_ms": }', '{} {}', "{'yield_time_ms': 1}"]) {
    await expectRefused(
      `// @exec: ${directive}\ntext(1)`,
      /^exec pragma must be valid JSON with supported fields `yield_time_ms` and `max_output_tokens`: ./,
    )
  }
})

test('1.1 pragma: the first unknown key is named', async () => {
  await expectRefused(
    '// @exec: {"yield_time_ms": 1, "timeout": 2}\ntext(1)',
    'exec pragma only supports `yield_time_ms` and `max_output_tokens`; got `timeout`',
  )
  await expectRefused(
    '// @exec: {"yieldTimeMs": "1"}\ntext(1)',
    'exec pragma only supports `yield_time_ms` and `max_output_tokens`; got `yieldTimeMs`',
  )
})

test('1.1 pragma: a string, a negative number and a fraction are refused', async () => {
  for (const value of ['"10"', '-1', '1.5', 'true', '[]', '{}']) {
    for (const field of ['yield_time_ms', 'max_output_tokens']) {
      await expectRefused(
        `// @exec: {"${field}": ${value}}\ntext(1)`,
        /^exec pragma fields `yield_time_ms` and `max_output_tokens` must be non-negative safe integers: ./,
      )
    }
  }
})

test('1.1 pragma: more than 2^53 - 1 is refused, and 2^53 - 1 is not', async () => {
  for (const field of ['yield_time_ms', 'max_output_tokens']) {
    await expectRefused(
      `// @exec: {"${field}": 9007199254740992}\ntext(1)`,
      `exec pragma field \`${field}\` must be a non-negative safe integer`,
    )
  }
  const { yieldTimeMs } = parseExecSource('// @exec: {"yield_time_ms": 9007199254740991}\n1')
  expect(yieldTimeMs).toBe(Number.MAX_SAFE_INTEGER)
})

test('1.1 pragma: it makes the cell yield, and options of exec win over it', async () => {
  const session = newSession()
  const source = '// @exec: {"yield_time_ms": 5}\nawait new Promise((r) => setTimeout(r, 500)); text("done")'
  expect((await session.exec(source)).status).toBe('running')
  expect((await session.exec(source, { yieldTimeMs: Infinity })).status).toBe('completed')
})

test('1.1 positions: codecell counts the pragma as line 1, so they are those of the text that was given', async () => {
  const session = newSession()
  const result = await session.exec('// @exec: {}\n\n  throw new Error("boom")')
  expect(result).toMatchObject({ status: 'failed', error: { line: 3, column: 9 } })
  expect(/** @type {any} */ (result).error.stack).toContain('exec_main.mjs:3:9')
})

test('1.1 exec: what is neither text nor { source } is refused', async () => {
  const { exec } = newSession().modelTools()
  for (const input of [undefined, null, 1, [], {}, { source: 1 }, { code: 'text(1)' }, ['text(1)']]) {
    await expectFault(exec.run(input), 'INVALID_INPUT', 'exec expects raw JavaScript source text')
  }
})

test('1.1 exec: the source text and { source } do the same', async () => {
  const { exec } = newSession().modelTools()
  for (const input of ['text("hi")', { source: 'text("hi")' }]) {
    expect((await exec.run(input)).content.slice(1)).toEqual([{ type: 'text', text: 'hi' }])
  }
})

test('1.1 exec: a Markdown fence is not stripped: it is JavaScript, too, and fails', async () => {
  const { exec } = newSession().modelTools()
  const output = await exec.run('```js\ntext(1)\n```')
  expect(output.success).toBe(false)
  expect(output.content.at(-1)).toMatchObject({ text: expect.stringMatching(/^Script error:\nTypeError: /) })
})

test('1.1 exec: the grammar is Lark, with a pragma line before the source or the source alone', () => {
  const { grammar } = newSession().modelTools().exec
  expect(grammar?.syntax).toBe('lark')
  const [start, ...terminals] = String(grammar?.definition).trim().split(/\n+/)
  expect(start).toBe('start: PRAGMA NEWLINE SOURCE | SOURCE')
  const regexps = Object.fromEntries(
    terminals.map((line) => {
      const [, name, body] = /^([A-Z]+): \/(.*)\/$/.exec(line) ?? []
      return [name, new RegExp(`^(?:${body})$`)]
    }),
  )
  expect(Object.keys(regexps)).toEqual(['PRAGMA', 'NEWLINE', 'SOURCE'])
  for (const pragma of ['// @exec: {"yield_time_ms": 1}', ' \t// @exec:'])
    expect(pragma).toMatch(regexps.PRAGMA)
  for (const none of ['//@exec: {}', '// @exec: {}\n', 'text(1)']) expect(none).not.toMatch(regexps.PRAGMA)
  for (const newline of ['\n', '\r\n']) expect(newline).toMatch(regexps.NEWLINE)
  for (const source of ['x', '\n', 'a\nb\u{1f600}']) expect(source).toMatch(regexps.SOURCE)
  expect('').not.toMatch(regexps.SOURCE)
})

test('1.1 exec: the input schema for models without freeform tools is an object with one source', () => {
  const { exec } = newSession().modelTools()
  expect(exec.name).toBe('exec')
  expect(exec.inputSchema).toMatchObject({
    type: 'object',
    properties: { source: { type: 'string' } },
    required: ['source'],
    additionalProperties: false,
  })
})

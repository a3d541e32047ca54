import { describe, expect, test } from 'vitest'
import { failure } from './support/cell.js'

const PRAGMA = '// @exec: {"yield_time_ms": 60000}\n'

describe('positions', () => {
  test('2.14 positions: lines and columns count from 1 in the text that was given', async () => {
    const source = "const a = 1\n\n  throw new Error('x')"
    expect(await failure(source)).toMatchObject({ line: 3, column: 9 })
  })

  test('2.14 positions: the pragma line counts as line 1', async () => {
    const error = await failure(`${PRAGMA}throw new Error('x')`)
    expect(error).toMatchObject({ line: 2, column: 7, stack: 'Error: x\n    at exec_main.mjs:2:7' })
  })

  test('2.14 positions: a script sees the same lines in the stacks of its errors', async () => {
    const error = await failure(`${PRAGMA}\nthrow new Error(new Error('x').stack)`)
    expect(error.message).toContain('exec_main.mjs:3:17')
  })

  test('2.14 positions: columns count UTF-16 units', async () => {
    expect(await failure("'ä😀'; throw new Error('x')")).toMatchObject({ line: 1, column: 14 })
  })

  test.each([
    ['\\n', '\n'],
    ['\\r\\n', '\r\n'],
    ['\\u2028', '\u2028'],
  ])('2.14 positions: %s ends a line', async (_, end) => {
    expect(await failure(`1${end}throw new Error('x')`)).toMatchObject({ line: 2, column: 7 })
  })

  test('2.14 positions: the place is where the error was made, not where it was thrown', async () => {
    expect(await failure("const error = new Error('x')\n\nthrow error")).toMatchObject({
      line: 1,
      column: 15,
    })
  })

  test('2.14 positions: an error of a helper is at its call', async () => {
    expect(await failure("1\n  image('http://x')")).toMatchObject({ name: 'TypeError', line: 2, column: 3 })
  })

  test.each([
    ['eval', "\n\neval('\\n\\n\\n\\nthrow new Error(1)')", 3],
    ['Function', "\n\nnew Function('\\n\\n\\n\\nthrow new Error(1)')()", 3],
    [
      'a function that was made by eval',
      "const f = eval('\\n\\n\\n\\n() => { throw new Error(1) }')\nf()",
      2,
    ],
  ])(
    '2.14 positions: code that the script made from text has none of its own: the place is the call: %s',
    async (_, source, line) => {
      const error = await failure(source)
      expect(error.line).toBe(line)
    },
  )

  test('2.14 positions: a source URL or source map comment changes nothing', async () => {
    const comments = '//# sourceURL=other.js\n//# sourceMappingURL=data:,{}'
    expect(await failure(`throw new Error('x')\n${comments}`)).toMatchObject({
      line: 1,
      column: 7,
      stack: 'Error: x\n    at exec_main.mjs:1:7',
    })
  })
})

describe('syntax errors', () => {
  test.each([
    ['let x = ;', "Unexpected token ';'", 1, 9],
    ['const a = 1\nconst a = 2', "Identifier 'a' has already been declared", 2, 7],
    ['return 1', 'Illegal return statement', 1, 1],
    ['await = 1', undefined, 1, 7],
    ['with (Math) {}', 'Strict mode code may not include a with statement', 1, 1],
    ['if (true) {\n  text(1)\n', 'Unexpected end of input', 3, undefined],
    ["text('a\n')", 'Invalid or unexpected token', 1, 6],
    ['/(/', 'Invalid regular expression: /(/: Unterminated group', 1, 1],
  ])(
    '2.14 syntax: a script that does not compile is a SYNTAX_ERROR with its place: %j',
    async (source, message, line, column) => {
      const error = await failure(source)
      expect(error).toMatchObject({ code: 'SYNTAX_ERROR', name: 'SyntaxError' })
      if (message !== undefined) expect(error.message).toContain(message)
      if (line !== undefined) expect(error.line).toBe(line)
      if (column !== undefined) expect(error.column).toBe(column)
    },
  )

  test('2.14 syntax: the pragma line counts as line 1', async () => {
    expect(await failure(`${PRAGMA}1\nlet x = ;`)).toMatchObject({ code: 'SYNTAX_ERROR', line: 3, column: 9 })
  })

  test('2.14 syntax: nothing of the script has run', async () => {
    const error = await failure("text('never'); let x = ;")
    expect(error.code).toBe('SYNTAX_ERROR')
  })

  test('2.14 syntax: a source URL comment does not hide the place', async () => {
    const error = await failure('\nlet x = ;\n//# sourceURL=other.js')
    expect(error).toMatchObject({ code: 'SYNTAX_ERROR', line: 2, column: 9 })
  })

  test('2.14 syntax: one within eval is a SCRIPT_ERROR at the call, which the script could catch', async () => {
    expect(await failure("1\neval('\\n\\n\\nlet x = ;')")).toMatchObject({
      code: 'SCRIPT_ERROR',
      name: 'SyntaxError',
      line: 2,
      column: 1,
    })
  })

  test('2.14 syntax: one of JSON.parse is a SCRIPT_ERROR at the call', async () => {
    expect(await failure("1\nJSON.parse('{')")).toMatchObject({
      code: 'SCRIPT_ERROR',
      name: 'SyntaxError',
      line: 2,
      column: 6,
    })
  })
})

describe('stacks', () => {
  test('2.14 stack: it has every frame of the script, innermost first, and none of V8’s own', async () => {
    const source = `function outer() {
  inner()
}
function inner() {
  [1].map(() => { throw new RangeError('deep') })
}
outer()`
    expect((await failure(source)).stack).toBe(`RangeError: deep
    at exec_main.mjs:5:25
    at inner (exec_main.mjs:5:7)
    at outer (exec_main.mjs:2:3)
    at exec_main.mjs:7:1`)
  })

  test('2.14 stack: it goes on through await', async () => {
    const source = `async function outer() {
  await inner()
}
async function inner() {
  await null
  throw new Error('deep')
}
await outer()`
    const { stack } = await failure(source)
    expect(stack).toContain('inner (exec_main.mjs:6:9)')
    expect(stack).toContain('outer (exec_main.mjs:2:3)')
  })

  test('2.14 stack: it names nothing but the script', async () => {
    const sources = [
      'await stream_settled([1], () => { throw new Error(1) })',
      'for await (const one of as_settled([1])) throw new Error(1)',
      'as_settled({ [Symbol.iterator]() { throw new Error(1) } })',
      'text({ toJSON() { throw new Error(1) } })',
      'setTimeout(() => { throw new Error(1) }); await new Promise(() => {})',
      "await import('fs')",
    ]
    for (const source of sources) {
      const { stack } = await failure(source)
      const places = stack.split('\n').slice(1)
      expect(places.length).toBeGreaterThan(0)
      for (const place of places) expect(place).toMatch(/^ {4}at (async )?(.*\()?exec_main\.mjs:1:\d+\)?$/)
    }
  })

  test('2.14 stack: the script’s own stacks name nothing of ours or of the host', async () => {
    const source = `let stack
      await stream_settled([1], () => { stack = new Error('x').stack })
      throw new Error(stack)`
    const { message } = await failure(source)
    expect(message).not.toMatch(/node|file:|\/work|index\.js|\.rs\b/)
  })

  test('2.14 stack: frames are limited', async () => {
    const source = '(function down(n) { if (n === 0) throw new Error(1)\n down(n - 1) })(500)'
    const { stack } = await failure(source)
    expect(stack.split('\n').length).toBeLessThanOrEqual(11)
  })
})

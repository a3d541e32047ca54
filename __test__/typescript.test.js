import { describe, expect, test } from 'vitest'
import { content, run, texts } from './support/cell.js'

/** Scripts with types, and what they print. */
const SCRIPTS = {
  'annotations of variables, parameters and results': [
    'const add = (a: number, b?: number): number => a + (b ?? 0)\nlet sum: number = add(1, 2)\ntext(sum)',
    '3',
  ],
  generics: ['function first<T>(list: T[]): T { return list[0] }\ntext(first<number>([7]))', '7'],
  'interfaces and type aliases': [
    'interface Page { title: string }\ntype Pages = Page[]\nconst pages: Pages = [{ title: "a" }]\ntext(pages[0].title)',
    'a',
  ],
  'as, satisfies, as const and !': [
    'const value = { a: 1 } as const satisfies object\ntext((value as any)!.a!)',
    '1',
  ],
  'casts with angle brackets': ['const value = <any>{ a: 1 }\ntext(<number>value.a)', '1'],
  'classes with modifiers, abstract and overloaded members': [
    `abstract class Shape<T> {
      private readonly sides: number = 4
      protected declare colour: string
      static readonly count: number = 1
      abstract area(): number
      name(): string
      name(upper: boolean): string
      name(upper?: boolean): string { return upper ? 'SHAPE' : 'shape' }
      get(): number { return this.sides }
    }
    class Square extends Shape<number> implements Iterable<number> {
      override area(): number { return 16 }
      *[Symbol.iterator](): Iterator<number> { yield this.area() }
    }
    text([...new Square()].concat(new Square().get(), Shape.count).join() + new Square().name(true))`,
    '16,4,1SHAPE',
  ],
  'type-only imports and exports': [
    "import type { Page } from './pages'\nimport { type Json, text as print } from '@openai/code_mode'\nexport type { Page }\nprint('in')",
    'in',
  ],
  'declarations of what is there': [
    'declare const tools: { a(): Promise<void> }\ndeclare function f(): void\ndeclare module "x" { export const a: 1 }\ntext(typeof tools)',
    'object',
  ],
  'an arrow function whose result type ends on another line': [
    'const f = (a: number):\n  { value: number,\n    next: string } => ({ value: a, next: "" })\ntext(f(5).value)',
    '5',
  ],
  'an async arrow function with type parameters on lines': [
    'const f = async <\n  T,\n>(a: T): Promise<T> => a\ntext(await f<number>(6))',
    '6',
  ],
  'a this parameter': [
    'function f(this: { a: number }): number { return this.a }\ntext(f.call({ a: 8 }))',
    '8',
  ],
  'a caught error with a type': ['try { throw 9 } catch (error: unknown) { text(error as number) }', '9'],
  'a namespace of types': [
    'namespace Api { export interface Page { id: number } }\nlet page: Api.Page = { id: 1 }\ntext(page.id)',
    '1',
  ],
}

describe.each(['thread', 'process'])('isolation: %s', (isolation) => {
  test.each(Object.entries(SCRIPTS))('types are taken out: %s', async (_name, [source, printed]) => {
    const options = { isolation: /** @type {'thread' | 'process'} */ (isolation) }
    expect(await texts(source, options)).toEqual([printed])
    const refused = await run(source, { ...options, typescript: 'off' })
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'SYNTAX_ERROR' } })
  })
})

test.each([
  [
    'a type alias before a line with a bracket',
    'let a = 1\nlet b = a\ntype S = string\n;[b].map((c) => text(c))',
    '1',
  ],
  ['the same without a semicolon', 'let b = 1\ntype S = string\n[b].map((c) => text(c))', '1'],
  ['an assertion before a line with a bracket', 'let b = 2 as number\n;(text)(b)', '2'],
  ['the same without a semicolon', 'let b = 3 as number\n(text)(b)', '3'],
  ['an interface before a template', 'let b = 4\ninterface I {}\n`${text(b)}`', '4'],
  ['a property by the name of get', 'class A { get: number\n a() { return 5 } }\ntext(new A().a())', '5'],
  [
    'a modifier before a computed name',
    'class A { a = 6\n private [`b`] = 7 }\ntext(new A().a + new A().b)',
    '13',
  ],
])('what stood apart stays apart: %s', async (_name, source, printed) => {
  expect(await texts(source)).toEqual([printed])
})

test('places in errors, frames and stacks are those of the text that was given', async () => {
  const source = `// @exec: {"yield_time_ms": 60000}
interface Page { title: string; '😀': "é" }
const fail = <T,>(page: Page, of?: T): never => { throw new TypeError('no ' + page.title) }
  fail<number>({ title: 'a' } as Page)`
  const { error } = await run(source)
  expect(error).toMatchObject({ code: 'SCRIPT_ERROR', line: 3, column: 57, message: 'no a' })
  expect(error.stack).toContain('exec_main.mjs:3:57')
  expect(error.stack).toContain('exec_main.mjs:4:3')
  expect(error.frame).toContain('3 | const fail = <T,>(page: Page, of?: T)')
})

test.each([
  ['enum', 'let a: 1\nenum Colour { Red }', 2, 1, /`enum` can't be run.*Write an object/],
  ['const enum', 'const enum Colour { Red }', 1, 1, /`enum`/],
  [
    'a namespace with values',
    'namespace A { export const b = 1 }',
    1,
    1,
    /`namespace` with values.*Write an object/,
  ],
  [
    'a parameter property',
    'class A { constructor(private a: number) {} }',
    1,
    23,
    /parameter that is a property.*assign it/,
  ],
  ['import =', "import a = require('a')", 1, 1, /`import … =`.*`import … from`/],
  ['export =', 'const a: number = 1\nexport = a', 2, 1, /`export =`.*`export default`/],
  ['a decorator', '@sealed class A {}', 1, 1, /decorator.*Call the function yourself/],
])(
  'what is more than a type is refused with what to write instead: %s',
  async (_name, source, line, column, message) => {
    const { status, error } = await run(source)
    expect(status).toBe('failed')
    expect(error).toMatchObject({ code: 'SYNTAX_ERROR', name: 'SyntaxError', line, column })
    expect(error.message).toMatch(message)
    expect(error.frame).toContain('^')
  },
)

test('of two errors the one is told that is further in the text', async () => {
  const javascript = await run('const a = 1\nconst b = = 2')
  expect(javascript.error).toMatchObject({ code: 'SYNTAX_ERROR', line: 2, message: "Unexpected token '='" })
  const typescript = await run('const a: number = 1\nconst b: number = = 2')
  expect(typescript.error).toMatchObject({ code: 'SYNTAX_ERROR', line: 2, column: 19 })
  const early = await run('const a: number = 1\nconst a: number = 2')
  expect(early.error).toMatchObject({ line: 2, message: "Identifier 'a' has already been declared" })
})

test('a script that is JavaScript is run as it is', async () => {
  expect(await content('const a = 3, b = 2, c = 1\ntext(a < b > (c))')).toEqual([
    { type: 'text', text: 'false' },
  ])
  const [printed] = await texts('function f(a) { return a }\ntext(f.toString())')
  expect(printed).toBe('function f(a) { return a }')
})

test("typescript: 'off' gives V8's error", async () => {
  const { error } = await run('let a: number = 1', { typescript: 'off' })
  expect(error).toMatchObject({ code: 'SYNTAX_ERROR', line: 1, column: 6, message: "Unexpected token ':'" })
})

import { expect, test } from 'vitest'
import { openSession, run } from './support/cell.js'

/** What a parser recurses for, or reads again and again. */
const PARTS = [
  'new\u00a0',
  'typeof\u3000',
  'é=>',
  '0in0in',
  '(',
  '[',
  '{',
  'a=>',
  '!',
  '- ',
  'a+',
  'a=',
  'if(1)',
  'x?x:',
  'A<',
  '`${',
  'new ',
  'a.',
  '(a=',
  '(a:',
  'x?(a',
  'a<',
  '({a:',
  'function f(){',
  'class A{a=',
  'type A=',
  'let a:{b:',
  'async(',
  'async<',
  '<T>(',
  'a?(b):c=>',
  'a as ',
  'let a:A<',
  'let a:(',
  '@a(',
  'namespace A{',
  'let a:B extends C?',
  'let a:()=>',
  '({a=',
  'a?(b=',
  '(a,b=',
  'a?<T>(b):c=>',
]

test.each([300, 39_000, 1_000_000])(
  'a script nested as deep as %d bytes allow fails, and nothing else does',
  async (length) => {
    const session = openSession({ limits: { wallMs: 20_000 } })
    for (const part of PARTS) {
      const source = `let typed: number = 1;${part.repeat(length / Buffer.byteLength(part))}`
      const { status, error } = await session.exec(source)
      expect([part, status]).toEqual([part, 'failed'])
      expect([part, error?.code]).toEqual([
        part,
        expect.stringMatching(/^(SYNTAX_ERROR|SCRIPT_ERROR|MEMORY_LIMIT)$/),
      ])
    }
    expect((await session.exec('1')).status).toBe('completed')
  },
)

test('a script with types that is too long to be read says so', async () => {
  const { error } = await run(`let a: number = 1\n${'a;'.repeat(100_000)}`)
  expect(error).toMatchObject({ code: 'SYNTAX_ERROR', line: 1, column: 6 })
  expect(error?.message).toMatch(/^Unexpected token ':'\. If that is a type: the script is too long/)
})

test('a script with types and a long text in it is read', async () => {
  const { status } = await run(`const a: string = '${'x'.repeat(900_000)}'`)
  expect(status).toBe('completed')
})

test('a cell can be terminated while its types are taken out', async () => {
  const session = openSession()
  const source = `let typed: number = 1;${'(a='.repeat(9_000)}`
  const running = session.exec(source, { yieldTimeMs: 0 })
  const { cellId } = await running
  const ended = await session.terminate(cellId)
  expect(['terminated', 'failed']).toContain(ended.status)
})

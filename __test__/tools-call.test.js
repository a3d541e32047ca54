import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import {
  deferred,
  failure,
  json,
  openSession,
  rangeError,
  run,
  texts,
  textsOf,
  thrownBy,
  typeError,
} from './support/cell.js'

const echo = { execute: (input) => input }

/** A tool that keeps what it was called with. */
function recorder(result) {
  const calls = []
  const execute = (input, call) => {
    calls.push({ input, call })
    return result
  }
  return { calls, tool: { execute } }
}

describe('input', () => {
  test.each([
    ['', {}],
    ['undefined', {}],
    ['{}', {}],
    ['{ a: [1, null] }', { a: [1, null] }],
    ['{ a: undefined }', {}],
    ['Object.create({ inherited: 1 })', {}],
    ['new Map([[1, 2]])', {}],
    ['{ toJSON: () => ({ mine: 1 }) }', { mine: 1 }],
    ['new Proxy({ a: 1 }, {})', { a: 1 }],
  ])(
    '3.2 input: a function tool gets an object, absent becomes {}: tools.call(%s)',
    async (argument, expected) => {
      const { calls, tool } = recorder()
      await texts(`await tools.call(${argument})`, { tools: { call: tool } })
      expect(calls.map(({ input }) => input)).toEqual([expected])
    },
  )

  test.each(['null', '1', '"x"', 'true', '[]', '[{}]', 'new Date(0)', 'NaN', '{ toJSON: () => 1 }'])(
    '3.2 input: a function tool rejects anything else: %s',
    async (argument) => {
      const { calls, tool } = recorder()
      const options = { tools: { 'my-call': tool } }
      const message = 'tool `my-call` expects a JSON object for arguments'
      expect(await thrownBy(`await tools.my_call(${argument})`, options)).toEqual(typeError(message))
      expect(calls).toEqual([])
    },
  )

  test.each([
    ['"text"', 'text'],
    ['""', ''],
    ['"\\"{}\\\\\\n\\0"', '"{}\\\n\0'],
    ['Object("boxed")', 'boxed'],
    ['new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['{ toJSON: () => "mine" }', 'mine'],
  ])('3.2 input: a freeform tool gets a string: %s', async (argument, expected) => {
    const { calls, tool } = recorder()
    await texts(`await tools.call(${argument})`, { tools: { call: { ...tool, kind: 'freeform' } } })
    expect(calls.map(({ input }) => input)).toEqual([expected])
  })

  test.each(['', 'undefined', 'null', '1', '{}', '["x"]', 'NaN'])(
    '3.2 input: a freeform tool rejects anything else: tools.call(%s)',
    async (argument) => {
      const { calls, tool } = recorder()
      const options = { tools: { 'my-call': { ...tool, kind: 'freeform' } } }
      const message = 'tool `my-call` expects a string input'
      expect(await thrownBy(`await tools.my_call(${argument})`, options)).toEqual(typeError(message))
      expect(calls).toEqual([])
    },
  )

  test('3.2 input: a wrong input is a rejection, no synchronous throw', async () => {
    const source = `const promises = [tools.echo(1), tools.free({})]
      const settled = await Promise.allSettled(promises)
      text([promises.map((one) => one instanceof Promise), settled.map(({ status }) => status)])`
    const tools = { echo, free: { ...echo, kind: 'freeform' } }
    expect(await json(source, { tools })).toEqual([
      [true, true],
      ['rejected', 'rejected'],
    ])
  })

  test.each([
    ['a circle', 'circle'],
    ['a bigint', '1n'],
    ['a nested bigint', '{ a: 1n }'],
    ['a function', '() => 1'],
    ['a symbol', 'Symbol()'],
    ['a throwing toJSON', '{ toJSON() { throw new TypeError("mine") } }'],
    ['a throwing getter', '{ get a() { throw new TypeError("mine") } }'],
    ['a revoked proxy', 'revoked'],
  ])(
    '3.2 input: what cannot be serialised throws synchronously, and the host is not called: %s',
    async (_, argument) => {
      const { calls, tool } = recorder()
      const source = `const circle = {}; circle.circle = circle
      const { proxy: revoked, revoke } = Proxy.revocable({}, {}); revoke()
      try { tools.call(${argument}); text('nothing thrown') } catch (error) { text(error instanceof TypeError) }`
      expect(await texts(source, { tools: { call: tool } })).toEqual(['true'])
      expect(calls).toEqual([])
    },
  )

  test.each([
    ['() => 1', 'a function'],
    ['class {}', 'a function'],
    ['Symbol.iterator', 'a symbol'],
  ])('3.2 input: a function or symbol is named in the message: %s', async (argument, kind) => {
    expect(await thrownBy(`tools.echo(${argument})`, { tools: { echo } })).toEqual(
      typeError(`tool \`echo\` got ${kind}; it takes what JSON can say`),
    )
  })

  test('3.2 input: what toJSON throws reaches the script as the same object', async () => {
    const source = `const mine = {}
      try { tools.echo({ toJSON() { throw mine } }) } catch (error) { text(error === mine) }`
    expect(await texts(source, { tools: { echo } })).toEqual(['true'])
  })

  test('3.2 input: further arguments are ignored', async () => {
    const { calls, tool } = recorder()
    await texts('await tools.call({ a: 1 }, { b: 2 }, 3n)', { tools: { call: tool } })
    expect(calls.map(({ input }) => input)).toEqual([{ a: 1 }])
  })

  test('3.2 input: schemas are for the model; inputs and results are not validated', async () => {
    const schema = { type: 'object', required: ['a'], additionalProperties: false }
    const tools = { echo: { ...echo, inputSchema: schema, outputSchema: schema } }
    expect(await json('text(await tools.echo({ b: 1 }))', { tools })).toEqual({ b: 1 })
  })

  test('3.2 input: one over limits.messageBytes throws a RangeError', async () => {
    const message =
      'the input of tool `echo` has 16 bytes as JSON, more than limits.messageBytes, which is 15'
    const options = { tools: { echo }, limits: { messageBytes: 15 } }
    expect(await thrownBy("tools.echo({ a: 'ääää' })", options)).toEqual(rangeError(message))
    expect(await json("text(await tools.echo({ a: 'äääx' }))", options)).toEqual({ a: 'äääx' })
  })
})

describe('the call', () => {
  test('3.2 call: it returns a promise of the script’s realm', async () => {
    const source = `const promise = tools.echo()
      text([promise instanceof Promise, promise.constructor === Promise, Object.keys(promise)])`
    expect(await json(source, { tools: { echo } })).toEqual([true, true, []])
  })

  test('3.2 call: ids count from tool-1 in each cell, in call order', async () => {
    const { calls, tool } = recorder()
    const session = openSession({ tools: { a: tool, b: tool } })
    const first = await session.exec('await tools.a(); await Promise.all([tools.b(), tools.a()])')
    const second = await session.exec('await tools.b()')
    const found = calls.map(({ call: { id, cellId, name } }) => [id, cellId, name])
    expect(found).toEqual([
      ['tool-1', first.cellId, 'a'],
      ['tool-2', first.cellId, 'b'],
      ['tool-3', first.cellId, 'a'],
      ['tool-1', second.cellId, 'b'],
    ])
  })

  test('3.2 call: a refused call takes no id', async () => {
    const { calls, tool } = recorder()
    await texts('await tools.call(1).catch(() => {}); try { tools.call(1n) } catch {} await tools.call()', {
      tools: { call: tool },
    })
    expect(calls.map(({ call }) => call.id)).toEqual(['tool-1'])
  })

  test('3.2 call: it is made at once, also if nobody awaits it and the script ends', async () => {
    const { calls, tool } = recorder()
    await texts('tools.call({ n: 1 }); tools.call({ n: 2 })', { tools: { call: tool } })
    expect(calls.map(({ input }) => input.n)).toEqual([1, 2])
  })

  test('3.2 call: it is made before the script throws', async () => {
    const { calls, tool } = recorder()
    await failure('tools.call(); throw 1', { tools: { call: tool } })
    expect(calls).toHaveLength(1)
  })

  test('3.2 call: the host hears calls in the order in which they were made', async () => {
    const { calls, tool } = recorder()
    await texts('await Promise.all(Array.from({ length: 200 }, (_, n) => tools.call({ n })))', {
      tools: { call: tool },
    })
    expect(calls.map(({ input }) => input.n)).toEqual(Array.from({ length: 200 }, (_, n) => n))
  })

  test('3.2 call: the host function runs while the script goes on', async () => {
    const reached = deferred()
    const tools = {
      first: { execute: () => reached.promise },
      second: { execute: () => reached.resolve('met') },
    }
    expect(
      await texts('const first = tools.first(); await tools.second(); text(await first)', { tools }),
    ).toEqual(['met'])
  })

  test('3.2 call: the name is the key under which the tool was given', async () => {
    const { calls, tool } = recorder()
    await texts('await tools.my_tool()', { tools: { 'my-tool': tool } })
    expect(calls[0].call.name).toBe('my-tool')
  })

  test('3.2 call: `this` of the host function is the tool', async () => {
    class Counter {
      count = 0
      execute() {
        return ++this.count
      }
    }
    expect(
      await json('text([await tools.counter(), await tools.counter()])', {
        tools: { counter: new Counter() },
      }),
    ).toEqual([1, 2])
  })

  test('3.2 call: the host function runs in the async context of the exec that started the cell', async () => {
    const context = new AsyncLocalStorage()
    const session = openSession({
      tools: { where: { execute: () => Promise.resolve().then(() => context.getStore()) } },
    })
    const exec = (store, source) => context.run(store, () => session.exec(source))
    const source =
      'text(await tools.where()); setTimeout(async () => { text(await tools.where()); exit() }, 1)\nawait new Promise(() => {})'
    const results = await Promise.all([exec('a', source), exec('b', source), session.exec(source)])
    expect(results.map(textsOf)).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['undefined', 'undefined'],
    ])
  })

  test('3.2 call: that context holds after a yield, whoever waits', async () => {
    const context = new AsyncLocalStorage()
    const gate = deferred()
    const session = openSession({
      tools: { gate: { execute: () => gate.promise }, where: { execute: () => context.getStore() } },
    })
    const source = 'yield_control(); await tools.gate(); text(await tools.where())'
    const { cellId } = await context.run('exec', () => session.exec(source))
    const result = context.run('wait', () => session.wait(cellId))
    gate.resolve()
    expect(textsOf(await result)).toEqual(['exec'])
  })

  test('3.2 call: usage counts calls and failures', async () => {
    const tools = {
      good: { execute: () => 1 },
      bad: {
        execute() {
          throw new Error('no')
        },
      },
    }
    const result = await run('await tools.good(); await tools.bad().catch(() => {}); await tools.good()', {
      tools,
    })
    expect(result.usage).toMatchObject({ toolCalls: 3, toolErrors: 1 })
  })
})

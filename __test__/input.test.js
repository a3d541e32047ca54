// Bad input: a CodecellError with a code, and a message that names what was given and what would be right.

import { expect, test } from 'vitest'
import { CodecellError, Session } from '../js/index.js'
import { expectFault, newSession } from './support/lifecycle-helpers.js'

const execute = () => null

/**
 * Options of a session that are refused.
 *
 * @param {string} title
 * @param {[options: any, message: RegExp][]} cases
 * @param {string} [code]
 */
function refused(title, cases, code = 'INVALID_ARGUMENT') {
  test(`new Session: ${title}`, async () => {
    for (const [options, message] of cases) await expectFault(() => new Session(options), code, message)
  })
}

refused('options that are no object are refused', [
  [null, /^options must be an object; got null$/],
  [7, /^options must be an object; got 7 \(number\)$/],
  ['x', /^options must be an object; got "x" \(string\)$/],
  [[], /^options must be an object; got an array$/],
])

refused('an unknown option is named, with those that are known', [
  [{ timeout: 1 }, /^unknown key "timeout" in options; known are tools, .*onNotify$/],
  [{ limits: { memory: 1 } }, /^unknown key "memory" in limits; known are heapBytes, .*toolGraceMs$/],
])

refused('tools that are none are refused', [
  [{ tools: 1 }, /^tools must be an object; got 1 \(number\)$/],
  [{ tools: new Map() }, /^tools must be a plain object; got a Map$/],
  [{ tools: [{ execute }] }, /^tools must be an object; got an array$/],
  [{ tools: { a: null } }, /^tools\.a must be an object; got null$/],
  [{ tools: { 'a-b': execute } }, /^tools\["a-b"\] must be an object; got a function$/],
])

refused('a tool without execute is refused', [
  [{ tools: { search: {} } }, /^tools\.search\.execute must be a function; got undefined$/],
  [
    { tools: { search: { execute: 'x' } } },
    /^tools\.search\.execute must be a function; got "x" \(string\)$/,
  ],
])

refused('each member of a tool is checked', [
  [
    { tools: { a: { execute, description: 1 } } },
    /^tools\.a\.description must be a string; got 1 \(number\)$/,
  ],
  [
    { tools: { a: { execute, kind: 'custom' } } },
    /^tools\.a\.kind must be 'function' or 'freeform'; got "custom"/,
  ],
  [
    { tools: { a: { execute, deferred: 1 } } },
    /^tools\.a\.deferred must be true or false; got 1 \(number\)$/,
  ],
  [{ tools: { a: { execute, namespace: {} } } }, /^tools\.a\.namespace must be a string; got an object$/],
])

refused('a schema that is not JSON is refused', [
  [
    { tools: { a: { execute, inputSchema: 'x' } } },
    /^tools\.a\.inputSchema must be a JSON schema, an object or a boolean; got "x"/,
  ],
  [
    { tools: { a: { execute, outputSchema: null } } },
    /^tools\.a\.outputSchema must be a JSON schema, .*; got null$/,
  ],
  [
    { tools: { a: { execute, inputSchema: { const: 1n } } } },
    /^tools\.a\.inputSchema must be what JSON can say: .*BigInt/,
  ],
  [
    {
      tools: {
        a: {
          execute,
          inputSchema: (() => {
            const c = {}
            c.c = c
            return c
          })(),
        },
      },
    },
    /^tools\.a\.inputSchema must be what JSON can say: .*(circular|cyclic)/,
  ],
])

refused(
  'two tools with one identifier are a TOOL_NAME_COLLISION that names both',
  [
    [{ tools: { 'a-b': { execute }, a_b: { execute } } }, /"a-b".*"a_b".*tools\.a_b/],
    [{ tools: { 'a b': { execute }, 'a-b': { execute, deferred: true } } }, /"a b".*"a-b".*tools\.a_b/],
    [{ tools: { '1x': { execute }, _x: { execute } } }, /"1x".*"_x".*tools\._x/],
  ],
  'TOOL_NAME_COLLISION',
)

refused('times out of range are refused', [
  [
    { defaultYieldTimeMs: -1 },
    /^defaultYieldTimeMs must be a number of milliseconds, 0 or more .*; got -1 \(number\)$/,
  ],
  [{ defaultYieldTimeMs: '1' }, /^defaultYieldTimeMs must be .*; got "1" \(string\)$/],
  [{ maxYieldTimeMs: Number.NaN }, /^maxYieldTimeMs must be .*; got NaN \(number\)$/],
])

refused('limits out of range are refused, with their bounds', [
  [{ limits: 7 }, /^limits must be an object; got 7 \(number\)$/],
  [
    { limits: { heapBytes: 1 } },
    /^limits\.heapBytes must be an integer from 16777216 to 2147483648; got 1 \(number\)$/,
  ],
  [
    { limits: { heapBytes: 2 ** 40 } },
    /^limits\.heapBytes must be an integer from 16777216 to 2147483648; got 1099511627776/,
  ],
  [{ limits: { cpuMs: 0 } }, /^limits\.cpuMs must be a number of milliseconds, more than 0; got 0/],
  [{ limits: { wallMs: -5 } }, /^limits\.wallMs must be a number of milliseconds, more than 0; got -5/],
  [
    { limits: { toolGraceMs: -1 } },
    /^limits\.toolGraceMs must be a number of milliseconds, 0 or more .*; got -1/,
  ],
  ...[
    'activeCells',
    'pendingToolCalls',
    'timers',
    'outputBytes',
    'messageBytes',
    'storedBytes',
    'sourceBytes',
    'arrayBufferBytes',
  ].flatMap((name) =>
    [0, -1, 1.5, Number.NaN, Infinity, '1', null].map(
      (value) =>
        /** @type {[any, RegExp]} */ ([
          { limits: { [name]: value } },
          new RegExp(`^limits\\.${name} must be an integer from 1 to \\d+; got `),
        ]),
    ),
  ),
])

refused('choices that there are not are refused, with those that there are', [
  [{ isolation: 'vm' }, /^isolation must be 'thread' or 'process'; got "vm" \(string\)$/],
  [{ console: true }, /^console must be 'off' or 'output' or 'events'; got true \(boolean\)$/],
  [{ typescript: 'on' }, /^typescript must be 'auto' or 'off'; got "on" \(string\)$/],
])

refused('onNotify, namespaces and storedValues are checked', [
  [{ onNotify: 1 }, /^onNotify must be a function; got 1 \(number\)$/],
  [{ namespaces: { a: 1 } }, /^namespaces\.a must be an object; got 1 \(number\)$/],
  [{ namespaces: { a: { description: 1 } } }, /description.*must be a string; got 1 \(number\)$/],
  [{ storedValues: [] }, /^storedValues must be an object; got an array$/],
  [{ storedValues: { a: undefined } }, /^storedValues\.a must be what JSON can say; got undefined$/],
  [{ storedValues: { a: 1n } }, /^storedValues\.a must be what JSON can say: .*BigInt/],
  [{ storedValues: { a: execute } }, /^storedValues\.a must be what JSON can say; got a function$/],
])

test('new Session: undefined is the default, for every option', async () => {
  const names = [
    'tools',
    'namespaces',
    'isolation',
    'limits',
    'defaultYieldTimeMs',
    'maxYieldTimeMs',
    'storedValues',
    'console',
    'typescript',
    'onNotify',
  ]
  const session = newSession(Object.fromEntries(names.map((name) => [name, undefined])))
  expect((await session.exec('1')).status).toBe('completed')
})

test('exec: source that is no text rejects with INVALID_INPUT that names it', async () => {
  const session = newSession()
  for (const [source, shown] of /** @type {[any, string][]} */ ([
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7 (number)'],
    [{ source: '1' }, 'an object'],
    [Buffer.from('1'), 'an object'],
    [['1'], 'an array'],
  ])) {
    await expectFault(
      session.exec(source),
      'INVALID_INPUT',
      `exec expects JavaScript source text as a string; got ${shown}`,
    )
    await expectFault(session.execToPending(source), 'INVALID_INPUT', /as a string/)
  }
})

test('exec: empty source rejects with INVALID_INPUT that says what would be right', async () => {
  const session = newSession()
  for (const source of ['', ' \n\t'])
    await expectFault(
      session.exec(source),
      'INVALID_INPUT',
      /^exec expects raw JavaScript source text \(non-empty\)\./,
    )
})

test('exec: it always returns a promise, and never throws', () => {
  const session = newSession()
  for (const call of [
    () => session.exec(/** @type {any} */ (undefined)),
    () => session.exec('1', /** @type {any} */ (7)),
    () => session.wait(/** @type {any} */ (7)),
    () => session.terminate(/** @type {any} */ (null)),
  ]) {
    const promise = call()
    expect(promise).toBeInstanceOf(Promise)
    promise.catch(() => {})
  }
})

test('exec: options that are not right reject with INVALID_ARGUMENT, and no cell is made', async () => {
  const session = newSession()
  for (const [options, message] of /** @type {[any, RegExp][]} */ ([
    [null, /^exec options must be an object; got null$/],
    [7, /^exec options must be an object; got 7 \(number\)$/],
    [
      { timeout: 1 },
      /^unknown key "timeout" in exec options; known are yieldTimeMs, callId, signal, yieldSignal, tools$/,
    ],
    [{ yieldTimeMs: -1 }, /^yieldTimeMs must be a number of milliseconds, 0 or more .*; got -1 \(number\)$/],
    [{ yieldTimeMs: '1' }, /^yieldTimeMs must be .*; got "1" \(string\)$/],
    [{ callId: 1 }, /^callId must be a string; got 1 \(number\)$/],
    [{ signal: {} }, /^signal must be an AbortSignal; got an object$/],
    [{ signal: new AbortController() }, /^signal must be an AbortSignal; got an object$/],
    [{ yieldSignal: 1 }, /^yieldSignal must be an AbortSignal; got 1 \(number\)$/],
    [{ tools: { a: {} } }, /^tools\.a\.execute must be a function; got undefined$/],
  ])) {
    await expectFault(session.exec('1', options), 'INVALID_ARGUMENT', message)
  }
  await expectFault(
    session.exec('1', { tools: { 'a-b': { execute }, a_b: { execute } } }),
    'TOOL_NAME_COLLISION',
    /tools\.a_b/,
  )
  expect(session.activeCells).toEqual([])
  expect((await session.exec('1')).cellId).toBe('1')
})

test('wait and terminate: what is not right rejects with INVALID_ARGUMENT', async () => {
  const session = newSession()
  for (const call of ['wait', 'terminate', 'waitToPending']) {
    for (const id of [undefined, null, 1, {}]) {
      await expectFault(
        /** @type {any} */ (session)[call](id),
        'INVALID_ARGUMENT',
        /^cellId must be a string; got /,
      )
    }
  }
  await expectFault(
    session.wait('1', /** @type {any} */ ({ callId: '1' })),
    'INVALID_ARGUMENT',
    /^unknown key "callId" in wait options; known are yieldTimeMs, signal, yieldSignal$/,
  )
  await expectFault(session.wait('1', { yieldTimeMs: -1 }), 'INVALID_ARGUMENT', /^yieldTimeMs must be /)
  await expectFault(
    session.wait('1', { signal: /** @type {any} */ ('x') }),
    'INVALID_ARGUMENT',
    /^signal must be an AbortSignal; got "x"/,
  )
})

test('execToPending and waitToPending: they have no yieldTimeMs', async () => {
  const session = newSession()
  await expectFault(
    session.execToPending('1', /** @type {any} */ ({ yieldTimeMs: 1 })),
    'INVALID_ARGUMENT',
    /^unknown key "yieldTimeMs"/,
  )
  await expectFault(
    session.waitToPending('1', /** @type {any} */ ({ yieldTimeMs: 1 })),
    'INVALID_ARGUMENT',
    /^unknown key "yieldTimeMs"/,
  )
})

test('modelTools: options that are not right are refused, by the constructor and by run', async () => {
  const session = newSession()
  await expectFault(
    () => session.modelTools(/** @type {any} */ ({ declare: 1 })),
    'INVALID_ARGUMENT',
    /^unknown key "declare" in modelTools options; known are declareTools, tools$/,
  )
  await expectFault(
    () => session.modelTools(/** @type {any} */ ({ declareTools: 'no' })),
    'INVALID_ARGUMENT',
    /^declareTools must be true or false; got "no"/,
  )
  const { exec, wait } = session.modelTools()
  await expectFault(
    exec.run('1', /** @type {any} */ ({ timeout: 1 })),
    'INVALID_ARGUMENT',
    /^unknown key "timeout" in run options; known are callId, signal, yieldSignal$/,
  )
  await expectFault(
    wait.run({ cell_id: '1' }, /** @type {any} */ ({ signal: 1 })),
    'INVALID_ARGUMENT',
    /^signal must be an AbortSignal/,
  )
})

test('a session used after close rejects with SESSION_CLOSED', async () => {
  const session = newSession()
  await session.close()
  for (const call of [() => session.exec('1'), () => session.wait('1'), () => session.terminate('1')]) {
    await expectFault(call, 'SESSION_CLOSED', 'the session is closed')
  }
})

test('CodecellError: it is an Error with a name, a code and a stack of the caller', async () => {
  const error = await newSession()
    .exec('')
    .catch((fault) => fault)
  expect(error).toBeInstanceOf(CodecellError)
  expect(error).toBeInstanceOf(Error)
  expect(error.name).toBe('CodecellError')
  expect(String(error)).toMatch(/^CodecellError: exec expects/)
  expect(error.stack).toContain('at ')
})

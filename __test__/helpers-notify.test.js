import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import {
  content,
  deferred,
  openSession,
  rangeError,
  texts,
  textsOf,
  thrownBy,
  typeError,
} from './support/cell.js'

/** A session that collects what scripts say. */
function listening(options) {
  const heard = []
  const session = openSession({ onNotify: (notification) => void heard.push(notification), ...options })
  return { session, heard }
}

const notified = async (source) => {
  const { session, heard } = listening()
  textsOf(await session.exec(source))
  return heard.map(({ text }) => text)
}

test('2.7 notify: the host hears it with the id of the cell and of the call', async () => {
  const { session, heard } = listening()
  const { cellId } = await session.exec("notify('hello')", { callId: 'call-7' })
  expect(heard).toEqual([{ cellId, callId: 'call-7', text: 'hello' }])
})

test('2.7 notify: without a call id it carries the cell id', async () => {
  const { session, heard } = listening()
  const { cellId } = await session.exec("notify('hello')")
  expect(heard).toEqual([{ cellId, callId: cellId, text: 'hello' }])
})

test.each([
  ['undefined', 'undefined'],
  ['', 'undefined'],
  ['null', 'null'],
  ['0', '0'],
  ['10n', '10'],
  ['{ a: [1] }', '{"a":[1]}'],
  ['new Date(0)', '"1970-01-01T00:00:00.000Z"'],
  ['() => 1', 'undefined'],
  ['Symbol()', 'undefined'],
  ['"\\ud800 x"', '\ufffd x'],
  ['"  kept  "', '  kept  '],
])('2.7 notify: a value becomes a text exactly as in text: %s', async (value, expected) => {
  expect(await notified(`notify(${value})`)).toEqual([expected])
})

test.each(['""', '" "', '"\\n\\t\\u00a0\\u2003"', '{ toString: () => "" }.toString()'])(
  '2.7 notify: blank text is refused: %s',
  async (value) => {
    expect(await thrownBy(`notify(${value})`)).toEqual(typeError('notify expects non-empty text'))
  },
)

test('2.7 notify: what cannot be serialised throws, and nothing is said', async () => {
  const source = `const circle = {}; circle.circle = circle
    try { notify(circle) } catch (error) { text(error.name) }
    try { notify({ toJSON() { throw new Error('mine') } }) } catch (error) { text(error.message) }`
  const { session, heard } = listening()
  expect(textsOf(await session.exec(source))).toEqual(['TypeError', 'mine'])
  expect(heard).toEqual([])
})

test('2.7 notify: text over limits.messageBytes throws a RangeError', async () => {
  expect(await thrownBy("notify('ä'.repeat(6))", { limits: { messageBytes: 10 } })).toEqual(
    rangeError('notify: the text has 12 bytes, more than limits.messageBytes, which is 10'),
  )
})

test('2.7 notify: it returns undefined and adds nothing to the output', async () => {
  expect(await texts("text(typeof notify('hello'))")).toEqual(['undefined'])
  expect(await content("notify('hello')")).toEqual([])
})

test('2.7 notify: without onNotify it is heard by nobody, and the script never learns', async () => {
  expect(await texts("notify('hello'); text('on')")).toEqual(['on'])
})

test('2.7 notify: the host hears notifications in order, each before the tool calls that follow it', async () => {
  const order = []
  const session = openSession({
    onNotify: ({ text }) => void order.push(text),
    tools: { step: { execute: ({ n }) => void order.push(n) } },
  })
  textsOf(
    await session.exec(`notify('a'); const first = tools.step({ n: 1 }); notify('b'); notify('c')
    await Promise.all([first, tools.step({ n: 2 })]); notify('d')`),
  )
  expect(order).toEqual(['a', 1, 'b', 'c', 2, 'd'])
})

test('2.7 notify: the host hears it while the script goes on', async () => {
  const heard = deferred()
  const session = openSession({
    onNotify: ({ text }) => heard.resolve(text),
    tools: { wait: { execute: () => heard.promise } },
  })
  expect(textsOf(await session.exec("notify('now'); text(await tools.wait())"))).toEqual(['now'])
})

test('2.7 notify: the script does not wait for the host', async () => {
  const release = deferred()
  const session = openSession({
    onNotify: () => release.promise,
    tools: { release: { execute: () => release.resolve() } },
  })
  expect(textsOf(await session.exec("notify('a'); await tools.release(); text('on')"))).toEqual(['on'])
})

test('2.7 notify: the natural end of a cell waits for outstanding notifications', async () => {
  const order = []
  const release = deferred()
  const asked = deferred()
  const session = openSession({
    onNotify: async () => {
      asked.resolve()
      await release.promise
      order.push('notified')
    },
  })
  const result = session.exec("notify('a')").then(() => order.push('answered'))
  await asked.promise
  release.resolve()
  await result
  expect(order).toEqual(['notified', 'answered'])
})

/** What arrives on the channel for failed notifications, from this session's cells. */
function failuresOf(cellText) {
  const failures = []
  const listener = (message) => {
    if (message.notification.text === cellText) failures.push(message)
  }
  subscribe('codecell:notify:error', listener)
  onTestFinished(() => void unsubscribe('codecell:notify:error', listener))
  return failures
}

test.each([
  [
    'throws',
    (error) => () => {
      throw error
    },
  ],
  ['rejects', (error) => () => Promise.reject(error)],
  [
    'returns a thenable that throws',
    (error) => () => ({
      // biome-ignore lint/suspicious/noThenProperty: the host may return anything
      then() {
        throw error
      },
    }),
  ],
])(
  '2.7 notify: an onNotify that %s harms neither cell nor program, and is told on codecell:notify:error',
  async (how, make) => {
    const failures = failuresOf(how)
    const mine = new Error('mine')
    const session = openSession({ onNotify: make(mine) })
    const result = await session.exec(`notify('${how}'); text('on')`, { callId: 'call' })
    expect(textsOf(result)).toEqual(['on'])
    expect(failures).toHaveLength(1)
    expect(failures[0].error).toBe(mine)
    expect(failures[0].notification).toEqual({ cellId: result.cellId, callId: 'call', text: how })
  },
)

test('2.7 notify: after a failing onNotify later notifications are heard', async () => {
  const heard = []
  const session = openSession({
    onNotify({ text }) {
      heard.push(text)
      if (text === 'first') throw null
    },
  })
  textsOf(await session.exec("notify('first'); notify('second')"))
  expect(heard).toEqual(['first', 'second'])
})

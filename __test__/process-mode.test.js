// Children that are killed, stopped, full, or missing: what a session with isolation 'process' makes of it.

import { spawnSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Session } from '../js/index.js'
import { deferred } from './support/cell.js'
import {
  childEvents,
  childOf,
  children,
  descriptors,
  isThere,
  openProcessSession,
  statusOf,
} from './support/child-processes.js'
import { until } from './support/lifecycle-helpers.js'

const LOST = { status: 'failed', error: { code: 'ENGINE_LOST' } }

/** All threads of a process stand still. */
async function freeze(pid) {
  process.kill(pid, 'SIGSTOP')
  await until(() => statusOf(pid, 'State').startsWith('T'))
}

/** It may have gone since it was listed. */
function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

const well = async (session) =>
  expect(await session.exec("text('well')")).toMatchObject({
    status: 'completed',
    content: [{ text: 'well' }],
  })

describe.runIf(process.platform === 'linux')('isolation: process', () => {
  test('a cell runs in a child of this process, with the same results', async () => {
    const session = openProcessSession({
      tools: { add: { execute: ({ a, b }) => a + b } },
      storedValues: { known: [1] },
    })
    const result = await session.exec(`
      text(await tools.add({ a: 1, b: 2 }))
      text(load('known'))
      store('new', { x: 'ä' })
      text(ALL_TOOLS.map((tool) => tool.name))
    `)
    expect(result).toMatchObject({
      status: 'completed',
      content: [{ text: '3' }, { text: '[1]' }, { text: '["add"]' }],
      usage: { toolCalls: 1, toolErrors: 0 },
    })
    expect(session.storedValues()).toEqual({ known: [1], new: { x: 'ä' } })
    expect(children()).toContain(await childOf(session))
  })

  test('a script has the time zone of the program', async () => {
    const session = openProcessSession()
    const { content } = await session.exec(
      'text(Intl.DateTimeFormat().resolvedOptions().timeZone); text(new Date(0).toString())',
    )
    expect(content.map((item) => item.text)).toEqual([
      Intl.DateTimeFormat().resolvedOptions().timeZone,
      new Date(0).toString(),
    ])
  })

  test('stored values cross once, and every cell finds the newest', async () => {
    const session = openProcessSession()
    for (let round = 0; round < 20; round++) {
      const { content } = await session.exec(
        `text(load('round') ?? 'none'); store('round', ${round}); store('key ${round}', 'x'.repeat(1000))`,
      )
      expect(content).toMatchObject([{ text: round === 0 ? 'none' : String(round - 1) }])
    }
    expect(Object.keys(session.storedValues())).toHaveLength(21)
  })

  test('an array over the size limit of V8 costs its child, and the session goes on', async () => {
    const events = childEvents()
    const session = openProcessSession({ storedValues: { kept: 1 } })
    const pid = await childOf(session)
    const result = await session.exec("store('lost', 1); text('before'); 'x'.repeat(2 ** 28).split('')")
    expect(result).toMatchObject({ status: 'failed', error: { code: 'MEMORY_LIMIT' } })
    expect(session.storedValues()).toEqual({ kept: 1 })
    await well(session)
    await until(() => events.some((event) => event.event === 'ended' && event.pid === pid))
    expect(events).toContainEqual(expect.objectContaining({ event: 'ended', pid, lostCells: 0 }))
  })

  test('native code that never looks up is killed with its child', async () => {
    const session = openProcessSession({ limits: { wallMs: 2_000 } })
    await well(session)
    const events = childEvents()
    const source = 'Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)'
    expect(await session.exec(source)).toMatchObject(LOST)
    await until(() =>
      events.find((event) => event.event === 'ended' && /could not be stopped/.test(event.reason)),
    )
    await well(session)
  })

  test('a script that ran out of memory ends with MEMORY_LIMIT, and its child goes when it is empty', async () => {
    const events = childEvents()
    const session = openProcessSession({ limits: { heapBytes: 2 ** 25 } })
    const pid = await childOf(session)
    expect(await session.exec('new Array(1e9).fill(0)')).toMatchObject({ error: { code: 'MEMORY_LIMIT' } })
    await until(() => events.some((event) => event.event === 'ended' && event.pid === pid))
    expect(events).toContainEqual(expect.objectContaining({ event: 'ended', pid, lostCells: 0 }))
    await well(session)
  })

  test.each([
    ['running', 'notify(1); while (true);'],
    ['waiting for a tool', 'notify(1); await tools.hang()'],
    ['waiting for a timeout', 'notify(1); await new Promise((resolve) => setTimeout(resolve, 1e6))'],
    ['yielded', 'notify(1); yield_control(); await new Promise(() => {})'],
  ])(
    'SIGKILL while its cell is %s: the promise settles, the next cell is well, nothing is left',
    async (_, source) => {
      const runs = deferred()
      const hang = {
        execute: (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
      }
      const session = openProcessSession({ tools: { hang }, onNotify: runs.resolve })
      const pid = await childOf(session)
      const answer = session.exec(source)
      await runs.promise
      process.kill(pid, 'SIGKILL')
      const first = await answer
      const last = first.status === 'running' ? await session.wait(first.cellId) : first
      expect(last).toMatchObject({ ...LOST, error: { message: expect.stringMatching(/killed by SIGKILL/) } })
      await until(() => !isThere(pid), 'the child is reaped')
      await well(session)
    },
  )

  test('SIGKILL of a child that has not begun with its cell is noticed by nobody', async () => {
    const session = openProcessSession()
    await well(session)
    for (let round = 0; round < 20; round++) {
      // It is given to three children at the most, and others of earlier tests may stand ready.
      for (const pid of children().slice(0, 2)) killIfThere(pid)
      await well(session)
    }
  })

  test('SIGKILL again and again, while children start and in the middle of messages, loses no promise', async () => {
    const session = openProcessSession()
    for (let round = 0; round < 10; round++) {
      let settled = false
      const answer = session.exec("for (;;) text('x'.repeat(1e5))").finally(() => {
        settled = true
      })
      while (!settled) {
        await new Promise((resolve) => setTimeout(resolve, round))
        for (const pid of children()) killIfThere(pid)
      }
      expect((await answer).error.code).toMatch(/ENGINE_LOST|OUTPUT_LIMIT/)
    }
    await until(async () => (await session.exec('text(1)')).status === 'completed')
  })

  test('a child that is stopped is found out by its silence, and its cells end', async () => {
    const runs = deferred()
    const session = openProcessSession({ onNotify: runs.resolve })
    const pid = await childOf(session)
    const answer = session.exec('notify(1); while (true);')
    await runs.promise
    await freeze(pid)
    expect(await answer).toMatchObject({
      ...LOST,
      error: { message: expect.stringMatching(/did not answer/) },
    })
    await until(() => !isThere(pid))
    await well(session)
  })

  test('terminate and close settle although the child is stopped', async () => {
    const session = openProcessSession()
    const pid = await childOf(session)
    const { cellId } = await session.exec('yield_control(); while (true);')
    await freeze(pid)
    expect((await session.terminate(cellId)).status).not.toBe('running')
    await session.close()
    await until(() => !isThere(pid))
  })

  test('a pipe that is full blocks nobody: a stopped child is sent 64 MiB, and another session goes on', async () => {
    const called = deferred()
    const result = deferred()
    const tools = {
      large: {
        execute: () => {
          called.resolve()
          return result.promise
        },
      },
    }
    const session = openProcessSession({ tools, limits: { heapBytes: 2 ** 29 } })
    const other = openProcessSession()
    await well(other)
    const pid = await childOf(session)
    const answer = session.exec('text((await tools.large()).length)')
    await called.promise
    await freeze(pid)
    result.resolve('x'.repeat(60 * 1024 * 1024))
    for (let round = 0; round < 20; round++) await well(other)
    process.kill(pid, 'SIGCONT')
    expect(await answer).toMatchObject({ status: 'completed', content: [{ text: String(60 * 1024 * 1024) }] })
  })

  test('a lost child takes cells of its own session with it, and of no other', async () => {
    const one = openProcessSession({ childOptions: { cellsPerChild: 2 } })
    const other = openProcessSession()
    const steady = other.exec('await new Promise((resolve) => setTimeout(resolve, 1500)); text(1)')
    const pid = await childOf(one)
    const cells = []
    for (const wait of ['while (true);', 'await new Promise(() => {})']) {
      cells.push((await one.exec(`yield_control(); ${wait}`)).cellId)
    }
    const third = one.exec('await new Promise((resolve) => setTimeout(resolve, 1500)); text(3)')
    process.kill(pid, 'SIGKILL')
    for (const cell of cells) expect(await one.wait(cell)).toMatchObject(LOST)
    expect(await third).toMatchObject({ status: 'completed' })
    expect(await steady).toMatchObject({ status: 'completed' })
  })

  test('cells beyond childOptions.cellsPerChild run in another child', async () => {
    const session = openProcessSession({ childOptions: { cellsPerChild: 1 } })
    const pid = await childOf(session)
    const cells = []
    for (let count = 0; count < 3; count++) {
      cells.push((await session.exec('yield_control(); await new Promise(() => {})')).cellId)
    }
    process.kill(pid, 'SIGKILL')
    const [first, ...others] = cells
    expect(await session.wait(first)).toMatchObject(LOST)
    for (const cell of others) {
      expect(await session.wait(cell, { yieldTimeMs: 200 })).toMatchObject({ status: 'running' })
    }
  })

  test('two sessions never share a child at the same time', async () => {
    const one = openProcessSession({ childOptions: { cellsPerChild: 8 } })
    const other = openProcessSession({ childOptions: { cellsPerChild: 8 } })
    const pid = await childOf(one)
    const waiting = 'yield_control(); await new Promise(() => {})'
    const ofOne = await one.exec(waiting)
    const ofOther = await other.exec(waiting)
    process.kill(pid, 'SIGKILL')
    expect(await one.wait(ofOne.cellId)).toMatchObject(LOST)
    expect(await other.wait(ofOther.cellId, { yieldTimeMs: 200 })).toMatchObject({ status: 'running' })
  })

  test('the sandbox: no new privileges, seccomp, no descriptors but its own, no way to a file', async () => {
    const session = openProcessSession({ childOptions: { strict: true } })
    const pid = await childOf(session)
    expect(statusOf(pid, 'NoNewPrivs')).toBe('1')
    expect(statusOf(pid, 'Seccomp')).toBe('2')
    const links = readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`))
    const sockets = new Set(links.filter((link) => link.startsWith('socket:')))
    expect(sockets.size).toBe(1)
    const others = links.filter((link) => !sockets.has(link))
    expect(
      others.every((link) => ['/dev/null', 'anon_inode:[eventpoll]', 'anon_inode:[eventfd]'].includes(link)),
    ).toBe(true)
  })

  test('a launcher that is missing, or can not be executed, is a clear error of the constructor', () => {
    const folder = mkdtempSync(join(tmpdir(), 'codecell-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const addon = fileURLToPath(new URL('../codecell.linux-x64-gnu.node', import.meta.url))
    copyFileSync(addon, join(folder, 'addon.node'))
    const program = `
      import('codecell').then(({ Session }) => {
        try { new Session({ isolation: 'process' }) } catch (error) { console.log(error.code, error.message) }
        console.log(typeof new Session().exec)
      })`
    const tell = () =>
      spawnSync(process.execPath, ['-e', program], {
        encoding: 'utf8',
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        env: { ...process.env, NODE_OPTIONS: '', CODECELL_NATIVE_LIBRARY_PATH: join(folder, 'addon.node') },
      }).stdout
    const launcher = join(folder, 'codecell-launcher')
    expect(tell()).toMatch(
      /^ENGINE_UNAVAILABLE .*codecell-launcher, can't be executed: No such file.*\nfunction\n$/s,
    )
    writeFileSync(launcher, '#!/bin/false\n')
    chmodSync(launcher, 0o644)
    expect(tell()).toMatch(
      /^ENGINE_UNAVAILABLE .*codecell-launcher, can't be executed: Permission denied.*\nfunction\n$/s,
    )
  })

  test('a child that is lost is told once, and each cell that goes down with it once', async () => {
    const events = childEvents()
    const losses = []
    const note = (loss) => losses.push(loss)
    subscribe('codecell:engine:lost', note)
    onTestFinished(() => unsubscribe('codecell:engine:lost', note))
    const session = openProcessSession({ childOptions: { cellsPerChild: 2 } })
    const pid = await childOf(session)
    const cells = []
    for (let count = 0; count < 2; count++) {
      cells.push((await session.exec('yield_control(); while (true);')).cellId)
    }
    process.kill(pid, 'SIGKILL')
    for (const cell of cells) expect(await session.wait(cell)).toMatchObject(LOST)
    const ends = () => events.filter((event) => event.event === 'ended' && event.pid === pid)
    await until(() => ends().length > 0, 'the end of the child')
    await well(session)
    expect(ends()).toEqual([{ event: 'ended', pid, reason: 'it was killed by SIGKILL', lostCells: 2 }])
    expect(losses.map(({ cellId }) => cellId).toSorted()).toEqual(cells)
    const [{ lost, held }] = losses
    expect(losses).toMatchObject([
      { lost, held },
      { lost: lost + 1, held },
    ])
  })

  test('children that are killed leave no zombie and no descriptor', async () => {
    const session = openProcessSession()
    await well(session)
    const before = descriptors()
    for (let round = 0; round < 10; round++) {
      const answers = Array.from({ length: 6 }, () => session.exec('yield_control(); while (true);'))
      const cells = (await Promise.all(answers)).map(({ cellId }) => cellId)
      for (const pid of children()) killIfThere(pid)
      for (const cell of cells) expect(await session.wait(cell)).toMatchObject(LOST)
    }
    await well(session)
    await until(() => children().every((pid) => !statusOf(pid, 'State')?.startsWith('Z')), 'no zombie')
    // A child that is ready, or is about to be, has one descriptor.
    await until(() => descriptors() <= before + 3, 'no descriptor')
  })

  test('children end with the program, however it ends', async () => {
    for (const end of ['process.exit()', "process.kill(process.pid, 'SIGKILL')", '0']) {
      const program = `
        import { Session } from 'codecell'
        import { channel } from 'node:diagnostics_channel'
        channel('codecell:engine').subscribe((event) => event.event === 'ready' && console.log(event.pid))
        const session = new Session({ isolation: 'process' })
        await session.exec('yield_control(); while (true);')
        await new Promise((resolve) => setTimeout(resolve, 500))
        ${end}`
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        timeout: 30_000,
      })
      const pids = stdout.trim().split('\n').map(Number)
      // Nothing said would be a 0.
      expect(pids).not.toContain(0)
      await until(() => pids.every((pid) => !isThere(pid)), `the children end after ${end}`)
    }
  }, 60_000)

  test('when the last session is closed, its children go', async () => {
    const session = new Session({ isolation: 'process' })
    await session.exec('text(1)')
    await session.close()
    // Sessions of other tests may be open for a moment.
    await until(() => children().length === 0, 'no child is left')
  }, 40_000)

  test.each([
    [{ cellsPerChild: 0 }, /childOptions\.cellsPerChild must be an integer from 1 to 64; got 0/],
    [{ cellsPerChild: 65 }, /childOptions\.cellsPerChild must be an integer from 1 to 64; got 65/],
    [{ strict: 1 }, /childOptions\.strict must be true or false; got 1/],
    [{ cells: 1 }, /unknown key "cells" in childOptions; known are cellsPerChild, strict/],
  ])('childOptions are checked: %j', (childOptions, message) => {
    expect(() => new Session({ isolation: 'process', childOptions })).toThrow(message)
  })

  test("childOptions without isolation 'process' are refused", () => {
    expect(() => new Session({ isolation: 'thread', childOptions: {} })).toThrow(
      /childOptions are for isolation: 'process'/,
    )
  })
})

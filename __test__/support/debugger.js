// A debugger: chrome-remote-interface, which speaks the protocol of Chrome DevTools.

import { once } from 'node:events'
import CDP from 'chrome-remote-interface'
import { expect, onTestFinished } from 'vitest'
import { openSession } from './cell.js'

/** @import { Session, SessionOptions, InspectOptions } from 'codecell' */

/**
 * A session whose cells can be debugged, at a port that is free.
 *
 * @param {InspectOptions} [inspect]
 * @param {SessionOptions} [options]
 */
export function openInspected(inspect, options) {
  return openSession({ ...options, inspect: { port: 0, ...inspect } })
}

/**
 * The cells that can be debugged, as they are listed.
 *
 * @param {Session} session
 * @returns {Promise<any[]>}
 */
export async function targetsOf(session) {
  const response = await fetch(`${await session.inspectorUrl}/json/list`)
  expect(response.status).toBe(200)
  return response.json()
}

/**
 * A debugger of this cell, which has told V8 to listen.
 *
 * @param {{ webSocketDebuggerUrl: string }} target
 * @returns {Promise<any>}
 */
export async function debuggerOf({ webSocketDebuggerUrl }) {
  const client = await CDP({ target: webSocketDebuggerUrl, local: true })
  onTestFinished(() => client.close())
  await client.Runtime.enable()
  await client.Debugger.enable()
  return client
}

/**
 * A debugger of the only cell of this session.
 *
 * @param {Session} session
 */
export async function attach(session) {
  const targets = await targetsOf(session)
  expect(targets).toHaveLength(1)
  return debuggerOf(targets[0])
}

/**
 * Lets a script start that waits for it, and waits until it is paused.
 *
 * @param {any} client
 */
export async function startToPause(client) {
  const paused = client.Debugger.paused()
  await client.Runtime.runIfWaitingForDebugger()
  return paused
}

/**
 * Runs a script up to its first `debugger` statement.
 *
 * @param {Session} session
 * @param {string} source
 */
export async function pausedCell(session, source) {
  const answer = session.exec(source)
  const client = await attach(session)
  const paused = await startToPause(client)
  return { answer, client, paused, cellId: session.activeCells[0] ?? '' }
}

/**
 * A debugger goes without a word: its connection breaks.
 *
 * @param {any} client
 */
export async function vanish(client) {
  const gone = once(client, 'disconnect')
  client._ws.terminate()
  await gone
}

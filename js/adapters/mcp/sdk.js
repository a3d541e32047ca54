// The official SDK has two generations: one package, version 1, and `@modelcontextprotocol/client` and `/server`, version
// 2. What they do differently.

import * as z from 'zod'

/** @import { McpClient } from '../../../types/mcp.d.ts' */

const LIST_CHANGED = 'notifications/tools/list_changed'

/**
 * @param {McpClient} client
 */
function isFirstGeneration(client) {
  // callTool(params, resultSchema = …, options), and not callTool(params, options).
  return client.callTool.length < 2
}

/**
 * @param {McpClient} client
 * @param {{ name: string, arguments: Record<string, unknown> }} params
 * @param {object} options
 */
export function callTool(client, params, options) {
  return isFirstGeneration(client)
    ? client.callTool(params, undefined, options)
    : client.callTool(params, options)
}

/**
 * @param {McpClient} client
 * @param {() => Promise<void>} handler
 */
export function onToolListChanged(client, handler) {
  const method = isFirstGeneration(client) ? z.looseObject({ method: z.literal(LIST_CHANGED) }) : LIST_CHANGED
  client.setNotificationHandler(method, handler)
}

/**
 * What a request tells besides its input.
 *
 * @typedef {object} RequestFacts
 * @property {string} id
 * @property {AbortSignal} signal
 * @property {string | number | undefined} progressToken
 * @property {(notification: object) => Promise<void>} notify
 */

/**
 * @param {any} extra what a handler is given
 * @returns {RequestFacts}
 */
export function requestFacts({ mcpReq, requestId, signal, sendNotification, _meta }) {
  if (mcpReq === undefined) {
    return { id: String(requestId), signal, progressToken: _meta?.progressToken, notify: sendNotification }
  }
  const { id, _meta: meta, notify } = mcpReq
  return {
    id: String(id),
    signal: mcpReq.signal,
    progressToken: meta?.progressToken,
    notify: (notification) => notify.call(mcpReq, notification),
  }
}

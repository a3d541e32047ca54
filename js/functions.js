// The model's texts, without a session.

import * as check from './check.js'
import { invalidArgument, invalidInput, withCodes } from './errors.js'
import { toNativeJson } from './json.js'
import { wholeTokens } from './model-tools.js'
import { addon } from './native.js'
import { jsonSchema, signature } from './tool-set.js'

/** @import { ContentItem, JsonSchema, Tool } from '../index.d.ts' */

/**
 * @param {string} name
 * @param {Pick<Tool, 'kind' | 'inputSchema' | 'outputSchema'>} tool
 * @returns {string}
 */
export function renderToolDeclaration(name, tool) {
  check.string('name', name)
  const toolJson = toNativeJson(signature('tool', check.record('tool', tool)))
  return withCodes(() => addon.renderToolDeclaration(name, toolJson))
}

/**
 * @param {JsonSchema} schema
 * @returns {string}
 */
export function schemaToTypeScript(schema) {
  const schemaJson = toNativeJson(jsonSchema('schema', schema))
  return withCodes(() => addon.schemaToTypeScript(schemaJson))
}

/**
 * @param {string} name
 * @returns {string}
 */
export function toolIdentifier(name) {
  check.string('name', name)
  return withCodes(() => addon.toolIdentifier(name))
}

/**
 * @param {string} text
 * @returns {{ code: string, yieldTimeMs?: number, maxOutputTokens?: number }}
 */
export function parseExecSource(text) {
  if (typeof text !== 'string') {
    throw invalidInput(`parseExecSource expects source text as a string; got ${check.shown(text)}`)
  }
  return JSON.parse(withCodes(() => addon.parseExecSource(text)))
}

/**
 * @param {ContentItem[]} content
 * @param {number} maxTokens
 * @returns {ContentItem[]}
 */
export function truncateContent(content, maxTokens) {
  if (!Array.isArray(content)) {
    throw invalidArgument(`content must be an array of content items; got ${check.shown(content)}`)
  }
  if (typeof maxTokens !== 'number' || !(maxTokens >= 0)) {
    throw invalidArgument(`maxTokens must be a number, 0 or more; got ${check.shown(maxTokens)}`)
  }
  const contentJson = toNativeJson(content)
  return JSON.parse(withCodes(() => addon.truncateContent(contentJson, wholeTokens(maxTokens))))
}

const [codecell, v8] = addon.versions()

/** @type {{ readonly codecell: string, readonly v8: string }} */
export const versions = Object.freeze({ codecell, v8 })

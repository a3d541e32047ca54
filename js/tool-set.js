import * as check from './check.js'
import { invalidArgument, withCodes } from './errors.js'
import { checkedJson, toNativeJson } from './json.js'
import { addon } from './native.js'

/** @import { ToolCall } from '../index.d.ts' */

/**
 * A tool as it was when it was given.
 *
 * @typedef {object} HostTool
 * @property {string} name
 * @property {string | undefined} description
 * @property {(input: unknown, call: ToolCall) => unknown} execute
 */

/** The tools of a session or a cell: their functions here, what is said about them in the addon. */
export class ToolSet {
  /**
   * By their number in calls.
   *
   * @readonly
   * @type {readonly HostTool[]}
   */
  tools

  /** @readonly */
  native

  /** @type {string} */
  #namespaces

  /**
   * @param {unknown} tools the record that the caller gave
   * @param {string} namespaces what `namespacesJson` made of the namespaces
   */
  constructor(tools, namespaces) {
    const given = tools === undefined ? {} : check.record('tools', tools)
    const names = Object.keys(given).sort()
    const entries = names.map((name) => toolOf(name, given[name]))
    this.tools = entries.map(({ host }) => host)
    this.#namespaces = namespaces
    const descriptions = toNativeJson(entries.map(({ description }) => description))
    this.native = withCodes(() => new addon.NativeToolSet(descriptions, namespaces))
  }

  /**
   * Other tools under the same headings.
   *
   * @param {unknown} tools
   */
  withTools(tools) {
    return new ToolSet(tools, this.#namespaces)
  }
}

/**
 * @param {string} name
 * @param {unknown} given
 */
function toolOf(name, given) {
  const label = check.member('tools', name)
  const tool = check.record(label, given)
  const execute = check.fn(`${label}.execute`, tool.execute)
  const description = check.optional(check.string, `${label}.description`, tool.description)
  return {
    /** @type {HostTool} */
    host: { name, description, execute: (input, call) => execute.call(tool, input, call) },
    description: {
      name,
      description,
      ...signature(label, tool),
      deferred: check.optional(check.boolean, `${label}.deferred`, tool.deferred),
      namespace: check.optional(check.string, `${label}.namespace`, tool.namespace),
    },
  }
}

/**
 * What a tool takes and gives, checked.
 *
 * @param {string} label
 * @param {Record<string, unknown>} tool
 */
export function signature(label, tool) {
  return {
    kind: check.optional(kindChoice, `${label}.kind`, tool.kind),
    inputSchema: check.optional(jsonSchema, `${label}.inputSchema`, tool.inputSchema),
    outputSchema: check.optional(jsonSchema, `${label}.outputSchema`, tool.outputSchema),
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function kindChoice(name, value) {
  return check.oneOf(name, value, ['function', 'freeform'])
}

/**
 * A JSON schema. The caller keeps his object: what comes back is a copy, so a later change has no effect.
 *
 * @param {string} name
 * @param {unknown} value
 * @returns {unknown}
 */
export function jsonSchema(name, value) {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument(`${name} must be a JSON schema, an object or a boolean; got ${check.shown(value)}`)
  }
  return JSON.parse(checkedJson(name, value))
}

/**
 * The descriptions of namespaces, as the addon takes them.
 *
 * @param {unknown} given
 */
export function namespacesJson(given) {
  if (given === undefined) return '{}'
  const namespaces = Object.entries(check.record('namespaces', given)).map(([name, namespace]) => {
    const label = check.member('namespaces', name)
    const { description } = check.record(label, namespace)
    return [name, check.optional(check.string, `${label}.description`, description) ?? null]
  })
  return toNativeJson(Object.fromEntries(namespaces))
}

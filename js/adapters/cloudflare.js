// Cloudflare's code mode: an executor for Node.

import * as check from '../check.js'
import { messageOf } from '../json.js'
import { limitsOf, runReturning } from './returning-script.js'

/** @import { ExecuteOptions, ExecuteResult, Executor, ResolvedProvider } from '@cloudflare/codemode' */
/** @import { Tool } from '../../index.d.ts' */
/** @import { CodecellExecutorOptions } from '../../types/cloudflare.d.ts' */

const DEFAULT_TIMEOUT_MS = 30_000
const IDENTIFIER = /^[a-zA-Z_$][a-zA-Z0-9_$]*$/
const RESERVED = new Set(['Promise', 'setTimeout', 'Error', 'console', 'tools', 'globalThis', '__return'])
const FENCE = /^```(?:js|javascript|typescript|ts|tsx|jsx)?\s*\n([\s\S]*?)\n?```$/

/** As Cloudflare's own executors write them. */
const LEVELS = { log: '', info: '', debug: '', warn: '[warn] ', error: '[error] ' }

/** @implements {Executor} */
export class CodecellExecutor {
  #limits

  /** @param {CodecellExecutorOptions} [given] */
  constructor(given) {
    const options = check.options('CodecellExecutor options', given, ['timeout', 'limits'])
    const timeoutMs = check.optional(check.duration, 'timeout', options.timeout) ?? DEFAULT_TIMEOUT_MS
    this.#limits = limitsOf({ timeoutMs, limits: /** @type {CodecellExecutorOptions} */ (options).limits })
  }

  /**
   * @param {string} code
   * @param {ResolvedProvider[] | Record<string, (...args: unknown[]) => Promise<unknown>>} providersOrFns
   * @param {ExecuteOptions} [options]
   * @returns {Promise<ExecuteResult>}
   */
  async execute(code, providersOrFns, options) {
    try {
      const namespaces = [...providersOf(providersOrFns), ...connectorsOf(options)]
      const wrong = wrongName(namespaces.map(({ name }) => name))
      if (wrong !== undefined) return { result: undefined, error: wrong }
      return await this.#run(code, namespaces)
    } catch (error) {
      return { result: undefined, error: messageOf(error) ?? 'the code could not be run' }
    }
  }

  /**
   * @param {string} code
   * @param {Namespace[]} namespaces
   * @returns {Promise<ExecuteResult>}
   */
  async #run(code, namespaces) {
    const prelude = namespaces.map(namespaceSource).join(';')
    const common = {
      prelude,
      tools: { [CALL]: dispatcher(namespaces) },
      limits: this.#limits,
      levels: LEVELS,
    }
    const body = (FENCE.exec(code.trim())?.[1] ?? code).replace(/[\s;]+$/, '')
    // A function is called, any other expression is a value. What does not compile as one is a list of statements.
    const called = `(async(made)=>typeof made==="function"?made():made)((${body}\n))`
    let outcome = await runReturning({ ...common, expression: called })
    if (outcome.error?.code === 'SYNTAX_ERROR') {
      outcome = await runReturning({ ...common, expression: `(async()=>{${body}\n})()` })
    }
    const { value, logs, error } = outcome
    if (error === undefined) return { result: value, logs }
    return {
      result: undefined,
      error: error.code === 'TIME_LIMIT' ? 'Execution timed out' : error.message,
      logs,
    }
  }
}

/**
 * @typedef {object} Namespace
 * @property {string} name
 * @property {(tool: string, args: unknown[]) => unknown} call
 * @property {string} prelude
 */

/** The one tool that all calls go through. */
const CALL = 'call'

/**
 * @param {ResolvedProvider[] | Record<string, (...args: unknown[]) => Promise<unknown>>} given
 * @returns {Namespace[]}
 */
function providersOf(given) {
  const providers = Array.isArray(given) ? given : [{ name: 'codemode', fns: given }]
  return providers.map(({ name, fns, prelude = '' }) => {
    const entries = Object.entries(fns).map(([tool, fn]) => /** @type {const} */ ([identifierOf(tool), fn]))
    // Words of the language have an underscore after them.
    const byIdentifier = new Map([
      ...entries.map(([tool, fn]) => /** @type {const} */ ([`${tool}_`, fn])),
      ...entries,
    ])
    return {
      name,
      prelude,
      call: (tool, args) => {
        const fn = byIdentifier.get(tool)
        if (fn === undefined) throw new Error(`Tool "${tool}" not found`)
        return fn(...args)
      },
    }
  })
}

/**
 * @param {ExecuteOptions} [options]
 * @returns {Namespace[]}
 */
function connectorsOf({ connectors = [] } = {}) {
  return connectors.map(({ name, binding }) => ({
    name,
    prelude: '',
    call: (tool, [input]) => binding.callTool(tool, input),
  }))
}

/**
 * As Cloudflare names the tools of a provider in its types.
 *
 * @param {string} name
 */
function identifierOf(name) {
  const identifier = name.replace(/[-.\s]/g, '_').replace(/[^a-zA-Z0-9_$]/g, '')
  return /^[0-9]/.test(identifier) ? `_${identifier}` : identifier || '_'
}

/** @param {string[]} names */
function wrongName(names) {
  const wrong = names.find((name) => !IDENTIFIER.test(name))
  if (wrong !== undefined) return `Provider name "${wrong}" is not a valid JavaScript identifier`
  const reserved = names.find((name) => RESERVED.has(name))
  if (reserved !== undefined) return `Provider name "${reserved}" is reserved`
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : `Duplicate provider name "${twice}"`
}

/** @param {Namespace} namespace */
function namespaceSource({ name, prelude }) {
  const call = `tools.${CALL}({namespace:${JSON.stringify(name)},tool,args})`
  return (
    `const ${name}=new Proxy({},{get:(own,tool)=>Object.hasOwn(own,tool)?own[tool]:` +
    `typeof tool==="string"&&tool!=="then"?async(...args)=>${call}:undefined});` +
    prelude
  )
}

/**
 * @param {Namespace[]} namespaces
 * @returns {Tool}
 */
function dispatcher(namespaces) {
  const byName = new Map(namespaces.map((one) => [one.name, one]))
  return {
    execute: ({ namespace, tool, args }) => byName.get(String(namespace))?.call(String(tool), args),
  }
}

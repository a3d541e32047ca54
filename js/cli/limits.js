import { CommandError } from './command-error.js'

/** @import { Limits } from '../../index.d.ts' */

/**
 * The limits that the options speak of.
 *
 * @param {Record<string, any>} options
 * @returns {Limits}
 */
export function limitsOf(options) {
  const cpuMs = number('cpu-ms', options, { least: 1 })
  const wallMs = number('wall-ms', options, { least: 1 })
  const heapMib = number('heap-mib', options, { least: 16, most: 2048 })
  return {
    ...(cpuMs !== undefined && { cpuMs }),
    ...(wallMs !== undefined && { wallMs }),
    ...(heapMib !== undefined && { heapBytes: heapMib * 2 ** 20 }),
  }
}

/**
 * @param {string} name
 * @param {Record<string, any>} options
 * @param {{ least: number, most?: number }} range
 */
export function number(name, { [name]: given }, { least, most = Number.MAX_SAFE_INTEGER }) {
  if (given === undefined) return undefined
  const value = /^\d+$/.test(given) ? Number(given) : Number.NaN
  if (value >= least && value <= most) return value
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  throw new CommandError(`--${name} must be a whole number ${range}; got ${JSON.stringify(given)}.`)
}

// What libraries call a schema, as JSON schema, and its validation.

import { shown } from '../check.js'
import { invalidArgument } from '../errors.js'
import { messageOf } from '../json.js'

/** @import { JsonSchema } from '../../index.d.ts' */
/** @import { Issue, StandardSchema } from './schema-types.d.ts' */

/** The draft that tools are described in. */
const TARGET = 'draft-2020-12'

/**
 * The JSON schema of what a library calls a schema: a JSON schema, or a Standard Schema that tells its JSON schema, as
 * those of zod 4.2 and newer do.
 *
 * @param {string} name how messages call it
 * @param {unknown} schema
 * @param {'input' | 'output'} direction of what a schema transforms: what it takes, or what it gives
 * @returns {JsonSchema}
 */
export function jsonSchemaOf(name, schema, direction) {
  if (typeof schema === 'boolean') return schema
  if (!isObject(schema)) throw notASchema(name, schema)
  const standard = standardOf(schema)
  if (standard !== undefined) return ofStandardSchema(name, standard, direction)
  // The types of arktype are functions; any other function is a mistake.
  if (typeof schema === 'function' || Array.isArray(schema)) throw notASchema(name, schema)
  return /** @type {JsonSchema} */ (schema)
}

/**
 * A value as its schema makes it, with defaults filled in and transformations done. JSON schemas validate nothing.
 *
 * @param {string} name how messages call the value
 * @param {unknown} schema
 * @param {unknown} value
 */
export async function validated(name, schema, value) {
  const standard = isObject(schema) ? standardOf(schema) : undefined
  if (standard === undefined) return value
  const result = await standard.validate(value)
  if (result.issues === undefined) return result.value
  throw new TypeError(`${name} is not valid: ${result.issues.map(issueText).join('; ')}`)
}

/**
 * @param {string} name
 * @param {StandardSchema} standard
 * @param {'input' | 'output'} direction
 */
function ofStandardSchema(name, standard, direction) {
  const { jsonSchema, vendor } = standard
  if (jsonSchema === undefined) {
    const newer = vendor === 'zod' ? '; use zod 4.2 or newer' : ''
    throw invalidArgument(
      `${name} is a schema of ${vendor} that does not tell its JSON schema${newer}, or give a JSON schema`,
    )
  }
  try {
    const { $schema: _, ...schema } = jsonSchema[direction]({ target: TARGET })
    return schema
  } catch (error) {
    throw invalidArgument(
      `${name} cannot be said as JSON schema: ${messageOf(error) ?? 'its library gives no reason'}`,
    )
  }
}

/**
 * @param {object} schema
 * @returns {StandardSchema | undefined}
 */
function standardOf(schema) {
  if (!('~standard' in schema) || !isObject(schema['~standard'])) return undefined
  return /** @type {StandardSchema} */ (schema['~standard'])
}

/** @param {Issue} issue */
function issueText({ message, path = [] }) {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}

/**
 * @param {string} name
 * @param {unknown} schema
 */
function notASchema(name, schema) {
  return invalidArgument(`${name} must be a JSON schema or a Standard Schema; got ${shown(schema)}`)
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

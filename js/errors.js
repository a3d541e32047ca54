/** @import { CodecellError as Declared, CodecellErrorCode } from '../index.d.ts' */

/** @type {ReadonlySet<unknown>} */
const CODES = new Set([
  'INVALID_ARGUMENT',
  'INVALID_INPUT',
  'TOOL_NAME_COLLISION',
  'SESSION_CLOSED',
  'CELL_BUSY',
  'CELL_TERMINATING',
  'TOO_MANY_CELLS',
  'ENGINE_UNAVAILABLE',
])

/**
 * A fault of the caller, or of what the package stands on. What a script does wrong is a result, not an error.
 *
 * @implements {Declared}
 */
export class CodecellError extends Error {
  /**
   * @readonly
   * @type {CodecellErrorCode}
   */
  code

  /**
   * @param {string} [message]
   * @param {ErrorOptions & { code?: CodecellErrorCode }} [options]
   */
  constructor(message, options) {
    super(message, options)
    this.code = options?.code ?? 'INVALID_ARGUMENT'
  }
}

// On the prototype, as with every built-in error, so that an instance shows its code and nothing else.
Object.defineProperty(CodecellError.prototype, 'name', {
  value: 'CodecellError',
  writable: true,
  configurable: true,
})

/** @param {string} message */
export function invalidArgument(message) {
  return new CodecellError(message, { code: 'INVALID_ARGUMENT' })
}

/** @param {string} message */
export function invalidInput(message) {
  return new CodecellError(message, { code: 'INVALID_INPUT' })
}

export function sessionClosed() {
  return new CodecellError('the session is closed', { code: 'SESSION_CLOSED' })
}

/**
 * The error for a code that the addon gave.
 *
 * @param {string} code
 * @param {string} message
 */
export function errorWithCode(code, message) {
  if (isCode(code)) return new CodecellError(message, { code })
  return new Error(`${message} (${code})`)
}

/**
 * Calls into the addon. It throws plain errors with our codes; they leave as CodecellError.
 *
 * @template T
 * @param {() => T} call
 * @returns {T}
 */
export function withCodes(call) {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}

/** @param {unknown} error */
function fromNative(error) {
  if (typeof error !== 'object' || error === null || !('code' in error && 'message' in error)) return error
  return isCode(error.code) ? new CodecellError(String(error.message), { code: error.code }) : error
}

/**
 * @param {unknown} code
 * @returns {code is CodecellErrorCode}
 */
function isCode(code) {
  return CODES.has(code)
}

/** What the exit codes of the command mean. */
export const EXIT = /** @type {const} */ ({
  /** The script completed. */
  done: 0,
  /** The script threw. */
  scriptFailed: 1,
  /** The command was called wrongly, or a file that it was given is not right. */
  usage: 2,
  /** The script did not compile. */
  syntax: 3,
  /** The script met a limit. */
  limit: 4,
  /** The engine was lost, or the command itself is at fault. */
  internal: 70,
  /** Ctrl-C: 128 and the number of the signal, as shells have it. */
  interrupted: 130,
  /** SIGTERM. */
  ended: 143,
})

/** A failure that the user can act on: printed without a stack. */
export class CommandError extends Error {
  /**
   * @param {string} message what was wrong, and what would be right
   * @param {{ exitCode?: number, cause?: unknown }} [options]
   */
  constructor(message, { exitCode = EXIT.usage, cause } = {}) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

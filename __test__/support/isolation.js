/**
 * The package as tests see it when CODECELL_TEST_ISOLATION is set: every session that does not say where its cells run
 * runs them there, but for those that can be debugged, which is refused there. vitest.config.js puts it in the place of
 * 'codecell'.
 */

// A way to write it that is not put in the place of itself.
import { Session as Base } from '../../js/./index.js'

export * from '../../js/./index.js'

const isolation = /** @type {'thread' | 'process'} */ (process.env.CODECELL_TEST_ISOLATION)

export class Session extends Base {
  /** @param {import('codecell').SessionOptions} [options] */
  constructor(options) {
    // What is no plain object is left to the checks of the constructor.
    super(isPlain(options) && !options?.inspect ? { isolation, ...options } : options)
  }
}

/** @param {unknown} options */
function isPlain(options) {
  return options === undefined || (typeof options === 'object' && options !== null && !Array.isArray(options))
}

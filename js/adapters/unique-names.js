import { toolIdentifier } from '../functions.js'

/** Names of which no two have the same identifier. */
export class UniqueNames {
  /** @type {Set<string>} */
  #identifiers = new Set()

  /**
   * The name, with a number after it if another one has its identifier already.
   *
   * @param {string} name
   */
  add(name) {
    let unique = name
    for (let number = 2; this.#identifiers.has(toolIdentifier(unique)); number += 1) {
      unique = `${name}_${number}`
    }
    this.#identifiers.add(toolIdentifier(unique))
    return unique
  }
}

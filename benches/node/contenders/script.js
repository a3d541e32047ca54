/**
 * The script as one expression, for engines that have no top-level await in scripts.
 *
 * @param {import('./index.js').Script} script
 */
export function asExpression({ body, result }) {
  return `(async () => {\n${body}\nreturn String(${result})\n})()`
}

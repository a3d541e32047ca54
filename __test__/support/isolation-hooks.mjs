/** @type {import('node:module').ResolveHook} */
export function resolve(specifier, context, next) {
  if (specifier !== 'codecell') return next(specifier, context)
  return { url: new URL('./isolation.js', import.meta.url).href, shortCircuit: true }
}

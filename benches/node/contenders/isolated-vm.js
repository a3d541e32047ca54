import { asExpression } from './script.js'

export const name = 'isolated-vm'
export const how = 'an isolate and a context per script; tools are References, called with apply()'
export const cannot = {}

const MEMORY_LIMIT_MB = 128

export async function open(tools) {
  const { default: ivm } = await import('isolated-vm')
  const prelude = `globalThis.tools = {}
    const options = { arguments: { copy: true }, result: { promise: true, copy: true } }
    ${Object.keys(tools)
      .map((key, index) => `tools.${key} = (input) => $${index}.apply(undefined, [input], options)`)
      .join('\n')}`

  return {
    async run(script, { signal } = {}) {
      const isolate = new ivm.Isolate({ memoryLimit: MEMORY_LIMIT_MB })
      const stop = () => isolate.dispose()
      signal?.addEventListener('abort', stop)
      try {
        const context = await isolate.createContext()
        await context.evalClosure(prelude, Object.values(tools), { arguments: { reference: true } })
        return await context.eval(asExpression(script), { promise: true, copy: true })
      } finally {
        signal?.removeEventListener('abort', stop)
        if (!isolate.isDisposed) isolate.dispose()
      }
    },
    close() {},
  }
}

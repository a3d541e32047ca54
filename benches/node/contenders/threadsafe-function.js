import { buildBareAddon, ROOT } from '../cargo.js'

export { cannot } from './no-sandbox.js'
export const name = 'threadsafe function'
export const how =
  'no sandbox: the same round trip between a bare thread and the host, by one threadsafe function'

const END = 2 ** 32 - 1

/** Its `run` takes no script: the thread makes `calls` calls, each after the answer to the one before. */
export async function open(tools) {
  const { BareThread } = load()
  let done
  let sum = 0
  const thread = new BareThread((number) => {
    if (number === END) return done(String(sum))
    const { value } = tools.echo({ value: number })
    sum += value
    thread.answer(value)
  })
  // The thread alone does not keep the program alive.
  const alive = setInterval(() => {}, 1_000)
  return {
    run({ calls }) {
      return new Promise((resolve) => {
        done = resolve
        sum = 0
        thread.run(calls)
      })
    },
    close: () => clearInterval(alive),
  }
}

function load() {
  buildBareAddon()
  const file =
    { darwin: 'libbare_addon.dylib', win32: 'bare_addon.dll' }[process.platform] ?? 'libbare_addon.so'
  const addon = { exports: {} }
  process.dlopen(addon, `${ROOT}target/release/examples/${file}`)
  return addon.exports
}

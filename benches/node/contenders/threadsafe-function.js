import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const name = 'threadsafe function'
export const how =
  'no sandbox: the same round trip between a bare thread and the host, by one threadsafe function'

const NO_SANDBOX = 'is only the baseline of the tool round trip'
export const cannot = new Proxy(
  {},
  { get: (_, ability) => (ability === 'roundTrip' ? undefined : NO_SANDBOX) },
)

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
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
  const build = spawnSync('cargo', ['build', '--release', '--example', 'bare_addon'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (build.status !== 0) throw new Error(`cargo build of benches/node/bare_addon.rs failed: ${build.stderr}`)
  const file =
    { darwin: 'libbare_addon.dylib', win32: 'bare_addon.dll' }[process.platform] ?? 'libbare_addon.so'
  const addon = { exports: {} }
  process.dlopen(addon, `${ROOT}target/release/examples/${file}`)
  return addon.exports
}

import { asExpression } from './script.js'

export const name = 'quickjs-emscripten'
export const how =
  'one WASM module; a runtime with a context per script; tools return promises of newPromise()'

const SAME_THREAD = 'runs on the thread of the host and blocks it; only a deadline set beforehand interrupts'
export const cannot = { abort: SAME_THREAD, spin: SAME_THREAD }

export async function open(tools) {
  const { getQuickJS } = await import('quickjs-emscripten')
  const quickjs = await getQuickJS()
  return {
    async run(script) {
      const vm = quickjs.newContext()
      try {
        offer(vm, tools)
        const promise = vm.unwrapResult(vm.evalCode(asExpression(script)))
        const settled = vm.resolvePromise(promise)
        vm.runtime.executePendingJobs()
        const value = vm.unwrapResult(await settled)
        const text = vm.getString(value)
        value.dispose()
        promise.dispose()
        return text
      } finally {
        vm.dispose()
      }
    },
    close() {},
  }
}

function offer(vm, tools) {
  const object = vm.newObject()
  for (const [key, execute] of Object.entries(tools)) {
    const tool = vm.newFunction(key, (input) => call(vm, execute, input))
    vm.setProp(object, key, tool)
    tool.dispose()
  }
  vm.setProp(vm.global, 'tools', object)
  object.dispose()
}

function call(vm, execute, inputHandle) {
  const input = vm.dump(inputHandle)
  const deferred = vm.newPromise()
  Promise.resolve(execute(input)).then((output) => {
    const handle = marshal(vm, output)
    deferred.resolve(handle)
    handle.dispose()
  })
  deferred.settled.then(() => vm.runtime.executePendingJobs())
  return deferred.handle
}

/** A value of the host as one of the VM, through JSON. */
function marshal(vm, value) {
  if (value === undefined) return vm.undefined.dup()
  if (typeof value === 'number') return vm.newNumber(value)
  const json = vm.getProp(vm.global, 'JSON')
  const parse = vm.getProp(json, 'parse')
  const text = vm.newString(JSON.stringify(value))
  try {
    return vm.unwrapResult(vm.callFunction(parse, json, text))
  } finally {
    for (const handle of [text, parse, json]) handle.dispose()
  }
}

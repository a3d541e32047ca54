// Runs once in every context, before the script. Returns the helpers that need no native code.
;(() => {
  function* entriesOf(inputs) {
    if (inputs instanceof Map) {
      yield* inputs
      return
    }
    let index = 0
    for (const input of inputs) yield [index++, input]
  }

  function as_settled(inputs) {
    const settled = []
    let unsettled = 0
    let wake
    let closed = false
    const settle = (result) => {
      unsettled--
      if (closed) return
      settled.push(result)
      wake?.()
    }
    for (const [index, input] of entriesOf(inputs)) {
      unsettled++
      Promise.resolve(input).then(
        (value) => settle({ index, status: 'fulfilled', value }),
        (reason) => settle({ index, status: 'rejected', reason }),
      )
    }
    return (async function* () {
      try {
        while (settled.length > 0 || unsettled > 0) {
          if (settled.length === 0) {
            await new Promise((resolve) => {
              wake = resolve
            })
            wake = undefined
          }
          yield* settled.splice(0)
        }
      } finally {
        closed = true
        settled.length = 0
      }
    })()
  }

  async function stream_settled(inputs, callback) {
    if (typeof callback !== 'function') throw new TypeError('stream_settled requires a callback')
    for await (const result of as_settled(inputs)) await callback(result)
  }

  return { as_settled, stream_settled }
})()

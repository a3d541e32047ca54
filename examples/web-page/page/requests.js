/** What the page shows when it is loaded. */
export async function describeSession() {
  return (await checked(await fetch('/api/session'))).json()
}

/**
 * Asks for something that takes long.
 *
 * @param {string} path
 * @param {object} body
 * @returns {AsyncGenerator<{ type: string, [key: string]: any }>} the events, as they come
 */
export async function* observe(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = (await checked(response)).body.pipeThrough(new TextDecoderStream())
  let rest = ''
  // Safari cannot iterate over a stream.
  const reader = text.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      const event = JSON.parse(line)
      if (event.type === 'refused') throw new Error(event.message)
      yield event
    }
  }
}

async function checked(response) {
  if (response.ok) return response
  const { message } = await response.json()
  throw new Error(message)
}

// A web page on which a person writes a script and watches it run: its output, pictures and tool calls as they come.
// Run it with: node examples/web-page/main.js [--port NUMBER]
//
// It listens on this machine only. It has no password: whoever can open a connection to the loopback of this machine
// can run scripts with the tools of tools.js, and with nothing else.

import { parseArgs } from 'node:util'
import { BrowserSessions } from './browser-sessions.js'
import { buildPage } from './build-page.js'
import { createWebServer } from './server.js'

const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } })
const port = Number(values.port)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`--port must be a number from 0 to 65535, but is ${values.port}`)
  process.exit(2)
}

const sessions = new BrowserSessions()
const server = createWebServer({ files: await buildPage(), sessions })

server.on('error', (error) => {
  console.error(`the server cannot listen on port ${port}: ${error.message}`)
  process.exit(1)
})
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`))

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close()
    await sessions.close()
    server.closeAllConnections()
  })
}

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { onTestFinished } from 'vitest'

/**
 * A client that is connected to the server, for as long as the test runs.
 *
 * @param {{ connect(transport: any): Promise<void>, close(): Promise<void> }} server
 */
export async function connectedClient(server) {
  const [near, far] = InMemoryTransport.createLinkedPair()
  const client = new Client({ name: 'test', version: '1.0.0' })
  await Promise.all([server.connect(far), client.connect(near)])
  onTestFinished(async () => {
    await client.close()
    await server.close()
  })
  return client
}

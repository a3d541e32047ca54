// An MCP server over stdio that knows which books are on loan.

import { setTimeout as sleep } from 'node:timers/promises'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import * as z from 'zod'

const LOANS = new Map([
  ['Emma', 'Ada'],
  ['Ulysses', 'Grace'],
])

const server = new McpServer(
  { name: 'loans', version: '1.0.0' },
  { instructions: 'Which books are on loan, and to whom.' },
)
server.registerTool(
  'who_has',
  {
    description: 'Who has a book. Nobody, if it is on its shelf.',
    inputSchema: { title: z.string() },
    outputSchema: { reader: z.string().nullable() },
    annotations: { readOnlyHint: true },
  },
  ({ title }) => {
    const structuredContent = { reader: LOANS.get(title) ?? null }
    return { structuredContent, content: [{ type: 'text', text: JSON.stringify(structuredContent) }] }
  },
)
server.registerTool(
  'remind',
  {
    description: 'Reminds a reader of a book.',
    inputSchema: { reader: z.string(), title: z.string() },
  },
  async ({ reader, title }) => {
    // A mail takes its time. (And a client that reads progress together with the answer drops the progress.)
    await sleep(50)
    return LOANS.get(title) === reader
      ? { content: [{ type: 'text', text: `${reader} was reminded of ${title}.` }] }
      : { content: [{ type: 'text', text: `${reader} does not have ${title}.` }], isError: true }
  },
)
await server.connect(new StdioServerTransport())

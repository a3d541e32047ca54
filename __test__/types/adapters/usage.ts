// Programs as users write them, right and wrong. They are compiled and never run.

import type { StructuredToolInterface } from '@langchain/core/tools'
import { Client as SecondClient } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as SecondMcpServer } from '@modelcontextprotocol/server'
import { Agent } from '@openai/agents'
import { metrics, trace } from '@opentelemetry/api'
import { tool as aiTool, generateText, type LanguageModel, streamText, ToolLoopAgent } from 'ai'
import { Session, type Tool } from 'codecell'
import { codeModeTools, DIRECT_TOOL_CALL, toolsFromAiSdk } from 'codecell/ai-sdk'
import { codeModeTools as langChainTools, toolsFromLangChain } from 'codecell/langchain'
import { serveCodeMode, toolsFromMcp } from 'codecell/mcp'
import { codeModeTools as agentTools, toolsFromOpenAIAgents } from 'codecell/openai-agents'
import { instrument } from 'codecell/otel'
import { tool } from 'codecell/schema'
import * as z from 'zod'

declare const model: LanguageModel

export const weather: Tool = tool({
  description: 'The weather.',
  inputSchema: z.object({ city: z.string(), days: z.number().default(1) }),
  outputSchema: z.object({ celsius: z.number() }),
  execute({ city, days }, { signal }) {
    const sum: number = city.length + days
    // @ts-expect-error the schema says what there is
    city.toFixed()
    return signal.aborted ? undefined : { celsius: sum }
  },
})
export const plain = tool({ inputSchema: { type: 'object' }, execute: (input) => input.anything })
// @ts-expect-error a schema is no string
tool({ inputSchema: 'object', execute: () => 1 })

export async function mcp() {
  const client = new Client({ name: 'a', version: '1' })
  const tools = await toolsFromMcp(client, {
    prefix: 'a__',
    filter: ({ annotations }) => annotations?.readOnlyHint === true,
    deferred: ({ name }) => name.startsWith('b'),
    results: 'structured-content',
    onProgress: ({ progress }, { cellId }) => console.log(progress, cellId),
    onChange: (changed) => served.setTools(changed),
  })
  // @ts-expect-error one of two words
  await toolsFromMcp(client, { results: 'text' })
  const served = serveCodeMode(new McpServer({ name: 'a', version: '1' }), {
    tools,
    declareTools: false,
    limits: { cpuMs: 1 },
  })
  served.session.storedValues()
  const second = await toolsFromMcp(new SecondClient({ name: 'a', version: '2' }))
  serveCodeMode(new SecondMcpServer({ name: 'a', version: '2' }), { tools: second })
  await served.close()
}

export async function aiSdk(session: Session) {
  const search = aiTool({ inputSchema: z.object({ query: z.string() }), execute: async () => 1 })
  const tools = { ...codeModeTools(session, { declareTools: true, approve: () => true }), search }
  await generateText({
    model,
    tools,
    experimental_toolCallers: { search: ['exec', DIRECT_TOOL_CALL] },
    prompt: 'a',
  })
  const { steps } = streamText({ model, tools, prompt: 'a' })
  for (const { toolResults } of await steps) {
    for (const result of toolResults) {
      if (!result.dynamic && result.toolName === 'exec')
        console.log(result.input.source, result.output.success)
    }
  }
  new ToolLoopAgent({ model, tools })
  // @ts-expect-error wait calls no tools
  await generateText({ model, tools, experimental_toolCallers: { search: ['wait'] }, prompt: 'a' })
  return new Session({
    tools: toolsFromAiSdk({ search }, { approve: async ({ toolName }) => toolName === 'a' }),
  })
}

export function agents(session: Session) {
  const tools = agentTools(session)
  return [new Agent({ name: 'a', tools }), toolsFromOpenAIAgents(tools, { context: 1 })]
}

export function langChain(session: Session, tools: StructuredToolInterface[]) {
  return [langChainTools(session), toolsFromLangChain(tools, { config: { tags: ['a'] } })]
}

export function openTelemetry() {
  using undone = instrument()
  undone()
  const tracerProvider = trace.getTracerProvider()
  const stop: () => void = instrument({
    tracerProvider,
    meterProvider: { getMeter: metrics.getMeter },
    modelTools: false,
    recordInputs: true,
    recordOutputs: true,
  })
  stop()
  // @ts-expect-error a provider, no tracer
  instrument({ tracerProvider: trace.getTracer('a') })
}

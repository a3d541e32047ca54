// The code of the adapters does what their declarations say.

import type * as AiSdk from 'codecell/ai-sdk'
import type * as LangChain from 'codecell/langchain'
import type * as Mcp from 'codecell/mcp'
import type * as OpenAIAgents from 'codecell/openai-agents'
import type * as OpenTelemetry from 'codecell/otel'
import type * as Schema from 'codecell/schema'
import type * as AiSdkCode from '../../../js/adapters/ai-sdk.js'
import type * as LangChainCode from '../../../js/adapters/langchain.js'
import type * as McpCode from '../../../js/adapters/mcp/index.js'
import type * as OpenAIAgentsCode from '../../../js/adapters/openai-agents.js'
import type * as OpenTelemetryCode from '../../../js/adapters/otel/index.js'
import type * as SchemaCode from '../../../js/adapters/tool.js'

/** Fails to compile unless `From` can stand where `To` is expected. */
type Assignable<From extends To, To> = [From, To]

export type Checks = [
  Assignable<typeof AiSdkCode, typeof AiSdk>,
  Assignable<typeof LangChainCode, typeof LangChain>,
  Assignable<typeof McpCode, typeof Mcp>,
  Assignable<typeof OpenAIAgentsCode, typeof OpenAIAgents>,
  Assignable<typeof OpenTelemetryCode, typeof OpenTelemetry>,
  Assignable<typeof SchemaCode, typeof Schema>,
]

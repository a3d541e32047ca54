/**
 * `codecell/mcp`: the tools of MCP servers for scripts, and code mode as an MCP server. Needs the package `zod`, and works
 * with both generations of the official SDK: `@modelcontextprotocol/sdk`, version 1, and `@modelcontextprotocol/client`
 * and `/server`, version 2.
 *
 * @module codecell/mcp
 */

import type { ModelToolOptions, Session, SessionOptions, Tool, ToolCall } from '../index.d.ts'

/* ------------------------------------------------- what both generations of the official SDK have in common */

/** A block of content, as the specification of MCP has it. */
export type McpContentBlock =
  | { type: 'text'; text: string }
  | { type: 'image' | 'audio'; data: string; mimeType: string }
  | { type: 'resource'; resource: { uri: string; mimeType?: string } & ({ text: string } | { blob: string }) }
  | { type: 'resource_link'; uri: string; name: string }

/** The result of a call. */
export interface McpCallToolResult {
  // Handlers of the SDK may say more than this.
  [key: string]: unknown
  /** What the call gave, for people and models. */
  content: McpContentBlock[]
  /** The same as JSON, of tools with an output schema. */
  structuredContent?: unknown
  /** The call failed; `content` says why. */
  isError?: boolean
}

/** A tool, as a server lists it. */
export interface McpTool {
  /** The name that calls use. */
  name: string
  /** A name for people. */
  title?: string
  /** What it does. */
  description?: string
  /** What it takes. */
  inputSchema: { [keyword: string]: unknown }
  /** What its `structuredContent` is. */
  outputSchema?: { [keyword: string]: unknown }
  /** What the server says of its effects. Nobody checks that it is true. */
  annotations?: {
    title?: string
    readOnlyHint?: boolean
    destructiveHint?: boolean
    idempotentHint?: boolean
    openWorldHint?: boolean
  }
}

/** What a server reports of a call that takes long. */
export interface McpProgress {
  /** How much is done. It only grows. */
  progress: number
  /** How much there is to do, in the same unit, if the server knows. */
  total?: number
  /** What it is at. */
  message?: string
}

/** A `Client` of `@modelcontextprotocol/sdk` (version 1) or of `@modelcontextprotocol/client` (version 2). */
export interface McpClient {
  // biome-ignore-start lint/suspicious/noExplicitAny: the two differ in the rest
  /** Asks for a page of the list of tools. */
  listTools(params?: any, ...rest: any[]): Promise<{ tools: any[]; nextCursor?: string | undefined }>
  /** Calls a tool. */
  callTool(params: any, ...rest: any[]): Promise<unknown>
  /** Says what happens at a notification of the server. */
  setNotificationHandler(...args: any[]): void
  // biome-ignore-end lint/suspicious/noExplicitAny: the two differ in the rest
}

/** An `McpServer` of `@modelcontextprotocol/sdk` (version 1) or of `@modelcontextprotocol/server` (version 2). */
export interface McpServer {
  /** Adds a tool. */
  // biome-ignore lint/suspicious/noExplicitAny: the two differ in the rest
  registerTool(name: string, ...rest: any[]): any
}

/* ------------------------------------------------------------------------------------------------- inward */

/** Options of {@link toolsFromMcp}. */
export interface McpToolsOptions {
  /** Put before the name of each tool: `'github__'`. Default: nothing. */
  prefix?: string
  /** See {@link Tool.namespace}. */
  namespace?: string
  /** Which tools to take. Default: all. */
  filter?(tool: McpTool): boolean
  /** See {@link Tool.deferred}. Default: none is. */
  deferred?: boolean | ((tool: McpTool) => boolean)
  /**
   * What a call resolves to. `'call-tool-result'` (default): MCP's `CallToolResult`, with its `content` blocks and its
   * `structuredContent`, but without `_meta`. `'structured-content'`: of tools that have an output schema, that content
   * alone; of others, the whole result.
   */
  results?: 'call-tool-result' | 'structured-content'
  /** How long a call may take without any progress. Default: for ever; the limits of the cell hold. */
  timeoutMs?: number
  /** Called with the progress that the server reports of a call. */
  onProgress?(progress: McpProgress, call: ToolCall): void
  /**
   * Called with all tools, whenever the server says that its list of tools has changed. Takes the place of the client's
   * handler for `notifications/tools/list_changed`.
   */
  onChange?(tools: Record<string, Tool>): void | Promise<void>
  /** Called when the tools could not be listed after a change, or `onChange` threw. Default: the client's `onerror`. */
  onError?(error: unknown): void
}

/**
 * The tools of an MCP server, through a client that is connected to it. All pages of its list are read.
 *
 * A result with `isError` rejects the script's promise with its text. A call that the cell no longer wants is
 * cancelled at the server. Of tools whose names have one identifier, all but the first get a number after their name.
 *
 * @throws {CodecellError} `INVALID_ARGUMENT` for options that are not right; what the client throws
 */
export function toolsFromMcp(client: McpClient, options?: McpToolsOptions): Promise<Record<string, Tool>>

/* ------------------------------------------------------------------------------------------------ outward */

/** Options of {@link serveCodeMode}: those of a session, and those of its model tools. */
export type CodeModeServerOptions = SessionOptions & Pick<ModelToolOptions, 'declareTools'>

/** Code mode on an MCP server. */
export interface CodeModeServer {
  /** The session in which the scripts run. It is made without tools: each cell is given those of the moment. */
  readonly session: Session
  /** Other tools for the cells that start from now on. The client is told that the list of tools has changed. */
  setTools(tools: Record<string, Tool>): void
  /** Takes the two tools off the server, and closes the session. */
  close(): Promise<void>
}

/**
 * Registers `exec` and `wait` on an MCP server, and makes a session for them.
 *
 * If the client asks for progress, it is sent one for each nested tool call that is done and for each `notify()`. When
 * the client cancels an `exec`, its cell is terminated; when it cancels a `wait`, the cell goes on.
 *
 * @throws {CodecellError} `INVALID_ARGUMENT` and `TOOL_NAME_COLLISION` for options that are not right
 */
export function serveCodeMode(server: McpServer, options?: CodeModeServerOptions): CodeModeServer

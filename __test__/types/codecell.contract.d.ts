// biome-ignore-all format: a copy, kept as it is
// biome-ignore-all lint: a copy, kept as it is
/**
 * The public contract of `codecell`, as callers see it.
 *
 * The package's own index.d.ts may say more (docs, helpers, overloads), but a program that
 * type-checks against this file type-checks and behaves the same against the package.
 * Times are milliseconds, sizes are bytes, ids are opaque strings.
 */

export type JsonValue =
  | null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }
export type JsonSchema = boolean | { [keyword: string]: unknown }

/* ---------------------------------------------------------------- content */

export type ImageDetail = 'auto' | 'low' | 'high' | 'original'
export type ContentItem =
  | { type: 'text'; text: string }
  | { type: 'image'; imageUrl: string; detail: ImageDetail }
  | { type: 'audio'; audioUrl: string }

/* ------------------------------------------------------------------ tools */

/** What a host function learns about the call that it serves. */
export interface ToolCall {
  /** 'tool-1', 'tool-2', … in call order within the cell. */
  id: string
  cellId: string
  /** The key under which the tool was given. */
  name: string
  /** Aborted when the cell ends, is terminated, or the session closes. */
  signal: AbortSignal
}

export interface Tool {
  description?: string
  /** 'function' takes one JSON object (absent becomes {}); 'freeform' takes one string. */
  kind?: 'function' | 'freeform'
  inputSchema?: JsonSchema
  outputSchema?: JsonSchema
  /** Callable and in ALL_TOOLS, but left out of the exec description. */
  deferred?: boolean
  /** Groups tools under one heading in the exec description. */
  namespace?: string
  /** Its result must be JSON-serialisable; undefined arrives as undefined. A throw or rejection rejects the script's promise. */
  execute(input: any, call: ToolCall): unknown | Promise<unknown>
}

/* ---------------------------------------------------------------- results */

export interface CellUsage {
  /** Time that the cell's JavaScript ran on its thread, this cell's whole life so far. */
  cpuMs: number
  /** Time since the cell started. */
  wallMs: number
  /** Calls made, and how many of them failed or were aborted. */
  toolCalls: number
  toolErrors: number
  peakHeapBytes: number
}

export interface CellError {
  /** Stable, see ERROR CODES below. */
  code: CellErrorCode
  /** The JavaScript class name ('TypeError'), or the value's type for a thrown non-error. */
  name: string
  message: string
  /** V8's stack as text, with the script's own line numbers (the pragma line counts as line 1). */
  stack?: string
  /** 1-based position in the text that was given to exec, when V8 knows it. */
  line?: number
  column?: number
}

/**
 * ERROR CODES of a cell
 *  SCRIPT_ERROR      the script threw or its promise rejected
 *  SYNTAX_ERROR      it did not compile, or imports what does not exist
 *  MEMORY_LIMIT      heap or ArrayBuffer limit
 *  CPU_LIMIT         cpuMs limit (JavaScript time only; waiting for tools does not count)
 *  TIME_LIMIT        wallMs limit
 *  OUTPUT_LIMIT      outputBytes limit
 *  ENGINE_LOST       the engine crashed or cannot be stopped; nothing else of the session is harmed
 */
export type CellErrorCode =
  | 'SCRIPT_ERROR' | 'SYNTAX_ERROR' | 'MEMORY_LIMIT' | 'CPU_LIMIT' | 'TIME_LIMIT'
  | 'OUTPUT_LIMIT' | 'ENGINE_LOST'

interface CellResultBase {
  cellId: string
  /** Everything emitted since the last result of this cell, in order. */
  content: ContentItem[]
  usage: CellUsage
}
export type CellResult =
  | (CellResultBase & { status: 'completed'; unhandledRejections?: CellError[] })
  | (CellResultBase & { status: 'failed'; error: CellError; unhandledRejections?: CellError[] })
  /** Still running: resume with wait(cellId). */
  | (CellResultBase & { status: 'running' })
  /** Only from execToPending/waitToPending: frozen until the next observation. */
  | (CellResultBase & { status: 'pending'; pendingToolCallIds: string[] })
  | (CellResultBase & { status: 'terminated' })
  /** No such cell, or its final result was already delivered. */
  | { status: 'missing'; cellId: string }

/* ---------------------------------------------------------------- session */

export interface Limits {
  /** V8 heap per cell. Default 128 MiB. */
  heapBytes?: number
  /** ArrayBuffers per cell, counted apart from the heap. Default 64 MiB. */
  arrayBufferBytes?: number
  /** JavaScript time per cell. Default: none. */
  cpuMs?: number
  /** Life of a cell. Default: none. */
  wallMs?: number
  /** Cells alive at once in the session. Default 128. */
  activeCells?: number
  /** Tool calls in flight per cell; one more rejects its promise. Default 1024. */
  pendingToolCalls?: number
  /** Pending timeouts per cell; one more throws. Default 10 000. */
  timers?: number
  /** Undelivered output per cell. Default 64 MiB. */
  outputBytes?: number
  /** One tool input or result, as JSON text. Default 64 MiB. */
  messageBytes?: number
  /** Stored values of the session, as JSON text; a store over it throws. Default 8 MiB. */
  storedBytes?: number
  /** Source text. Default 1 MiB. */
  sourceBytes?: number
  /** How long a finished or terminated cell waits for aborted tools to settle before it answers all the same. Default 5 000. */
  toolGraceMs?: number
}

export interface Notification { cellId: string; callId: string; text: string }

export interface SessionOptions {
  tools?: Record<string, Tool>
  /** Headings for tool namespaces in the exec description. */
  namespaces?: Record<string, { description?: string }>
  /** 'thread': isolates in this process. 'process': isolates in a supervised child process. Default 'thread'. */
  isolation?: 'thread' | 'process'
  limits?: Limits
  /** Used where neither the call nor the pragma says. Default 10 000. */
  defaultYieldTimeMs?: number
  /** Upper bound on every yield time. Default: none. */
  maxYieldTimeMs?: number
  /** Values that load() finds from the start. */
  storedValues?: Record<string, JsonValue>
  /**
   * 'off': `console` does not exist (default). 'output': console.log and its kin append text items, formatted as
   * Node formats them. 'events': they go to the 'codecell:console' diagnostics channel only.
   */
  console?: 'off' | 'output' | 'events'
  /** 'auto' (default): a script that is no valid JavaScript is tried with its TypeScript types blanked out, positions kept. */
  typescript?: 'auto' | 'off'
  onNotify?(notification: Notification): void | Promise<void>
}

export interface ExecOptions {
  /** Answer with status 'running' after this long, if the script is not done. */
  yieldTimeMs?: number
  /** The id that notifications of this cell carry. Default: the cell id. */
  callId?: string
  /** Aborting terminates the cell; the promise rejects with the signal's reason once it has stopped. Already aborted: nothing starts. */
  signal?: AbortSignal
  /** Aborting answers at once with status 'running'; the cell goes on. */
  yieldSignal?: AbortSignal
  /** Tools of this cell, instead of the session's. */
  tools?: Record<string, Tool>
}
export interface WaitOptions {
  yieldTimeMs?: number
  /** Aborting ends the waiting: the promise rejects with the signal's reason, the cell goes on, and no output is lost. */
  signal?: AbortSignal
  /** Aborting answers at once with status 'running'. */
  yieldSignal?: AbortSignal
}

export class Session {
  constructor(options?: SessionOptions)
  /**
   * Runs `source` as an async ES module in a fresh isolate. A first-line pragma
   * `// @exec: {"yield_time_ms": 10000}` is honoured; options given here win over it.
   * Never rejects for a fault of the script. Rejects with CodecellError for a fault of the caller: INVALID_INPUT for
   * what is wrong with the source or its pragma, INVALID_ARGUMENT for what is wrong with the options.
   */
  exec(source: string, options?: ExecOptions): Promise<CellResult>
  /** Resumes watching a cell. Only new output is returned. */
  wait(cellId: string, options?: WaitOptions): Promise<CellResult>
  /** Resolves once V8 has stopped and every tool call of the cell has been aborted and has settled. */
  terminate(cellId: string): Promise<CellResult>
  /** Like exec/wait, but returns when the script can only go on after a tool or a timer, and freezes it. */
  execToPending(source: string, options?: Omit<ExecOptions, 'yieldTimeMs'>): Promise<CellResult>
  waitToPending(cellId: string, options?: Omit<WaitOptions, 'yieldTimeMs'>): Promise<CellResult>
  /** The committed stored values, for keeping between processes. */
  storedValues(): Record<string, JsonValue>
  /** Ids of the cells alive now. */
  readonly activeCells: string[]
  /** The two tools that a model is given. */
  modelTools(options?: ModelToolOptions): { exec: ModelTool; wait: ModelTool }
  /** Terminates every cell and waits for it. Idempotent; later calls reject with SESSION_CLOSED. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/* ---------------------------------------------------------- model surface */

export interface ModelToolOptions {
  /** Put every tool's TypeScript declaration into the exec description. Default true. */
  declareTools?: boolean
}
export interface ModelOutput {
  /** Header item, then the output within its token budget, then the error text if there is one. */
  content: ContentItem[]
  /** False for a failed or missing cell. */
  success: boolean
  /** Set while the cell is still running. */
  cellId?: string
}
export interface ModelTool {
  name: 'exec' | 'wait'
  description: string
  /** exec: a Lark grammar for freeform tools, and the JSON schema of { source } for models without them. */
  grammar?: { syntax: 'lark'; definition: string }
  inputSchema: JsonSchema
  /**
   * A yield of 10 s or more gets one second of grace, so that a nested call with the same time can finish.
   * exec takes the source text or { source }; wait takes { cell_id, yield_time_ms?, max_tokens?, terminate? }.
   * Rejects with INVALID_INPUT, whose message is meant for the model.
   */
  run(input: unknown, options?: { callId?: string; signal?: AbortSignal; yieldSignal?: AbortSignal }): Promise<ModelOutput>
}

/* -------------------------------------------------------------- functions */

/** `declare const tools: { name(args: IN): Promise<OUT>; };` */
export function renderToolDeclaration(name: string, tool: Pick<Tool, 'kind' | 'inputSchema' | 'outputSchema'>): string
export function schemaToTypeScript(schema: JsonSchema): string
/** The identifier under which a tool stands on `tools`. */
export function toolIdentifier(name: string): string
export function parseExecSource(text: string): { code: string; yieldTimeMs?: number; maxOutputTokens?: number }
export function truncateContent(content: ContentItem[], maxTokens: number): ContentItem[]
/** { codecell: '1.2.3', v8: '15.2.124.1' } */
export const versions: { readonly codecell: string; readonly v8: string }

/* ----------------------------------------------------------------- errors */

export class CodecellError extends Error {
  readonly code:
    | 'INVALID_ARGUMENT' | 'INVALID_INPUT' | 'TOOL_NAME_COLLISION' | 'SESSION_CLOSED'
    | 'CELL_BUSY' | 'CELL_TERMINATING' | 'TOO_MANY_CELLS' | 'ENGINE_UNAVAILABLE'
}

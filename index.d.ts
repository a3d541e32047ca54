/**
 * `codecell` runs JavaScript that a model wrote. Each script is a **cell**: a fresh V8 isolate, one ES module with
 * top-level await, no Node, no files, no network. It reaches the world through the tools that it is given, and through
 * a few helpers.
 *
 * Times are milliseconds, sizes are bytes, ids are opaque strings.
 *
 * @example
 * ```js
 * import { Session } from 'codecell'
 *
 * await using session = new Session({
 *   tools: {
 *     search: { description: 'Finds pages.', execute: async ({ query }) => findPages(query) },
 *   },
 * })
 * const result = await session.exec(`
 *   const pages = await tools.search({ query: 'isolates' })
 *   text(pages.map((page) => page.title).join('\\n'))
 * `)
 * if (result.status === 'completed') console.log(result.content)
 * ```
 *
 * @module codecell
 */

/** What JSON can say. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

/** A JSON schema, of any draft. It describes a tool to the model; inputs and results are not validated against it. */
export type JsonSchema = boolean | { [keyword: string]: unknown }

/* ---------------------------------------------------------------- content */

/** How closely a model is to look at an image. */
export type ImageDetail = 'auto' | 'low' | 'high' | 'original'

/** One piece of output, as the script's `text`, `image` and `audio` emit them. The URLs are `data:` URLs. */
export type ContentItem =
  | { type: 'text'; text: string }
  | { type: 'image'; imageUrl: string; detail: ImageDetail }
  | { type: 'audio'; audioUrl: string }

/* ------------------------------------------------------------------ tools */

/** What a host function learns about the call that it serves. */
export interface ToolCall {
  /** `'tool-1'`, `'tool-2'`, … in call order within the cell. */
  id: string
  /** The cell that calls. */
  cellId: string
  /** The key under which the tool was given. */
  name: string
  /**
   * Aborted when the cell ends before the function has settled: because its script was done without awaiting the
   * call, because it was terminated, or because the session closes. The cell's last answer waits for the function to
   * settle, for {@link Limits.toolGraceMs} at most, so pass the signal on to what takes time.
   */
  signal: AbortSignal
}

/**
 * A function that scripts may call as `await tools.name(input)`.
 *
 * A tool is read once, when the session (or the cell, with {@link ExecOptions.tools}) is made: to change the object
 * later has no effect.
 *
 * @example
 * ```js
 * const weather = {
 *   description: 'The weather in a city.',
 *   inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
 *   outputSchema: { type: 'object', properties: { celsius: { type: 'number' } } },
 *   async execute({ city }, { signal }) {
 *     const response = await fetch(`https://weather.example/${encodeURIComponent(city)}`, { signal })
 *     return response.json()
 *   },
 * }
 * ```
 */
export interface Tool {
  /** What it does, for the model. */
  description?: string
  /** `'function'` (default) takes one JSON object, absent becomes `{}`. `'freeform'` takes one string. */
  kind?: 'function' | 'freeform'
  /** What `execute` takes. Becomes the TypeScript type in the declaration. Not looked at for a freeform tool. */
  inputSchema?: JsonSchema
  /** What `execute` returns. Becomes the TypeScript type in the declaration. */
  outputSchema?: JsonSchema
  /** Callable and in `ALL_TOOLS`, but left out of the exec description. */
  deferred?: boolean
  /** Groups tools under one heading in the exec description. See {@link SessionOptions.namespaces}. */
  namespace?: string
  /**
   * Serves a call. `this` is the tool. It runs in the async context (`AsyncLocalStorage`) of the `exec` that started
   * the cell. `input` is what the model wrote: check it, and never use it as a list of trusted options.
   *
   * Its result must be JSON-serialisable, of at most {@link Limits.messageBytes}; `undefined` arrives as `undefined`. A
   * throw or rejection rejects the script's promise with the message of the error, which the model can read; the
   * stack stays here.
   */
  // biome-ignore lint/suspicious/noExplicitAny: a function may declare the input that its schema promises
  execute(input: any, call: ToolCall): unknown | Promise<unknown>
}

/* ---------------------------------------------------------------- results */

/** What a cell has used up so far. */
export interface CellUsage {
  /** Time that the cell's JavaScript ran on its thread, this cell's whole life so far. */
  cpuMs: number
  /** Time since the cell started. */
  wallMs: number
  /** Calls made. */
  toolCalls: number
  /** How many of them failed or were aborted. */
  toolErrors: number
  /** The most that the V8 heap of the cell held. */
  peakHeapBytes: number
}

/** Why a cell failed. */
export interface CellError {
  /** Stable: programs may decide by it. */
  code: CellErrorCode
  /** The JavaScript class name (`'TypeError'`), or the value's type for a thrown non-error. */
  name: string
  /** The text of the error. For the model and for people; it may change between versions. */
  message: string
  /** V8's stack as text, with the script's own line numbers (the pragma line counts as line 1). */
  stack?: string
  /** The lines of the script around the error, with a mark under the column; for people and models to read. */
  frame?: string
  /** 1-based line in the text that was given to exec, when V8 knows it. */
  line?: number
  /** 1-based column in that line, when V8 knows it. */
  column?: number
}

/**
 * The codes of a cell's error.
 *
 * - `SCRIPT_ERROR`: the script threw or its promise rejected
 * - `SYNTAX_ERROR`: it did not compile, or imports what does not exist
 * - `MEMORY_LIMIT`: heap or ArrayBuffer limit
 * - `CPU_LIMIT`: {@link Limits.cpuMs} (JavaScript time only; waiting for tools does not count)
 * - `TIME_LIMIT`: {@link Limits.wallMs}
 * - `OUTPUT_LIMIT`: {@link Limits.outputBytes}
 * - `ENGINE_LOST`: the engine crashed or cannot be stopped; nothing else of the session is harmed
 *
 * Each loss of an engine is told on the `codecell:engine:lost` diagnostics channel: see {@link EngineLossEvent}.
 */
export type CellErrorCode =
  | 'SCRIPT_ERROR'
  | 'SYNTAX_ERROR'
  | 'MEMORY_LIMIT'
  | 'CPU_LIMIT'
  | 'TIME_LIMIT'
  | 'OUTPUT_LIMIT'
  | 'ENGINE_LOST'

/** What all results of a cell have. */
interface CellResultBase {
  /** For `wait` and `terminate`. Never reused within a session. */
  cellId: string
  /** Everything emitted since the last result of this cell, in order. */
  content: ContentItem[]
  /** For the cell's whole life so far, not only since the last result. */
  usage: CellUsage
}

/**
 * How a cell stands. `status` tells:
 *
 * - `completed`: the script is done, or called `exit()`. The cell is gone.
 * - `failed`: the script threw, or met a limit. What it had emitted is there. The cell is gone.
 * - `running`: it still runs; resume with `wait(cellId)`.
 * - `pending`: only from `execToPending` and `waitToPending`: frozen until the next observation.
 * - `terminated`: it was stopped from outside. The cell is gone.
 * - `missing`: no such cell, or its final result was already delivered.
 */
export type CellResult =
  | (CellResultBase & {
      status: 'completed'
      /** Promises of the script that rejected while nobody looked. Absent if there are none. */
      unhandledRejections?: CellError[]
    })
  | (CellResultBase & {
      status: 'failed'
      error: CellError
      /** Promises of the script that rejected while nobody looked. Absent if there are none. */
      unhandledRejections?: CellError[]
    })
  | (CellResultBase & { status: 'running' })
  | (CellResultBase & {
      status: 'pending'
      /** The tool calls that the script made since the last time it could only wait. */
      pendingToolCallIds: string[]
    })
  | (CellResultBase & { status: 'terminated' })
  | { status: 'missing'; cellId: string }

/** The ways in which a cell can stand. */
export type CellStatus = CellResult['status']

/* ---------------------------------------------------------------- session */

/**
 * What a cell, or all cells of a session, may use. All are optional; those without a number below do not limit by
 * default. Sizes and counts are integers from 1 to 2^53 − 1.
 */
export interface Limits {
  /** V8 heap per cell, from 16 MiB to 2 GiB. Default 128 MiB. Over it the cell fails with `MEMORY_LIMIT`. */
  heapBytes?: number
  /**
   * ArrayBuffers per cell, counted apart from the heap; a resizable one counts with its `maxByteLength`, and with 64 KiB
   * at the least. Default 64 MiB. Over it the cell fails with `MEMORY_LIMIT`.
   */
  arrayBufferBytes?: number
  /**
   * JavaScript time per cell, more than 0. Default: none. Over it the cell fails with `CPU_LIMIT`. Time in which the
   * script only waits does not count.
   */
  cpuMs?: number
  /** Life of a cell, more than 0. Default: none. Over it the cell fails with `TIME_LIMIT`. */
  wallMs?: number
  /** Cells alive at once in the session. Default 128. One more: `exec` rejects with `TOO_MANY_CELLS`. */
  activeCells?: number
  /** Tool calls in flight per cell; one more rejects its promise. Default 1024. */
  pendingToolCalls?: number
  /** Pending timeouts per cell; one more throws in the script. Default 10 000. */
  timers?: number
  /** Undelivered output per cell. Default 64 MiB. Over it the cell fails with `OUTPUT_LIMIT`. */
  outputBytes?: number
  /** One tool input or result, as JSON text. Default 64 MiB. Over it the script's call fails. */
  messageBytes?: number
  /** Stored values of the session, as JSON text; a store over it throws in the script. Default 8 MiB. */
  storedBytes?: number
  /** Source text. Default 1 MiB. Over it `exec` rejects with `INVALID_INPUT`. */
  sourceBytes?: number
  /**
   * How long a finished or terminated cell waits for aborted tools to settle before it answers all the same, 0 or
   * more. Default 5 000.
   */
  toolGraceMs?: number
}

/** What a script has written to `console`, as told on the `codecell:console` diagnostics channel. */
export interface ConsoleEvent {
  /** The cell's id within its session. */
  cellId: string
  /** As in {@link Notification}. */
  callId: string
  /** The method's: `log` for all that have no level of their own, `warn` for `assert`, `error` for `trace`. */
  level: 'debug' | 'info' | 'log' | 'warn' | 'error'
  /** What Node would write, without the last line break. */
  text: string
}

/** What a script said with `notify(value)`, while it goes on. */
export interface Notification {
  /** The cell that said it. */
  cellId: string
  /** {@link ExecOptions.callId} of that cell. */
  callId: string
  /** What it said. */
  text: string
}

/** How a session uses child processes. */
export interface ChildOptions {
  /**
   * Cells that may run in one child at once, 1 to 64. Default 4. They are lost together when a child is lost; each child
   * takes memory. Cells of two sessions never run in one child at once. Fewer run in one if their
   * {@link Limits.heapBytes} together are more than 3 GiB.
   */
  cellsPerChild?: number
  /**
   * `true`: no script runs unless the sandbox of its child is complete, with landlock and seccomp. The constructor
   * throws `ENGINE_UNAVAILABLE` where the system lacks one, as all but Linux do. `false` (default): the scripts run, and
   * a process warning with the code `CODECELL_SANDBOX` says once what is missing.
   */
  strict?: boolean
}

/**
 * What became of a child process. Published on the diagnostics channel `codecell:engine`, in each thread that has made
 * a session with `isolation: 'process'`, for all children of the program.
 *
 * - `started`: the process was started
 * - `ready`: it takes cells; `missing` lists the parts of its sandbox that the system refused
 * - `ended`: nothing is left of it; `lostCells` cells ended with `ENGINE_LOST`, because of `reason`
 */
export type ChildProcessEvent =
  | { event: 'started'; pid: number }
  | { event: 'ready'; pid: number; missing: string[] }
  | { event: 'ended'; pid: number; reason: string; lostCells: number }

/**
 * A cell has lost its engine. Published on the diagnostics channel `codecell:engine:lost`, once for each such cell, with
 * `isolation: 'thread'` and with `'process'`.
 *
 * In a child process, cells are lost with the child. The child itself is told of on `codecell:engine`, once: its `ended`
 * says why, and how many cells went with it. A child that is given up because a script ran out of memory in it has
 * answered that cell; then `lostCells` is 0, and nothing is told here.
 */
export interface EngineLossEvent {
  /** The cell. It ends with `ENGINE_LOST`, or with the `MEMORY_LIMIT` that V8 could not come back from. */
  cellId: string
  /** Cells that lost their engine since the program began. */
  lost: number
  /** Engines that still hold a thread and a heap of this process. Those of child processes never do. */
  held: number
}

/** How the cells of a session can be debugged. */
export interface InspectOptions {
  /** Where debuggers attach, 0 to 65535. Default 9229, 0 for any that is free. Sessions of one thread may share a port. */
  port?: number
  /** An address of this machine alone: `'127.0.0.1'` (default), `'::1'` or `'localhost'`. */
  host?: string
  /** A script starts when a debugger has attached and says so (`Runtime.runIfWaitingForDebugger`). Default false. */
  waitForDebugger?: boolean
  /** Likewise, and it pauses at its first line. Default false. */
  breakOnStart?: boolean
}

/** Published on the diagnostics channel `codecell:inspector` for each cell that can be debugged, when it starts. */
export interface InspectorEvent {
  /** The cell's id within its session. */
  cellId: string
  /** For whatever speaks the Chrome DevTools protocol. Whoever has it can do what the cell can. */
  webSocketDebuggerUrl: string
  /** For the address bar of Chrome. */
  devtoolsFrontendUrl: string
}

/** What a session is made with. All of it is read and checked by the constructor; to change it later has no effect. */
export interface SessionOptions {
  /**
   * What scripts may call, by name. Scripts find a tool under {@link toolIdentifier}`(name)`; two names with one
   * identifier are refused with `TOOL_NAME_COLLISION`.
   */
  tools?: Record<string, Tool>
  /** What is said under the headings of tool namespaces in the exec description, by {@link Tool.namespace}. */
  namespaces?: Record<string, { description?: string }>
  /**
   * `'thread'` (default): isolates in this process. `'process'`: isolates in supervised child processes, with the same
   * results. There every script can be stopped, and what makes V8 abort costs a child and fails its cells with
   * `ENGINE_LOST`. Not on Windows: the constructor throws `ENGINE_UNAVAILABLE`.
   */
  isolation?: 'thread' | 'process'
  /** How child processes are used. Only with `isolation: 'process'`. */
  childOptions?: ChildOptions
  /** What a cell, or all cells of the session, may use. */
  limits?: Limits
  /** Used where neither the call nor the pragma says. 0 or more, `Infinity` allowed. Default 10 000. */
  defaultYieldTimeMs?: number
  /** Upper bound on every yield time, except in `execToPending` and `waitToPending`. 0 or more. Default: none. */
  maxYieldTimeMs?: number
  /** Values that `load()` finds from the start. */
  storedValues?: Record<string, JsonValue>
  /**
   * `'off'` (default): `console` does not exist. `'output'`: console.log and its kin append text items, formatted as
   * Node formats them. `'events'`: they go to the `codecell:console` diagnostics channel only, as
   * {@link ConsoleEvent}, in the async context of the exec that started the cell; the last answer of a cell comes after
   * them. In both cases what is written counts against `limits.outputBytes`.
   *
   * No code of the script runs while a value is formatted: getters show as `[Getter]`, a proxy as what it stands for,
   * and `toString`, `Symbol.toStringTag` as a getter, and `util.inspect.custom` are not called. `%j` alone calls `toJSON`.
   */
  console?: 'off' | 'output' | 'events'
  /**
   * `'auto'` (default): a script that is no valid JavaScript is tried with its TypeScript types blanked out, positions
   * kept. `'off'`: it is not. Types are taken out, nothing is compiled: an `enum`, a `namespace` with values, a parameter
   * that is a property, `import x = …`, `export =` and decorators fail with a SyntaxError that says what to write
   * instead. Scripts of more than some 40 000 words and signs have to be JavaScript.
   */
  typescript?: 'auto' | 'off'
  /**
   * Lets a debugger, such as Chrome DevTools, attach to the cells: see `docs/debugging.md`. Off by default; `true` stands
   * for `{}`. Not with `isolation: 'process'`. Needs the package `ws`. The port is free again
   * when the session was closed.
   *
   * Whoever can reach the port, from this machine, and has read the path of a cell there can do what the cell can.
   */
  inspect?: boolean | InspectOptions
  /**
   * Called with each `notify()` of a script, in the async context of the exec that started the cell. The last answer
   * of a cell waits for it. Its errors go to the `codecell:notify:error` diagnostics channel, as
   * `{ error, notification }`; they harm neither the cell nor the program.
   */
  onNotify?(notification: Notification): void | Promise<void>
}

/** Options of {@link Session.exec}. */
export interface ExecOptions {
  /**
   * Answer with status `running` after this long, if the script is not done. 0 or more, `Infinity` allowed. Default:
   * what the pragma says, else {@link SessionOptions.defaultYieldTimeMs}.
   */
  yieldTimeMs?: number
  /** The id that notifications of this cell carry. Default: the cell id. */
  callId?: string
  /**
   * Belongs to the cell, for as long as that lives: aborting terminates it. If the promise is pending, it rejects with
   * the signal's reason once the cell has stopped; if the cell had ended first, it resolves with that end. Already
   * aborted: nothing starts.
   */
  signal?: AbortSignal
  /** Aborting answers at once with status `running`; the cell goes on. */
  yieldSignal?: AbortSignal
  /** Tools of this cell, instead of the session's. */
  tools?: Record<string, Tool>
}

/** Options of {@link Session.wait}. */
export interface WaitOptions {
  /**
   * Answer with status `running` after this long, if the script is not done. 0 or more, `Infinity` allowed. Default:
   * {@link SessionOptions.defaultYieldTimeMs}.
   */
  yieldTimeMs?: number
  /**
   * Aborting ends the waiting: the promise rejects with the signal's reason, the cell goes on, and no output is lost.
   * Already aborted: it rejects at once.
   */
  signal?: AbortSignal
  /** Aborting answers at once with status `running`. */
  yieldSignal?: AbortSignal
}

/**
 * Runs cells. They share its tools, its limits and its stored values, and nothing else.
 *
 * A session belongs to the thread that made it. A program can end without having closed it.
 *
 * @example A script that takes long
 * ```js
 * let result = await session.exec(source, { yieldTimeMs: 1_000 })
 * while (result.status === 'running') {
 *   show(result.content)
 *   result = await session.wait(result.cellId)
 * }
 * ```
 */
export class Session {
  /**
   * @throws {CodecellError} `INVALID_ARGUMENT` for options that are not right, `TOOL_NAME_COLLISION` for two tools with
   * one identifier.
   */
  constructor(options?: SessionOptions)
  /**
   * Runs `source` as an async ES module in a fresh isolate. A first-line pragma
   * `// @exec: {"yield_time_ms": 10000}` is honoured; options given here win over it.
   *
   * Never throws, and never rejects for a fault of the script: that is a result with status `failed`. Rejects with
   * {@link CodecellError} for a fault of the caller:
   *
   * - `INVALID_INPUT`: the source is no text, empty or too large, or its pragma is not right
   * - `INVALID_ARGUMENT`, `TOOL_NAME_COLLISION`: the options are not right
   * - `TOO_MANY_CELLS`: {@link Limits.activeCells}
   * - `SESSION_CLOSED`
   * - `ENGINE_UNAVAILABLE`: V8 could not make an isolate, or too many engines were lost (16, or 2 GiB of their heaps)
   */
  exec(source: string, options?: ExecOptions): Promise<CellResult>
  /**
   * Resumes watching a cell. Only new output is returned.
   *
   * Rejects with {@link CodecellError}: `CELL_BUSY` if another `exec` or `wait` is watching it (which goes on
   * undisturbed), `CELL_TERMINATING` if it is being terminated, `INVALID_ARGUMENT`, `SESSION_CLOSED`. A cell that does
   * not exist is a result with status `missing`.
   */
  wait(cellId: string, options?: WaitOptions): Promise<CellResult>
  /**
   * Stops a cell. Resolves once V8 has stopped and every tool call of the cell has been aborted and has settled, or
   * {@link Limits.toolGraceMs} is over; with the output that nobody has seen yet. Whoever watches the cell gets the
   * same answer. A cell that had ended before resolves with that end.
   *
   * Rejects with {@link CodecellError}: `CELL_TERMINATING` if it is being terminated already, `INVALID_ARGUMENT`,
   * `SESSION_CLOSED`. A cell that does not exist is a result with status `missing`.
   */
  terminate(cellId: string): Promise<CellResult>
  /**
   * Like {@link Session.exec}, but returns when the script can only go on after a tool or a timer, with status
   * `pending`, and freezes it: tools settle and timers expire, but no JavaScript runs until the next observation. There
   * is no yield time.
   */
  execToPending(source: string, options?: Omit<ExecOptions, 'yieldTimeMs'>): Promise<CellResult>
  /** Like {@link Session.wait}, but up to the next time that the script can only wait. See {@link Session.execToPending}. */
  waitToPending(cellId: string, options?: Omit<WaitOptions, 'yieldTimeMs'>): Promise<CellResult>
  /**
   * The committed stored values, for keeping between processes: give them to {@link SessionOptions.storedValues}. A copy.
   * A cell commits what it stored when it completes or fails, not when it is terminated.
   */
  storedValues(): Record<string, JsonValue>
  /** Ids of the cells alive now. A copy. */
  readonly activeCells: string[]
  /**
   * Where debuggers find the cells, as `http://127.0.0.1:9229`; absent without {@link SessionOptions.inspect}. Rejects
   * with `INVALID_ARGUMENT` if the port can't be had, as `exec` does then.
   */
  readonly inspectorUrl?: Promise<string> | undefined
  /**
   * The two tools that a model is given.
   *
   * @throws {CodecellError} `INVALID_ARGUMENT`
   */
  modelTools(options?: ModelToolOptions): { exec: ModelTool; wait: ModelTool }
  /** Terminates every cell and waits for it. Idempotent; later calls reject with `SESSION_CLOSED`. */
  close(): Promise<void>
  /** The same as {@link Session.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/* ---------------------------------------------------------- model surface */

/** Options of {@link Session.modelTools}. */
export interface ModelToolOptions {
  /** Put every tool's TypeScript declaration into the exec description. Default true. */
  declareTools?: boolean
  /**
   * Tools of the cells that this exec starts, instead of the session's: for tools that change while the session lives,
   * or differ from one model to the next.
   */
  tools?: Record<string, Tool>
}

/** What a model reads as the result of its call. */
export interface ModelOutput {
  /** Header item, then the output within its token budget, then the error text if there is one. */
  content: ContentItem[]
  /** False for a failed or missing cell. */
  success: boolean
  /** Set while the cell is still running. */
  cellId?: string
}

/** Options of {@link ModelTool.run}. */
export interface ModelRunOptions {
  /** exec: see {@link ExecOptions.callId}. wait: only told in traces, see {@link ModelToolTrace}. */
  callId?: string
  /** exec: see {@link ExecOptions.signal}. wait: see {@link WaitOptions.signal}. */
  signal?: AbortSignal
  /** Aborting answers at once; the cell goes on. */
  yieldSignal?: AbortSignal
}

/** A tool for a model, free of any provider's format. All but `run` is JSON. */
export interface ModelTool {
  /** The name that the model calls it by. */
  name: 'exec' | 'wait'
  /** What the model is to know of it: for `exec` the rules of scripts, the helpers, and the tools. */
  description: string
  /** exec: a Lark grammar for freeform tools; `inputSchema` is that of `{ source }`, for models without them. */
  grammar?: { syntax: 'lark'; definition: string }
  /** What `run` takes, for the model. */
  inputSchema: JsonSchema
  /**
   * Serves a call of the model. A yield of 10 s or more gets one second of grace, so that a nested call with the same
   * time can finish.
   *
   * exec takes the source text or `{ source }`. wait takes `{ cell_id, yield_time_ms?, max_tokens?, terminate? }`, as
   * an object or as its JSON text. Without another budget, output is cut to 10 000 tokens of four bytes.
   *
   * Rejects with `INVALID_INPUT`, whose message is meant for the model; else like {@link Session.exec},
   * {@link Session.wait} and {@link Session.terminate}. The message of `CELL_BUSY` and `CELL_TERMINATING` is fit for
   * the model, too.
   */
  run(input: unknown, options?: ModelRunOptions): Promise<ModelOutput>
}

/* ---------------------------------------------------------------- tracing */

/**
 * What is told of a cell on the tracing channel `codecell:cell` of `node:diagnostics_channel`: `start` when it was
 * started, `asyncEnd` when its final result was taken, or nobody will take it any more, and `error` before that if its
 * script failed. All events of a cell carry one object; a subscriber may put things of its own on it, under symbols.
 */
export interface CellTrace {
  /** A UUID, since ids of cells are unique in a session only. */
  sessionId: string
  /** The cell's id within its session. */
  cellId: string
  /** {@link ExecOptions.callId}, or else the cell id. */
  callId: string
  /** The script, as it was given. */
  source: string
  /**
   * The final result. Absent at `start`, and at the end of a cell whose result nobody took: one that was terminated by
   * its signal, or when the session was closed, while nobody waited for it.
   */
  result?: CellResult
  /** The {@link CellError} of a script that failed. */
  error?: unknown
}

/**
 * What is told of a call of a tool on the tracing channel `codecell:tool`: from the call of `execute`, which runs in the
 * async context that subscribers have bound to `start`, until it has settled, or its cell is gone. `start` comes in the
 * async context of the cell.
 */
export interface ToolTrace {
  /** {@link CellTrace.sessionId} */
  sessionId: string
  /** {@link CellTrace.cellId} */
  cellId: string
  /** That of the cell, see {@link CellTrace.callId}. */
  callId: string
  /** {@link ToolCall.id}. */
  toolCallId: string
  /** The key under which the tool was given. */
  toolName: string
  /** {@link Tool.description} */
  description?: string
  /** What `execute` is called with. Not a copy: to change it changes the call. */
  input: unknown
  /** What `execute` gave. Not a copy. */
  result?: unknown
  /**
   * What `execute` threw; an `AbortError` if the cell was gone before; an error that says what is wrong with a result
   * that cannot be passed on.
   */
  error?: unknown
}

/**
 * What is told of a model's call on the tracing channel `codecell:model-tool`: of {@link ModelTool.run}. The cell that
 * an exec starts, starts in its async context.
 */
export interface ModelToolTrace {
  /** {@link CellTrace.sessionId} */
  sessionId: string
  /** Which of the two tools was called. */
  tool: 'exec' | 'wait'
  /** {@link ModelRunOptions.callId} */
  callId?: string
  /** The cell. Of an exec it is known once there is an answer. */
  cellId?: string
  /** What the model sent. Not a copy. */
  input: unknown
  /** What the answer was made of. */
  cellResult?: CellResult
  /** The answer, which may be that of a script that failed. */
  result?: ModelOutput
  /** What the call rejected with. */
  error?: unknown
}

/* ---------------------------------------------------------------- engines */

/** How many engines stand ready. What is not given stays as it is. */
export interface EngineOptions {
  /**
   * Threads that stand ready at the most, each with an isolate that no script has touched: an integer from 0 to 64.
   * Default 2. Each takes about 0.8 MiB. A cell that finds one starts in a tenth of the time. With 0 nothing is kept:
   * least memory, and each cell waits until its isolate is made. It does not limit how many cells run at once.
   */
  ready?: number
  /** How long such a thread waits for a cell before it ends, more than 0, `Infinity` allowed. Default 30 000. */
  idleMs?: number
}

/**
 * Configures the engines of the process, for all its sessions and threads. It takes effect at once: threads that are too
 * many end, cells that run are not touched. After `idleMs` without a cell no thread is left, and their memory goes
 * back to the system: most of it at once, some after about 10 seconds.
 *
 * With `isolation: 'process'` it holds in each child process. With `ready: 0` no child stands ready either; children
 * without cells, but for the one that stands ready, end after `idleMs`, and after 10 seconds at the latest.
 *
 * @example
 * ```js
 * configureEngines({ ready: 8, idleMs: 5_000 }) // bursts of eight, and small again soon after
 * ```
 * @returns what holds now
 * @throws {CodecellError} `INVALID_ARGUMENT`
 */
export function configureEngines(options?: EngineOptions): Required<EngineOptions>

/* -------------------------------------------------------------- functions */

/**
 * The TypeScript declaration of a tool: `declare const tools: { name(args: IN): Promise<OUT>; };`
 *
 * @throws {CodecellError} `INVALID_ARGUMENT`
 */
export function renderToolDeclaration(
  name: string,
  tool: Pick<Tool, 'kind' | 'inputSchema' | 'outputSchema'>,
): string

/**
 * A JSON schema as a TypeScript type. `unknown` stands for what it cannot say, and for what is too large.
 *
 * @example
 * ```js
 * schemaToTypeScript({ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] })
 * // '{ city: string; }'
 * ```
 * @throws {CodecellError} `INVALID_ARGUMENT`
 */
export function schemaToTypeScript(schema: JsonSchema): string

/**
 * The identifier under which a tool stands on `tools`. What an identifier cannot hold becomes `_`, so two names can
 * have one identifier.
 *
 * @example
 * ```js
 * toolIdentifier('get-weather') // 'get_weather'
 * ```
 * @throws {CodecellError} `INVALID_ARGUMENT`
 */
export function toolIdentifier(name: string): string

/**
 * Parts the text of an exec from its pragma.
 *
 * @throws {CodecellError} `INVALID_INPUT`, with a message for the model
 */
export function parseExecSource(text: string): {
  code: string
  yieldTimeMs?: number
  maxOutputTokens?: number
}

/**
 * Cuts content down to `maxTokens` tokens of four bytes: text in its middle, with a mark that tells how much is missing.
 * Images cost nothing and are kept.
 *
 * @throws {CodecellError} `INVALID_ARGUMENT`
 */
export function truncateContent(content: ContentItem[], maxTokens: number): ContentItem[]

/** The versions of this package and of its V8: `{ codecell: '1.2.3', v8: '15.2.124.1' }`. Frozen. */
export const versions: { readonly codecell: string; readonly v8: string }

/* ----------------------------------------------------------------- errors */

/**
 * The codes of {@link CodecellError}.
 *
 * - `INVALID_ARGUMENT`: an option is not right
 * - `INVALID_INPUT`: what the model wrote is not right; the message is meant for it
 * - `TOOL_NAME_COLLISION`: two tools would stand under one identifier
 * - `SESSION_CLOSED`: the session was closed
 * - `CELL_BUSY`: the cell is being watched already
 * - `CELL_TERMINATING`: the cell is being terminated already
 * - `TOO_MANY_CELLS`: {@link Limits.activeCells}
 * - `ENGINE_UNAVAILABLE`: the addon does not load (thrown by the import of this package), V8 could not make an isolate,
 *   or child processes can't be had ({@link SessionOptions.isolation})
 */
export type CodecellErrorCode =
  | 'INVALID_ARGUMENT'
  | 'INVALID_INPUT'
  | 'TOOL_NAME_COLLISION'
  | 'SESSION_CLOSED'
  | 'CELL_BUSY'
  | 'CELL_TERMINATING'
  | 'TOO_MANY_CELLS'
  | 'ENGINE_UNAVAILABLE'

/** A fault of the caller, or of what the package stands on. What a script does wrong is a result, not an error. */
export class CodecellError extends Error {
  /** Stable: programs may decide by it. */
  readonly code: CodecellErrorCode
}

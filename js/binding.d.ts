/**
 * The addon, as Rust exports it. Every function is synchronous: what takes time is answered by a message to the
 * `deliver` function of the bridge. A fault of the caller is thrown as an Error with a `code`.
 *
 * JSON crosses as text.
 */

import type { ConsoleEvent } from '../index.d.ts'

export type ConsoleLevel = ConsoleEvent['level']

/** The addon to JavaScript. The first element says which message it is. */
export type Message =
  /** An answer: a CellResult as JSON without its big strings, then the text or URL of each content item. */
  | [kind: 0, ticket: number, headJson: string, ...strings: string[]]
  /** A failure: the code of a CodecellError, or 'ABORTED' for a wait that was given up. */
  | [kind: 1, ticket: number, code: string, message: string]
  /** A tool call; null: the script gave no argument. */
  | [kind: 2, cellKey: number, callNumber: number, toolIndex: number, inputJson: string | null]
  /** Nobody wants the result of that call any more. */
  | [kind: 3, cellKey: number, callNumber: number]
  /** notify(), or what a console has written, with its level. */
  | [kind: 4, cellKey: number, notification: number, text: string, level: ConsoleLevel | null]
  /** Nothing of this cell will come any more. */
  | [kind: 5, cellKey: number]
  /** What became of a child process: a ChildProcessEvent as JSON. */
  | [kind: 6, eventJson: string]
  /** The engine of this cell is lost: how many were, and how many still hold a thread and a heap of this process. */
  | [kind: 7, cellKey: number, lost: number, held: number]
  /** Content of the answer that will come for this ticket: its items as JSON, and their texts or URLs. */
  | [kind: 8, ticket: number, itemsJson: string, ...strings: string[]]
  /** The inspector of a cell says something to a debugger, as JSON. `isAnswer` is 1 if it answers a message of it. */
  | [kind: 9, cellKey: number, debuggerNumber: number, isAnswer: 0 | 1, text: string]
  /** The inspector of this cell says nothing more. */
  | [kind: 10, cellKey: number]

/** How a tool call ended: 0 with undefined, 1 with a value, 2 in failure. */
export type CallStatus = 0 | 1 | 2

export class NativeBridge {
  /** `deliver` must not throw. */
  constructor(deliver: (messages: Message[]) => void)
  /** Groups of four: cell key, call number, status, and the JSON text of the value or the message of the failure. */
  settle(flat: (number | string | null)[]): void
  /** Nothing is delivered until `resume`. */
  pause(): void
  resume(): void
  /** A notification has been dealt with. */
  notified(cellKey: number, notification: number): void
  /** A debugger of a cell is there. The caller numbers them, from 1. */
  attachDebugger(cellKey: number, debuggerNumber: number): void
  /** It says something: a message of the Chrome DevTools protocol. */
  debuggerSays(cellKey: number, debuggerNumber: number, json: string): void
  /** It has gone. */
  detachDebugger(cellKey: number, debuggerNumber: number): void
  /** Debuggers have taken so many bytes of what was sent to them. While too many are left, the cell waits. */
  debuggersTook(cellKey: number, bytes: number): void
}

export class NativeToolSet {
  /** The index of a tool in `toolsJson` is the index in its calls. */
  constructor(toolsJson: string, namespacesJson: string)
  execDescription(defaultYieldMs: number, declareTools: boolean, hasConsole: boolean): string
}

export class NativeSession {
  constructor(bridge: NativeBridge, optionsJson: string)
  /** `yieldMs` null: the pragma or the default says. `step`: stop where the script can only wait. */
  exec(
    ticket: number,
    source: string,
    yieldMs: number | null,
    step: boolean,
    tools: NativeToolSet,
  ): [cellKey: number, cellId: string]
  wait(ticket: number, cellId: string, yieldMs: number | null, step: boolean): void
  terminate(ticket: number, cellId: string): void
  /** Terminates a running cell. A finished one keeps its result. */
  abort(cellId: string): void
  /** Answers that exec or wait of this cell at once. */
  yieldNow(ticket: number, cellId: string): void
  /** Gives up that wait for this cell. */
  cancelWait(ticket: number, cellId: string): void
  close(ticket: number): void
  /** Flat: key, JSON text, key, …. */
  storedValues(): string[]
  activeCells(): string[]
}

export type NativeStatus = 'running' | 'completed' | 'failed' | 'terminated' | 'missing'

export interface Addon {
  NativeBridge: typeof NativeBridge
  NativeToolSet: typeof NativeToolSet
  NativeSession: typeof NativeSession
  parseExecSource(text: string): string
  renderToolDeclaration(name: string, toolJson: string): string
  schemaToTypeScript(schemaJson: string): string
  toolIdentifier(name: string): string
  truncateContent(contentJson: string, maxTokens: number): string
  modelOutput(
    status: NativeStatus,
    cellId: string,
    contentJson: string,
    errorText: string | null,
    maxTokens: number | null,
    wallMs: number,
  ): string
  waitDescription(defaultYieldMs: number): string
  execGrammar(): string
  execInputSchema(): string
  waitInputSchema(): string
  versions(): [codecell: string, v8: string]
  /** null leaves it as it is. Returns what holds now. */
  configureEngines(ready: number | null, idleMs: number | null): [ready: number, idleMs: number]
}

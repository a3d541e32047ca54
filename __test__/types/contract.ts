// Whoever wrote against the contract can use the package. `codecell.contract.d.ts` is a copy of the contract.

import type * as Package from 'codecell'
import type * as Declared from '../../index.d.ts'
import type * as Implementation from '../../js/index.js'
import type * as Contract from './codecell.contract.d.ts'

/** Fails to compile unless `From` can stand where `To` is expected. */
type Assignable<From extends To, To> = [From, To]
/** Fails to compile unless each can stand for the other. */
type Same<A extends B, B extends C, C = A> = [A, B, C]

export type Checks = [
  // Everything that the contract exports as a value, and the classes by their constructors.
  Assignable<typeof Package, typeof Contract>,
  // The name that programs import leads to index.d.ts, and the code does what it says.
  Same<typeof Package, typeof Declared>,
  Assignable<typeof Implementation, typeof Declared>,
  // What programs give and what they get.
  Same<Package.JsonValue, Contract.JsonValue>,
  Same<Package.JsonSchema, Contract.JsonSchema>,
  Same<Package.ImageDetail, Contract.ImageDetail>,
  Same<Package.ContentItem, Contract.ContentItem>,
  Same<Package.ToolCall, Contract.ToolCall>,
  Same<Package.Tool, Contract.Tool>,
  Same<Package.CellUsage, Contract.CellUsage>,
  Same<Package.CellError, Contract.CellError>,
  Same<Package.CellErrorCode, Contract.CellErrorCode>,
  Same<Package.CellResult, Contract.CellResult>,
  Same<Package.Limits, Contract.Limits>,
  Same<Package.Notification, Contract.Notification>,
  Same<Package.SessionOptions, Contract.SessionOptions>,
  Same<Package.ExecOptions, Contract.ExecOptions>,
  Same<Package.WaitOptions, Contract.WaitOptions>,
  Same<Package.Session, Contract.Session>,
  Same<Package.ModelToolOptions, Contract.ModelToolOptions>,
  Same<Package.ModelOutput, Contract.ModelOutput>,
  Same<Package.ModelTool, Contract.ModelTool>,
  Same<Package.CodecellError, Contract.CodecellError>,
  // An optional member more or less is still assignable; its name is not.
  Same<keyof Package.Tool, keyof Contract.Tool>,
  Same<keyof Package.Limits, keyof Contract.Limits>,
  // How child processes are used, and how cells are debugged, is said in the package alone.
  Same<Exclude<keyof Package.SessionOptions, 'childOptions' | 'inspect'>, keyof Contract.SessionOptions>,
  Same<keyof Package.ExecOptions, keyof Contract.ExecOptions>,
  Same<keyof Package.WaitOptions, keyof Contract.WaitOptions>,
  Same<keyof Package.ModelTool, keyof Contract.ModelTool>,
]

// The checks do fail where they should.
// @ts-expect-error a session is no result
export type NotAssignable = Assignable<Package.Session, Package.CellResult>
// @ts-expect-error one way is not enough
export type NotSame = Same<'completed', Package.CellResult['status']>

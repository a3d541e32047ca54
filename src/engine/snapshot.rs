//! The startup snapshot: V8's heap with the globals of a cell, as the build script has left it.
//!
//! Every isolate of the process is made from it, the keeper too: V8 shares the read-only part of the heap among all
//! isolates, and mixing two snapshots would mix up their objects.

use super::globals::{self, ArrayBufferOriginals, Pristine};
use super::helpers::CellNatives;
use super::values::name;

/// What V8 ships and a cell must not have. It is not taken out of the snapshot: V8 completes these objects in each
/// context that it makes of one, and dies when they are missing.
const REMOVED: [&str; 4] = ["console", "Atomics", "SharedArrayBuffer", "WebAssembly"];

#[repr(C, align(16))]
struct Aligned<Bytes: ?Sized>(Bytes);

/// Empty if the build script can't run V8 as the target will: the globals are made in each context then.
static BLOB: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/snapshot.bin")));

/// What the build script has put beside the context, in this order.
#[derive(Clone, Copy)]
enum ContextData {
    Helpers,
    StackGetter,
    ErrorClass,
    ArrayBufferConstruct,
    ArrayBufferTransfer,
    ArrayBufferMaximum,
}

/// What every isolate is made with.
pub(super) fn create_params() -> v8::CreateParams {
    let params = v8::CreateParams::default();
    if BLOB.0.is_empty() {
        return params;
    }
    params
        .snapshot_blob(v8::StartupData::from(&BLOB.0))
        .external_references(globals::external_references::<CellNatives>().into())
}

/// Makes a context with the globals of a cell. None only if V8 is out of memory.
pub(super) fn new_context<'s>(
    scope: &mut v8::PinScope<'s, '_, ()>,
) -> Option<(v8::Local<'s, v8::Context>, Pristine<'s>)> {
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    let global = context.global(scope);
    for removed in REMOVED {
        let key = name(scope, removed);
        global.delete(scope, key.into());
    }
    if BLOB.0.is_empty() {
        return Some((context, globals::install::<CellNatives>(scope, context)?));
    }
    let pristine = Pristine {
        helpers: scope.get_context_data_from_snapshot_once(ContextData::Helpers as usize).ok()?,
        stack_getter: scope.get_context_data_from_snapshot_once(ContextData::StackGetter as usize).ok()?,
        error_class: scope.get_context_data_from_snapshot_once(ContextData::ErrorClass as usize).ok()?,
        array_buffer: ArrayBufferOriginals {
            construct: scope
                .get_context_data_from_snapshot_once(ContextData::ArrayBufferConstruct as usize)
                .ok()?,
            transfer: scope
                .get_context_data_from_snapshot_once(ContextData::ArrayBufferTransfer as usize)
                .ok()?,
            maximum: scope
                .get_context_data_from_snapshot_once(ContextData::ArrayBufferMaximum as usize)
                .ok()?,
        },
    };
    Some((context, pristine))
}

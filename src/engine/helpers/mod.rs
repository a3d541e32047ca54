//! What a script finds in its global scope: every helper, the tools, and none of what V8 ships but a cell must not have.

mod console;
mod control;
mod media;
mod output;
mod stored;
mod timeouts;
mod tools;

pub(super) use console::{CONSOLE_FILE, ConsoleFormatter, define as define_console};
pub(super) use tools::{pristine, tool_function};

use super::contain::contain;
use super::globals::{ArrayBufferNative, LazyGlobal, NativeHelper, Natives, SCRIPTED_HELPERS};
use super::resizable_buffers;
use super::state::CellState;
use super::values::v8_string;
use v8::MapFnTo;

/// The names of all helpers: properties of the global object, and exports of `@openai/code_mode`.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let native = NativeHelper::ALL.into_iter().map(NativeHelper::name);
    let lazy = LazyGlobal::ALL.into_iter().map(LazyGlobal::name);
    native.chain(lazy).chain(SCRIPTED_HELPERS)
}

/// Why a helper did not do what it was asked.
#[derive(Debug)]
pub(super) enum HelperError {
    /// It was called wrongly; the script gets a `TypeError`.
    Misuse(String),
    /// A limit was met; the script gets a `RangeError`.
    Limit(String),
    /// V8 has an exception pending: code of the script threw, or a termination is under way.
    Thrown,
}

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a, 's> = &'a v8::FunctionCallbackArguments<'s>;
type Returned<'a, 's> = &'a mut v8::ReturnValue<'s, v8::Value>;

/// A native helper.
trait Helper {
    /// What it does. Not called once the cell was stopped; after it has run code of the script (`toJSON`, getters,
    /// conversions) it must use the state's guarded methods, because that code may have stopped the cell.
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        returned: Returned<'_, '_>,
    ) -> Result<(), HelperError>;
}

/// The native functions behind the globals of a cell.
pub(super) struct CellNatives;

impl Natives for CellNatives {
    fn helper(helper: NativeHelper) -> v8::FunctionCallback {
        match helper {
            NativeHelper::Text => entry::<output::Text>.map_fn_to(),
            NativeHelper::Image => entry::<media::Image>.map_fn_to(),
            NativeHelper::Audio => entry::<media::Audio>.map_fn_to(),
            NativeHelper::GeneratedImage => entry::<media::GeneratedImage>.map_fn_to(),
            NativeHelper::Store => entry::<stored::Store>.map_fn_to(),
            NativeHelper::Load => entry::<stored::Load>.map_fn_to(),
            NativeHelper::Notify => entry::<output::Notify>.map_fn_to(),
            NativeHelper::YieldControl => entry::<control::YieldControl>.map_fn_to(),
            NativeHelper::Exit => entry::<control::Exit>.map_fn_to(),
            NativeHelper::SetTimeout => entry::<timeouts::SetTimeout>.map_fn_to(),
            NativeHelper::ClearTimeout => entry::<timeouts::ClearTimeout>.map_fn_to(),
        }
    }

    fn array_buffer(native: ArrayBufferNative) -> v8::FunctionCallback {
        match native {
            ArrayBufferNative::Construct => resizable_buffers::construct.map_fn_to(),
            ArrayBufferNative::Transfer => resizable_buffers::transfer.map_fn_to(),
        }
    }

    fn lazy_global(lazy: LazyGlobal) -> v8::AccessorNameGetterCallback {
        match lazy {
            LazyGlobal::Tools => tools::get_tools.map_fn_to(),
            LazyGlobal::AllTools => tools::get_all_tools.map_fn_to(),
        }
    }

    fn define_lazy_global(
        scope: &mut v8::PinScope<'_, '_>,
        global: v8::Local<'_, v8::Object>,
        lazy: LazyGlobal,
        key: v8::Local<'_, v8::Name>,
    ) -> Option<bool> {
        match lazy {
            LazyGlobal::Tools => global.set_lazy_data_property(scope, key, tools::get_tools),
            LazyGlobal::AllTools => global.set_lazy_data_property(scope, key, tools::get_all_tools),
        }
    }
}

/// The function that V8 calls for a helper.
fn entry<'s, H: Helper>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    guarded(scope, |scope, state| H::call(scope, state, &arguments, &mut returned));
}

/// Runs native code for the script: not after the end of the cell, with errors thrown into the script, and with a
/// panic kept from unwinding into V8.
fn guarded<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    body: impl FnOnce(&mut v8::PinScope<'s, '_>, &CellState) -> Result<(), HelperError>,
) {
    let Some(state) = CellState::of(scope) else { return };
    if state.stopped().is_some() {
        return;
    }
    match contain(scope, |scope| Some(body(scope, &state))) {
        None | Some(Ok(()) | Err(HelperError::Thrown)) => {}
        Some(Err(HelperError::Misuse(message))) => throw(scope, &message, v8::Exception::type_error),
        Some(Err(HelperError::Limit(message))) => throw(scope, &message, v8::Exception::range_error),
    }
}

fn throw<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    message: &str,
    make: fn(&v8::PinScope<'s, '_>, v8::Local<v8::String>) -> v8::Local<'s, v8::Value>,
) {
    let message = v8_string(scope, message).unwrap_or_else(|| v8::String::empty(scope));
    let error = make(scope, message);
    scope.throw_exception(error);
}

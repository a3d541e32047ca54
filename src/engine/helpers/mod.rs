//! What a script finds in its global scope: every helper, the tools, and none of what V8 ships but a cell must not have.

mod control;
mod media;
mod output;
mod stored;
mod timeouts;
mod tools;

pub(super) use tools::{pristine, tool_function};

use super::bootstrap;
use super::contain::contain;
use super::resizable_buffers;
use super::state::CellState;
use super::values::{name, v8_string};

/// The names of all helpers: properties of the global object, and exports of `@openai/code_mode`.
pub(super) const GLOBAL_NAMES: &[&str] = &[
    "text",
    "image",
    "audio",
    "generatedImage",
    "store",
    "load",
    "notify",
    "yield_control",
    "exit",
    "setTimeout",
    "clearTimeout",
    "tools",
    "ALL_TOOLS",
    "as_settled",
    "stream_settled",
];

/// What V8 ships and a cell must not have.
const REMOVED_GLOBALS: &[&str] = &["console", "Atomics", "SharedArrayBuffer", "WebAssembly"];

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
    /// Its property on the global object.
    const NAME: &'static str;
    /// The `length` of the function.
    const LENGTH: i32;

    /// What it does. Not called once the cell was stopped; after it has run code of the script (`toJSON`, getters,
    /// conversions) it must use the state's guarded methods, because that code may have stopped the cell.
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        returned: Returned<'_, '_>,
    ) -> Result<(), HelperError>;
}

/// Puts the helpers into a new context, and takes out what must not be there. Returns an object with the same helpers
/// that no script can reach, so that they are at hand when a script has overwritten its own.
pub(super) fn install<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    context: v8::Local<'s, v8::Context>,
) -> v8::Local<'s, v8::Object> {
    let global = context.global(scope);
    for removed in REMOVED_GLOBALS {
        let key = name(scope, removed);
        global.delete(scope, key.into());
    }
    resizable_buffers::install(scope, global);
    install_helper::<output::Text>(scope, global);
    install_helper::<output::Notify>(scope, global);
    install_helper::<media::Image>(scope, global);
    install_helper::<media::Audio>(scope, global);
    install_helper::<media::GeneratedImage>(scope, global);
    install_helper::<stored::Store>(scope, global);
    install_helper::<stored::Load>(scope, global);
    install_helper::<control::YieldControl>(scope, global);
    install_helper::<control::Exit>(scope, global);
    install_helper::<timeouts::SetTimeout>(scope, global);
    install_helper::<timeouts::ClearTimeout>(scope, global);
    tools::install(scope, global);
    let pristine = v8::Object::new(scope);
    if let Some(scripted) = bootstrap::run(scope) {
        for helper in ["as_settled", "stream_settled"] {
            let key = name(scope, helper);
            if let Some(function) = scripted.get(scope, key.into()) {
                global.set(scope, key.into(), function);
            }
        }
    }
    for helper in GLOBAL_NAMES.iter().filter(|helper| !tools::NAMES.contains(helper)) {
        let key = name(scope, helper);
        if let Some(function) = global.get(scope, key.into()) {
            pristine.create_data_property(scope, key.into(), function);
        }
    }
    pristine
}

fn install_helper<'s, H: Helper>(scope: &mut v8::PinScope<'s, '_>, global: v8::Local<'s, v8::Object>) {
    let key = name(scope, H::NAME);
    let function = v8::Function::builder(entry::<H>)
        .length(H::LENGTH)
        .constructor_behavior(v8::ConstructorBehavior::Throw)
        .build(scope);
    if let Some(function) = function {
        function.set_name(key);
        global.set(scope, key.into(), function.into());
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

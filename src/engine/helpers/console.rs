//! `console`, for sessions that have one.
//!
//! What it is given is formatted in JavaScript, in a context of its own: the script can't reach into it, so every
//! built-in there is as V8 made it. Text is all that comes out. The context is made when a script first writes.

mod native;

use std::rc::Rc;

use super::{HelperError, guarded, output};
use crate::engine::features::{Console, ConsoleLevel, NotificationKind};
use crate::engine::state::CellState;
use crate::engine::values::{name, v8_string};

/// The methods, with the level of what they write.
const METHODS: [(&str, ConsoleLevel); 20] = [
    ("log", ConsoleLevel::Log),
    ("info", ConsoleLevel::Info),
    ("debug", ConsoleLevel::Debug),
    ("warn", ConsoleLevel::Warn),
    ("error", ConsoleLevel::Error),
    ("dir", ConsoleLevel::Log),
    ("dirxml", ConsoleLevel::Log),
    ("table", ConsoleLevel::Log),
    ("trace", ConsoleLevel::Error),
    ("assert", ConsoleLevel::Warn),
    ("count", ConsoleLevel::Log),
    ("countReset", ConsoleLevel::Log),
    ("group", ConsoleLevel::Log),
    ("groupCollapsed", ConsoleLevel::Log),
    ("groupEnd", ConsoleLevel::Log),
    ("time", ConsoleLevel::Log),
    ("timeLog", ConsoleLevel::Log),
    ("timeEnd", ConsoleLevel::Log),
    ("clear", ConsoleLevel::Log),
    ("timeStamp", ConsoleLevel::Log),
];

/// Scripts that make the formatter, each a function that takes what the ones before have made.
const LAYOUT: &str = include_str!("console/layout.js");
const OBJECTS: &str = include_str!("console/objects.js");
const INSPECT: &str = include_str!("console/inspect.js");
const FORMAT: &str = include_str!("console/format.js");

/// The name of these scripts; frames with it are left out of stacks.
pub(in crate::engine) const CONSOLE_FILE: &str = "codecell:console";

/// The context in which values are formatted.
pub(in crate::engine) struct ConsoleFormatter {
    context: v8::Global<v8::Context>,
    /// Takes a method's name, its arguments, and the native functions; returns a text, or undefined.
    format: v8::Global<v8::Function>,
    native: v8::Global<v8::Object>,
}

/// Puts `console` into the global scope, if the session has one.
pub(in crate::engine) fn define(scope: &mut v8::PinScope<'_, '_>, state: &CellState) {
    if state.features.console == Console::Off {
        return;
    }
    let global = scope.get_current_context().global(scope);
    let key = name(scope, "console");
    global.set_lazy_data_property_with_data(
        scope,
        key.into(),
        get_console,
        v8::undefined(scope).into(),
        v8::PropertyAttribute::DONT_ENUM,
        v8::SideEffectType::HasSideEffect,
        v8::SideEffectType::HasSideEffect,
    );
}

/// Makes the object when a script first looks at it.
fn get_console<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    _key: v8::Local<'s, v8::Name>,
    _arguments: v8::PropertyCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    guarded(scope, |scope, _state| {
        let console = v8::Object::new(scope);
        for (index, (method, _)) in METHODS.into_iter().enumerate() {
            // There are 20.
            let data = v8::Integer::new_from_unsigned(scope, u32::try_from(index).unwrap_or(u32::MAX));
            let function = v8::Function::builder(call_method)
                .data(data.into())
                .constructor_behavior(v8::ConstructorBehavior::Throw)
                .build(scope)
                .ok_or(HelperError::Thrown)?;
            let key = name(scope, method);
            function.set_name(key);
            console.create_data_property(scope, key.into(), function.into());
        }
        let tag = v8::Symbol::get_to_string_tag(scope);
        let value = name(scope, "console");
        console.define_own_property(scope, tag.into(), value.into(), v8::PropertyAttribute::DONT_ENUM);
        returned.set(console.into());
        Ok(())
    });
}

fn call_method<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    guarded(scope, |scope, state| {
        let index = arguments.data().uint32_value(scope).unwrap_or(u32::MAX) as usize;
        let Some((method, level)) = METHODS.get(index) else { return Err(HelperError::Thrown) };
        let values: Vec<_> = (0..arguments.length()).map(|index| arguments.get(index)).collect();
        let text = formatted(scope, state, method, &values)?;
        returned.set_undefined();
        match text {
            Some(text) => write(scope, state, method, *level, text),
            None => Ok(()),
        }
    });
}

/// The text that a method writes. None if it writes nothing.
fn formatted<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &CellState,
    method: &str,
    values: &[v8::Local<'s, v8::Value>],
) -> Result<Option<v8::Local<'s, v8::String>>, HelperError> {
    let formatter = formatter(scope, state).ok_or(HelperError::Thrown)?;
    let context = v8::Local::new(scope, &formatter.context);
    let scope = &mut v8::ContextScope::new(scope, context);
    let format = v8::Local::new(scope, &formatter.format);
    let native = v8::Local::new(scope, &formatter.native);
    let method_name = name(scope, method);
    let values = v8::Array::new_with_elements(scope, values);
    let receiver = v8::undefined(scope).into();
    v8::tc_scope!(let caught, scope);
    let outcome = format.call(caught, receiver, &[method_name.into(), values.into(), native.into()]);
    match outcome {
        Some(text) => Ok(v8::Local::<v8::String>::try_from(text).ok()),
        None if caught.has_terminated() => Err(HelperError::Thrown),
        // The exception is of the other context, and stays there.
        None => Err(HelperError::Limit(format!(
            "console.{method}: the values are nested too deep, or too large, to be shown as text"
        ))),
    }
}

fn write(
    scope: &mut v8::PinScope<'_, '_>,
    state: &CellState,
    method: &str,
    level: ConsoleLevel,
    text: v8::Local<'_, v8::String>,
) -> Result<(), HelperError> {
    if state.stopped().is_some() {
        return Ok(());
    }
    match state.features.console {
        Console::Off => {}
        Console::Output => output::emit_text(scope, state, text),
        Console::Events => {
            let text = output::message(scope, state, &format!("console.{method}"), text)?;
            output::emit_notification(scope, state, NotificationKind::Console(level), text);
        }
    }
    Ok(())
}

/// The formatter of the cell; the same one each time. None: V8 is out of memory or has been stopped.
fn formatter(scope: &mut v8::PinScope<'_, '_>, state: &CellState) -> Option<Rc<ConsoleFormatter>> {
    if let Some(formatter) = &*state.console.borrow() {
        return Some(Rc::clone(formatter));
    }
    let cell = scope.get_current_context();
    let token = cell.get_security_token(scope);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    // It looks at the global object of the cell, too.
    context.set_security_token(token);
    let scope = &mut v8::ContextScope::new(scope, context);
    let native = native::functions(scope)?;
    let layout = run(scope, LAYOUT)?;
    let objects = made_by(scope, OBJECTS, &[native.into()])?;
    let inspect = made_by(scope, INSPECT, &[native.into(), layout, objects])?;
    let format = made_by(scope, FORMAT, &[inspect, layout])?;
    let formatter = Rc::new(ConsoleFormatter {
        context: v8::Global::new(scope, context),
        format: v8::Global::new(scope, v8::Local::<v8::Function>::try_from(format).ok()?),
        native: v8::Global::new(scope, native),
    });
    *state.console.borrow_mut() = Some(Rc::clone(&formatter));
    Some(formatter)
}

/// The value of a script of ours.
fn run<'s>(scope: &mut v8::PinScope<'s, '_>, source: &str) -> Option<v8::Local<'s, v8::Value>> {
    // Strict functions give nothing of themselves away in the stacks that a script may format.
    let source = v8_string(scope, &format!("'use strict';{source}"))?;
    let file = name(scope, CONSOLE_FILE).into();
    let origin = v8::ScriptOrigin::new(scope, file, 0, 0, false, -1, None, false, false, false, None);
    v8::Script::compile(scope, source, Some(&origin))?.run(scope)
}

/// What the function makes that is the value of a script of ours.
fn made_by<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    source: &str,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Option<v8::Local<'s, v8::Value>> {
    let function = v8::Local::<v8::Function>::try_from(run(scope, source)?).ok()?;
    let receiver = v8::undefined(scope).into();
    function.call(scope, receiver, arguments)
}

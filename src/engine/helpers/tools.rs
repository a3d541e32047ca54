//! `tools` and `ALL_TOOLS`, filled when a script first looks at them, and the calls themselves.

use super::{HelperError, guarded};
use crate::engine::error::tool_error;
use crate::engine::message::{Event, JsonText};
use crate::engine::stack::current_position;
use crate::engine::state::{CellState, PendingCall};
use crate::engine::tool_set::{ToolEntry, ToolKind};
use crate::engine::values::{data_property, json, name, parse_json, take_json, v8_string};

/// Makes `tools`. Nothing is done per tool until a script looks.
pub(super) fn get_tools<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    _key: v8::Local<'s, v8::Name>,
    _arguments: v8::PropertyCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    guarded(scope, |scope, state| {
        returned.set(tools_object(scope, state).into());
        Ok(())
    });
}

/// Makes `ALL_TOOLS`.
pub(super) fn get_all_tools<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    _key: v8::Local<'s, v8::Name>,
    _arguments: v8::PropertyCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    guarded(scope, |scope, state| {
        returned.set(all_tools(scope, state).ok_or(HelperError::Thrown)?);
        Ok(())
    });
}

/// The object `tools`; the same one each time.
fn tools_object<'s>(scope: &mut v8::PinScope<'s, '_>, state: &CellState) -> v8::Local<'s, v8::Object> {
    if let Some(object) = &*state.tools_object.borrow() {
        return v8::Local::new(scope, object);
    }
    let object = v8::Object::new(scope);
    for (index, tool) in state.tools.entries().iter().enumerate() {
        // The constructor of a session refuses more tools than fit.
        let data = v8::Integer::new_from_unsigned(scope, u32::try_from(index).unwrap_or(u32::MAX));
        let function = v8::Function::builder(call_tool)
            .length(1)
            .data(data.into())
            .constructor_behavior(v8::ConstructorBehavior::Throw)
            .build(scope);
        if let Some(function) = function {
            let key = name(scope, &tool.identifier);
            function.set_name(key);
            object.create_data_property(scope, key.into(), function.into());
        }
    }
    *state.tools_object.borrow_mut() = Some(v8::Global::new(scope, object));
    object
}

/// The function of one tool, as `tools.js` exports it.
pub(in crate::engine) fn tool_function<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &CellState,
    identifier: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let tools = tools_object(scope, state);
    data_property(scope, tools, identifier).or_else(|| Some(v8::undefined(scope).into()))
}

/// The array `ALL_TOOLS`; the same one each time.
fn all_tools<'s>(scope: &mut v8::PinScope<'s, '_>, state: &CellState) -> Option<v8::Local<'s, v8::Value>> {
    if let Some(array) = &*state.all_tools.borrow() {
        return Some(v8::Local::new(scope, array));
    }
    let array = parse_json(scope, state.tools.catalogue())?;
    *state.all_tools.borrow_mut() = Some(v8::Global::new(scope, array));
    Some(array)
}

/// A helper as it was before any script ran.
pub(in crate::engine) fn pristine<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &CellState,
    helper: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    match helper {
        "tools" => Some(tools_object(scope, state).into()),
        "ALL_TOOLS" => all_tools(scope, state),
        _ => {
            let helpers = v8::Local::new(scope, state.helpers.as_ref()?);
            data_property(scope, helpers, helper)
        }
    }
}

fn call_tool<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    guarded(scope, |scope, state| {
        let index = arguments.data().uint32_value(scope).unwrap_or(u32::MAX) as usize;
        let Some(tool) = state.tools.entries().get(index) else {
            return Err(HelperError::Thrown);
        };
        let input = json(scope, arguments.get(0))?;
        if arguments.get(0).is_function() || arguments.get(0).is_symbol() {
            let kind = if arguments.get(0).is_function() { "a function" } else { "a symbol" };
            return Err(HelperError::Misuse(format!(
                "tool `{}` got {kind}; it takes what JSON can say",
                tool.name
            )));
        }
        if state.stopped().is_some() {
            return Ok(());
        }
        let limit = state.limits.message_bytes;
        if let Some(bytes) = input.map(|input| input.utf8_length(scope)).filter(|bytes| *bytes > limit) {
            return Err(HelperError::Limit(format!(
                "the input of tool `{}` has {bytes} bytes as JSON, more than limits.messageBytes, which is {limit}",
                tool.name
            )));
        }
        let input = input.map(|input| take_json(scope, input));
        let resolver = v8::PromiseResolver::new(scope).ok_or(HelperError::Thrown)?;
        returned.set(resolver.get_promise(scope).into());
        match checked_input(tool, input) {
            Ok(input) => dispatch(scope, state, index, input, resolver),
            Err(message) => {
                let message = v8_string(scope, &message).ok_or(HelperError::Thrown)?;
                let error = v8::Exception::type_error(scope, message);
                resolver.reject(scope, error);
            }
        }
        Ok(())
    });
}

/// What the tool gets, or what is wrong with it.
fn checked_input(tool: &ToolEntry, input: Option<JsonText>) -> Result<Option<JsonText>, String> {
    let first = input.as_ref().and_then(|input| input.as_str().chars().next());
    match (tool.kind, first) {
        (ToolKind::Function, None | Some('{')) | (ToolKind::Freeform, Some('"')) => Ok(input),
        (ToolKind::Function, Some(_)) => {
            Err(format!("tool `{}` expects a JSON object for arguments", tool.name))
        }
        (ToolKind::Freeform, _) => Err(format!("tool `{}` expects a string input", tool.name)),
    }
}

fn dispatch<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &CellState,
    tool: usize,
    input: Option<JsonText>,
    resolver: v8::Local<'s, v8::PromiseResolver>,
) {
    let position = current_position(scope);
    let limit = state.limits.pending_tool_calls;
    let refused = if state.pending.borrow().len() >= limit {
        Some(format!("{limit} tool calls are in flight, as many as limits.pendingToolCalls allows"))
    } else if state.next_call.get().is_none() {
        Some("the cell has used up its tool call ids".to_owned())
    } else {
        None
    };
    if let Some(message) = refused {
        let error = tool_error(scope, &message, position);
        resolver.reject(scope, error);
        return;
    }
    if let Some(id) = state.next_call.get() {
        state.next_call.set(id.next());
        let call = PendingCall { resolver: v8::Global::new(scope, resolver), position };
        state.pending.borrow_mut().insert(id, call);
        state.emit(Event::ToolCall { id, tool, input });
    }
}

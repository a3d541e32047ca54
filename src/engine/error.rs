//! What the script threw, as a [`CellError`]. No code of the script runs while it is read.

use std::fmt::Write as _;

use super::message::{CellError, CellErrorCode, Position};
use super::stack::{async_callers, script_frames};
use super::state::CellState;
use super::stop::StopReason;
use super::values::{data_property, name, rust_string, v8_string};
use super::{hints, modules};

/// Longest message that is kept, in bytes.
const LONGEST_MESSAGE: usize = 64 * 1024;
/// Longest class name or function name that is kept, in bytes.
pub(super) const LONGEST_NAME: usize = 200;
/// Most frames that are shown.
pub(super) const MOST_FRAMES: usize = 10;

/// A thrown value, with V8's message if there is one.
pub(super) struct Thrown<'s> {
    value: v8::Local<'s, v8::Value>,
    message: Option<v8::Local<'s, v8::Message>>,
    code: CellErrorCode,
}

impl<'s> Thrown<'s> {
    /// A value that was thrown, or that a promise was rejected with.
    pub(super) fn value(value: v8::Local<'s, v8::Value>) -> Self {
        Self { value, message: None, code: CellErrorCode::ScriptError }
    }

    /// A failure to compile or to link.
    pub(super) fn while_loading(
        value: v8::Local<'s, v8::Value>,
        message: Option<v8::Local<'s, v8::Message>>,
    ) -> Self {
        Self { value, message, code: CellErrorCode::SyntaxError }
    }
}

/// The error of a script that met a limit, or was stopped by a defect. None for reasons that are no failures.
pub(super) fn of_stop(reason: StopReason, limits: &super::CellLimits) -> Option<CellError> {
    let (code, message) = match reason {
        StopReason::Exit | StopReason::Terminate => return None,
        StopReason::MemoryLimit => (
            CellErrorCode::MemoryLimit,
            format!(
                "the script used more memory than it may: limits.heapBytes is {}. Keep less at once, or raise the limit.",
                limits.heap_bytes
            ),
        ),
        StopReason::CpuLimit => (
            CellErrorCode::CpuLimit,
            format!(
                "the script ran longer than it may: limits.cpuMs is {}. Do less, or raise the limit.",
                limits.cpu.map_or(0, |cpu| cpu.as_millis())
            ),
        ),
        StopReason::TimeLimit => (
            CellErrorCode::TimeLimit,
            format!(
                "the cell lived longer than it may: limits.wallMs is {}. Do less, or raise the limit.",
                limits.wall.map_or(0, |wall| wall.as_millis())
            ),
        ),
        StopReason::OutputLimit => (
            CellErrorCode::OutputLimit,
            format!(
                "the script printed more than it may before somebody collected it: limits.outputBytes is {}. Print \
                 less, or raise the limit.",
                limits.output_bytes
            ),
        ),
        StopReason::Defect => {
            (CellErrorCode::EngineLost, "a defect in codecell stopped the script".to_owned())
        }
    };
    Some(CellError::without_place(code, "Error", message))
}

/// The error of a script that made something that V8 can't have at all, and dies of it.
pub(super) fn too_large() -> CellError {
    let message = "the script made an array or a table larger than V8 can, whatever limits.heapBytes is. An array that is \
                   made at once, as by `split`, has less than 2^27 elements. Work on smaller pieces.";
    CellError::without_place(CellErrorCode::MemoryLimit, "Error", message)
}

/// Says which limit V8 met when it threw for a buffer that was refused.
pub(super) fn explain_refused_buffer(error: &mut CellError, state: &CellState) {
    let limit = state.limits.array_buffer_bytes;
    let is_refusal = error.message.contains("llocation failed") || error.message.ends_with("Out of memory");
    if error.name == "RangeError" && is_refusal && state.buffers.has_refused() {
        let _ = write!(
            error.message,
            ": the script's ArrayBuffers would take more than they may: limits.arrayBufferBytes is {limit}. Keep less \
             at once, or raise the limit."
        );
        error.code = CellErrorCode::MemoryLimit;
    }
}

/// Reads what was thrown.
pub(super) fn describe<'s>(scope: &mut v8::PinScope<'s, '_>, thrown: Thrown<'s>) -> CellError {
    v8::tc_scope!(let scope, scope);
    let message = thrown.message.unwrap_or_else(|| v8::Exception::create_message(scope, thrown.value));
    let (name, mut text) = name_and_message(scope, thrown.value, message);
    if let Some(hint) = hints::for_error(&name, &text) {
        let _ = write!(text, ". {hint}");
    }
    let call_site = call_site_of(scope, thrown.value);
    // Frames of an error that was made for the script, not by it, say nothing.
    let frames = if call_site.is_some() { Vec::new() } else { script_frames(scope, thrown.value) };
    let callers =
        frames.first().and_then(|first| async_callers(scope, thrown.value, first)).unwrap_or_default();
    let position = call_site.or_else(|| frames.iter().find_map(|frame| frame.position)).or_else(|| {
        let is_script = message
            .get_script_resource_name(scope)
            .and_then(|resource| v8::Local::<v8::String>::try_from(resource).ok())
            .is_some_and(|resource| rust_string(scope, resource) == modules::SCRIPT_NAME);
        // What does not compile is the script, whatever name it gives itself.
        let is_script = is_script || thrown.code == CellErrorCode::SyntaxError;
        is_script.then(|| position_of_message(scope, message)).flatten()
    });
    let stack = if thrown.value.is_native_error() {
        let mut stack = if text.is_empty() { name.clone() } else { format!("{name}: {text}") };
        for frame in frames.iter().map(|frame| &frame.text).chain(&callers).take(MOST_FRAMES) {
            // Writing to a String can't fail.
            let _ = write!(stack, "\n    at {frame}");
        }
        if let (true, Some(position)) = (frames.is_empty(), position) {
            let _ = write!(stack, "\n    at {}:{}:{}", modules::SCRIPT_NAME, position.line, position.column);
        }
        Some(stack)
    } else {
        v8::Local::<v8::Object>::try_from(thrown.value)
            .ok()
            .and_then(|object| string_property(scope, object, "stack"))
            .map(shortened)
    };
    CellError { code: thrown.code, name, message: text, stack, position, frame: None }
}

fn name_and_message<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    value: v8::Local<'s, v8::Value>,
    message: v8::Local<'s, v8::Message>,
) -> (String, String) {
    if let Ok(object) = v8::Local::<v8::Object>::try_from(value) {
        if value.is_native_error() {
            let own_name = string_property(scope, object, "name").unwrap_or_else(|| "Error".into());
            let class = object.get_constructor_name();
            let class = rust_string(scope, class);
            let name = if own_name == "Error" && !class.is_empty() { class } else { own_name };
            let text = string_property(scope, object, "message").unwrap_or_default();
            return (cut(name, LONGEST_NAME), shortened(text));
        }
        let text = string_property(scope, object, "message").unwrap_or_else(|| message_text(scope, message));
        let kind = if value.is_function() { "function" } else { "object" };
        return (kind.into(), shortened(text));
    }
    if let Ok(text) = v8::Local::<v8::String>::try_from(value) {
        return ("string".into(), shortened(text_or_size(scope, text)));
    }
    let kind = value.type_of(scope);
    (rust_string(scope, kind), shortened(message_text(scope, message)))
}

/// A data property that is a string.
pub(super) fn string_property<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Object>,
    key: &str,
) -> Option<String> {
    let property = data_property(scope, object, key)?;
    let text = v8::Local::<v8::String>::try_from(property).ok()?;
    Some(text_or_size(scope, text))
}

/// A string, unless it is so long that taking it out would cost more memory than the cell may have.
fn text_or_size(scope: &v8::PinScope<'_, '_>, text: v8::Local<'_, v8::String>) -> String {
    const LONGEST: usize = 32 * 1024 * 1024;
    if text.length() > LONGEST {
        format!("(a text of {} characters)", text.length())
    } else {
        rust_string(scope, text)
    }
}

/// V8's own text of a thrown value, which it makes without side effects.
fn message_text<'s>(scope: &mut v8::PinScope<'s, '_>, message: v8::Local<'s, v8::Message>) -> String {
    let text = message.get(scope);
    let text = rust_string(scope, text);
    match text.strip_prefix("Uncaught ") {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

fn shortened(text: String) -> String {
    cut(text, LONGEST_MESSAGE)
}

/// Cuts a text that a script can make as long as it likes.
pub(super) fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let mut end = longest;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

fn position_of_message(
    scope: &mut v8::PinScope<'_, '_>,
    message: v8::Local<'_, v8::Message>,
) -> Option<Position> {
    let line = u32::try_from(message.get_line_number(scope)?).ok().filter(|line| *line > 0)?;
    let column = u32::try_from(message.get_start_column()).ok()?.saturating_add(1);
    Some(Position { line, column })
}

/// Makes the error that a failed tool call rejects with: an `Error` named `ToolError`, whose stack is the call.
pub(super) fn tool_error<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    text: &str,
    call: Option<Position>,
) -> v8::Local<'s, v8::Value> {
    let error = placed(scope, "ToolError", text, call);
    if let Ok(object) = v8::Local::<v8::Object>::try_from(error) {
        define_hidden(scope, object, "name", "ToolError");
    }
    error
}

/// Makes an `Error` that is made while no code of the script runs, so that V8 can't know its place.
pub(super) fn placed<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name_in_stack: &str,
    text: &str,
    place: Option<Position>,
) -> v8::Local<'s, v8::Value> {
    let message = v8_string(scope, text).unwrap_or_else(|| v8::String::empty(scope));
    let error = v8::Exception::error(scope, message);
    give_place(scope, error, name_in_stack, text, place)
}

/// Makes the error of a script that does not compile.
pub(super) fn syntax_error<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    text: &str,
    place: Position,
) -> v8::Local<'s, v8::Value> {
    let message = v8_string(scope, text).unwrap_or_else(|| v8::String::empty(scope));
    let error = v8::Exception::syntax_error(scope, message);
    give_place(scope, error, "SyntaxError", text, Some(place))
}

/// What V8 says of a script that does not compile, and where. None: that is not what it has thrown.
pub(super) fn syntax_error_in(
    scope: &mut v8::PinnedRef<'_, v8::TryCatch<'_, '_, v8::HandleScope<'_>>>,
) -> Option<(String, Position)> {
    let exception = v8::Local::<v8::Object>::try_from(scope.exception()?).ok()?;
    let class = exception.get_constructor_name();
    if rust_string(scope, class) != "SyntaxError" {
        return None;
    }
    let message = scope.message()?;
    let text = message_text(scope, message);
    let place = position_of_message(scope, message)?;
    Some((text.strip_prefix("SyntaxError: ").map_or(text.clone(), ToOwned::to_owned), place))
}

fn give_place<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    error: v8::Local<'s, v8::Value>,
    name_in_stack: &str,
    text: &str,
    place: Option<Position>,
) -> v8::Local<'s, v8::Value> {
    let Ok(object) = v8::Local::<v8::Object>::try_from(error) else { return error };
    let mut stack = format!("{name_in_stack}: {text}");
    if let Some(position) = place {
        let _ = write!(stack, "\n    at {}:{}:{}", modules::SCRIPT_NAME, position.line, position.column);
        let key = call_site_key(scope);
        let line = v8::Integer::new_from_unsigned(scope, position.line);
        let column = v8::Integer::new_from_unsigned(scope, position.column);
        let site = v8::Array::new_with_elements(scope, &[line.into(), column.into()]);
        object.set_private(scope, key, site.into());
    }
    define_hidden(scope, object, "stack", &stack);
    error
}

/// Defines a property as V8 defines those of errors: not enumerable.
fn define_hidden(scope: &v8::PinScope<'_, '_>, object: v8::Local<'_, v8::Object>, key: &str, value: &str) {
    let key = name(scope, key);
    if let Some(value) = v8_string(scope, value) {
        object.define_own_property(scope, key.into(), value.into(), v8::PropertyAttribute::DONT_ENUM);
    }
}

fn call_site_key<'s>(scope: &v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Private> {
    let key = name(scope, "codecell.callSite");
    v8::Private::for_api(scope, Some(key))
}

fn call_site_of<'s>(scope: &mut v8::PinScope<'s, '_>, value: v8::Local<'s, v8::Value>) -> Option<Position> {
    if !value.is_native_error() {
        return None;
    }
    let object = v8::Local::<v8::Object>::try_from(value).ok()?;
    let key = call_site_key(scope);
    let site = v8::Local::<v8::Array>::try_from(object.get_private(scope, key)?).ok()?;
    let number = |index| {
        let value = site.get_index(scope, index)?;
        v8::Local::<v8::Integer>::try_from(value).ok().and_then(|value| u32::try_from(value.value()).ok())
    };
    Some(Position { line: number(0)?, column: number(1)? })
}

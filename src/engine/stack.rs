//! Where an error comes from: the frames of the script, and the place at which it stands.

use super::error::{LONGEST_NAME, MOST_FRAMES, cut, string_property};
use super::globals::{Pristine, own_getter};
use super::message::Position;
use super::modules;
use super::state::CellState;
use super::values::{name, rust_string};

/// What V8 gave the context for errors, kept from before any script has run.
pub(super) struct PristineErrors {
    /// The getter of every error's `stack`.
    stack_getter: v8::Global<v8::Function>,
    /// The class `Error`.
    class: v8::Global<v8::Object>,
}

impl PristineErrors {
    /// Takes them from a virgin context.
    pub(super) fn of_virgin(scope: &v8::PinScope<'_, '_>, pristine: &Pristine<'_>) -> Self {
        Self {
            stack_getter: v8::Global::new(scope, pristine.stack_getter),
            class: v8::Global::new(scope, pristine.error_class),
        }
    }
}

/// The async callers, which V8's trace leaves out and the error's own `stack` shows. That is read only where it runs no
/// code of the script: the getter is V8's, name and message are plain, and nobody formats stacks his own way. A text
/// that does not begin like the trace is not V8's.
pub(super) fn async_callers<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    value: v8::Local<'s, v8::Value>,
    first: &Frame,
) -> Option<Vec<String>> {
    let state = CellState::of(scope)?;
    let error = v8::Local::<v8::Object>::try_from(value).ok()?;
    let getter = own_getter(scope, error, "stack")?;
    let pristine = state.errors.as_ref()?;
    if v8::Local::new(scope, &pristine.stack_getter) != getter {
        return None;
    }
    string_property(scope, error, "name")?;
    string_property(scope, error, "message")?;
    let class = v8::Local::new(scope, &pristine.class);
    let hook = name(scope, "prepareStackTrace");
    if class.has_own_property(scope, hook.into())? || class_has_changed_parents(scope, class) {
        return None;
    }
    let stack = getter.call(scope, error.into(), &[])?;
    let stack = rust_string(scope, v8::Local::<v8::String>::try_from(stack).ok()?);
    let mut frames = stack.lines().filter_map(|line| line.strip_prefix("    at ")).peekable();
    let place = first.text.rsplit('(').next()?.trim_end_matches(')');
    if !frames.peek()?.contains(place) {
        return None;
    }
    let callers = frames.filter(|frame| frame.starts_with("async ") && frame.contains(modules::SCRIPT_NAME));
    Some(callers.map(|frame| cut(frame.to_owned(), 2 * LONGEST_NAME)).collect())
}

/// Whether the class inherits a hook: V8 looks it up along the prototypes.
fn class_has_changed_parents<'s>(scope: &mut v8::PinScope<'s, '_>, class: v8::Local<'s, v8::Object>) -> bool {
    let hook = name(scope, "prepareStackTrace");
    let mut holder = class.get_prototype(scope);
    while let Some(Ok(object)) = holder.map(v8::Local::<v8::Object>::try_from) {
        if object.is_proxy() || object.has_own_property(scope, hook.into()).unwrap_or(true) {
            return true;
        }
        holder = object.get_prototype(scope);
    }
    false
}

/// The names of our own scripts.
const OWN_FILES: [&str; 2] = [super::globals::SCRIPTED_HELPERS_FILE, super::helpers::CONSOLE_FILE];

/// A frame of the script.
pub(super) struct Frame {
    /// As V8 writes it, without the `at`.
    pub(super) text: String,
    /// Its place, if it is in the text that was given, and not in code that this has evaluated.
    pub(super) position: Option<Position>,
}

/// The frames of the script itself; those of our own helpers are left out.
pub(super) fn script_frames<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    value: v8::Local<'s, v8::Value>,
) -> Vec<Frame> {
    match v8::Exception::get_stack_trace(scope, value) {
        Some(trace) => frames_of(scope, trace),
        None => Vec::new(),
    }
}

/// The frames of the script that runs now, from the inside out.
pub(super) fn current_frames(scope: &mut v8::PinScope<'_, '_>) -> Vec<Frame> {
    match v8::StackTrace::current_stack_trace(scope, MOST_FRAMES + OWN_FRAMES) {
        Some(trace) => frames_of(scope, trace),
        None => Vec::new(),
    }
}

/// Most frames of our own that stand above those of a script.
const OWN_FRAMES: usize = 5;

fn frames_of<'s>(scope: &mut v8::PinScope<'s, '_>, trace: v8::Local<'s, v8::StackTrace>) -> Vec<Frame> {
    (0..trace.get_frame_count())
        .filter_map(|index| {
            let frame = trace.get_frame(scope, index)?;
            let script = frame.get_script_name(scope).map(|script| rust_string(scope, script));
            if !frame.is_user_javascript()
                || script.as_deref().is_some_and(|script| OWN_FILES.contains(&script))
            {
                return None;
            }
            let position = position_of_frame(&frame);
            let place_is_script = script.as_deref() == Some(modules::SCRIPT_NAME);
            let place = match (script, position) {
                (Some(script), Some(position)) => format!("{script}:{}:{}", position.line, position.column),
                (Some(script), None) => script,
                (None, _) => "<anonymous>".to_owned(),
            };
            let function = frame
                .get_function_name(scope)
                .map(|function| cut(rust_string(scope, function), LONGEST_NAME));
            let text = match function {
                Some(function) if !function.is_empty() => format!("{function} ({place})"),
                _ => place,
            };
            Some(Frame { text, position: position.filter(|_| place_is_script) })
        })
        .take(MOST_FRAMES)
        .collect()
}

fn position_of_frame(frame: &v8::StackFrame) -> Option<Position> {
    let line = u32::try_from(frame.get_line_number()).ok().filter(|line| *line > 0)?;
    let column = u32::try_from(frame.get_column()).ok()?.max(1);
    Some(Position { line, column })
}

/// Where the script is right now.
pub(super) fn current_position(scope: &mut v8::PinScope<'_, '_>) -> Option<Position> {
    let trace = v8::StackTrace::current_stack_trace(scope, 1)?;
    let frame = trace.get_frame(scope, 0)?;
    position_of_frame(&frame)
}

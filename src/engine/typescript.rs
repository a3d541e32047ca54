//! Takes the types out of a script, within the cell's deadlines.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::message::Position;
use super::state::CellState;
use crate::model::typescript::{self, TextPosition, TypesError};

/// How often it is looked whether the cell was stopped meanwhile. Scripts of a usual size take less.
const LOOK_TIME: Duration = Duration::from_millis(5);

/// What became of a script.
pub(super) enum Attempt {
    /// It is JavaScript now.
    Blanked(String),
    /// It has no types. What is wrong with it is something else.
    NoTypes,
    /// It can't be made JavaScript.
    Refused(TypesError),
    /// The cell was stopped, or no thread could be had.
    GivenUp,
}

/// Takes the types out.
///
/// The parser recurses, and does not look how much stack is left. So it gets a thread with as much as it can need.
/// It can't be stopped either: when the cell is, the thread is left to end by itself. It takes milliseconds, and holds
/// nothing of V8.
pub(super) fn take_types_out(state: &CellState, source: &str) -> Attempt {
    let stack = match typescript::stack_bytes(source) {
        Ok(stack) => stack,
        Err(error) => return Attempt::Refused(error),
    };
    match on_thread(stack, source.to_owned(), || state.stopped().is_some()) {
        Ok(Some(Ok(Some(text)))) => Attempt::Blanked(text),
        Ok(Some(Ok(None))) => Attempt::NoTypes,
        Ok(Some(Err(error))) => Attempt::Refused(error),
        Ok(None) | Err(_) => Attempt::GivenUp,
    }
}

/// None if it was given up, or the parser has panicked.
fn on_thread(
    stack: usize,
    source: String,
    is_stopped: impl Fn() -> bool,
) -> io::Result<Option<Result<Option<String>, TypesError>>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // A panic drops the sender, and goes no further than its thread.
    let work = move || drop(sender.send(typescript::blank_types(&source)));
    thread::Builder::new().name("codecell-types".into()).stack_size(stack).spawn(work)?;
    loop {
        match receiver.recv_timeout(LOOK_TIME) {
            Ok(outcome) => return Ok(Some(outcome)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if is_stopped() => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// What is said of a script that is neither, if V8 did not say it better. V8 stops at the first type, so whoever has
/// come further in the text knows more.
pub(super) fn better_error(
    error: &TypesError,
    of_v8: &str,
    place_of_v8: Position,
    line_offset: u32,
) -> Option<(String, Position)> {
    let placed = |place: &TextPosition| Position { line: place.line + line_offset, column: place.column };
    match error {
        TypesError::Unsupported { position, .. } => Some((error.to_string(), placed(position))),
        TypesError::TooLong => Some((format!("{of_v8}; {error}"), place_of_v8)),
        TypesError::Syntax { position, .. } => {
            let place = placed(position);
            let is_further = (place.line, place.column) > (place_of_v8.line, place_of_v8.column);
            is_further.then(|| (error.to_string(), place))
        }
    }
}

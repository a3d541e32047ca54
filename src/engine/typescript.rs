//! Takes the types out of a script, within the cell's deadlines.

use std::alloc::{GlobalAlloc as _, Layout, System};
use std::panic;
use std::ptr::NonNull;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::message::Position;
use super::state::CellState;
use crate::model::typescript::{self, Allocator, TextPosition, TypesError};

/// How often it is looked whether the cell was stopped meanwhile. Scripts of a usual size take less.
const LOOK_TIME: Duration = Duration::from_millis(5);
/// What the parser may take for a script.
const PARSER_BYTES: usize = 64 * 1024 * 1024;
/// Scripts whose types are taken out at the same time, in all sessions: each may take some 180 MiB for a moment.
const MOST_PARSERS: usize = 4;
/// The thread of the parser.
const THREAD: &str = "codecell-types";

/// What became of a script.
pub(super) enum Attempt {
    /// It is JavaScript now.
    Blanked(String),
    /// It has no types. What is wrong with it is something else.
    NoTypes,
    /// It can't be made JavaScript.
    Refused(TypesError),
    /// The cell was stopped, or no thread or memory could be had.
    GivenUp,
}

/// Takes the types out.
///
/// The parser recurses, and does not look how much stack is left. So it gets a thread with as much as it can need, and
/// memory that does not grow. It can't be stopped: when the cell is, the thread is left to end by itself. It holds
/// nothing of V8.
pub(super) fn take_types_out(state: &CellState, source: &str) -> Attempt {
    let stack = match typescript::stack_bytes(source) {
        Ok(stack) => stack,
        Err(error) => return Attempt::Refused(error),
    };
    silence_parser();
    let turn = loop {
        match Turn::take() {
            Some(turn) => break turn,
            None if state.stopped().is_some() => return Attempt::GivenUp,
            None => thread::sleep(LOOK_TIME),
        }
    };
    let (sender, receiver) = mpsc::sync_channel(1);
    let source = source.to_owned();
    // When the memory is full the parser panics. That drops the sender, and goes no further than the thread.
    let work = move || {
        let _until_the_end = turn;
        let outcome = match bounded_memory() {
            Some(memory) => typescript::blank_types(&source, &memory)
                .map_or_else(Attempt::Refused, |text| text.map_or(Attempt::NoTypes, Attempt::Blanked)),
            None => Attempt::GivenUp,
        };
        // Nobody waits for it if the cell was stopped.
        let _ = sender.send(outcome);
    };
    if thread::Builder::new().name(THREAD.into()).stack_size(stack).spawn(work).is_err() {
        return Attempt::GivenUp;
    }
    loop {
        match receiver.recv_timeout(LOOK_TIME) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Disconnected) => return Attempt::Refused(TypesError::TooLong),
            Err(RecvTimeoutError::Timeout) if state.stopped().is_some() => return Attempt::GivenUp,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// One of the parsers that may run.
struct Turn;

static PARSERS: AtomicUsize = AtomicUsize::new(0);

impl Turn {
    fn take() -> Option<Self> {
        let one_more = |parsers| (parsers < MOST_PARSERS).then_some(parsers + 1);
        PARSERS.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok().map(|_| Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        PARSERS.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Memory for a parser that panics when it is full.
fn bounded_memory() -> Option<Allocator> {
    let layout = Layout::from_size_align(PARSER_BYTES, Allocator::RAW_MIN_ALIGN).ok()?;
    // SAFETY: the layout is not empty.
    let start = NonNull::new(unsafe { System.alloc(layout) })?;
    // SAFETY: the whole of an allocation of `System`, writable, aligned as asked for, and a multiple of that in size.
    // The allocator owns it from here, and frees it with this layout.
    Some(unsafe { Allocator::from_raw_parts(start, PARSER_BYTES, start, layout) })
}

/// Keeps panics of the parser off the program's standard error: a script can cause as many as it likes.
fn silence_parser() {
    static SILENCED: Once = Once::new();
    SILENCED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(THREAD) {
                before(panic);
            }
        }));
    });
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
        TypesError::TooLong => Some((format!("{of_v8}. If that is a type: {error}"), place_of_v8)),
        TypesError::Syntax { position, .. } => {
            let place = placed(position);
            let is_further = (place.line, place.column) > (place_of_v8.line, place_of_v8.column);
            is_further.then(|| (error.to_string(), place))
        }
    }
}

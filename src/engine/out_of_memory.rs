//! What happens when V8 runs out of memory at a point where it can't go back.
//!
//! V8 aborts the process when its handler returns, and the handler can't unwind. So it never returns: it ends the cell,
//! and parks the thread with its isolate for ever. What the isolate holds is lost until the process ends, so this is
//! done a limited number of times.

use std::cell::RefCell;
use std::ffi::c_char;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::message::{Event, EventSender, Finished};

/// Threads that may be parked. One more lets V8 abort the process: by then gigabytes are lost.
const MOST_PARKED: usize = 16;

static PARKED: AtomicUsize = AtomicUsize::new(0);

/// Says how the cell of this thread has ended, if it ends here.
type LastWords = Box<dyn Fn() -> Finished>;

thread_local! {
    static CELL: RefCell<Option<(EventSender, LastWords)>> = const { RefCell::new(None) };
}

/// Says what this thread's cell is answered with if V8 runs out of memory.
pub(super) fn prepare(events: EventSender, last_words: impl Fn() -> Finished + 'static) {
    CELL.set(Some((events, Box::new(last_words))));
}

/// The cell has ended otherwise.
pub(super) fn forget() {
    CELL.set(None);
}

/// V8 calls this instead of aborting. It returns only if the process can't be saved.
pub(super) unsafe extern "C" fn handler(_location: *const c_char, _details: &v8::OomDetails) {
    let Some((events, last_words)) = CELL.take() else { return };
    if PARKED.fetch_add(1, Ordering::Relaxed) >= MOST_PARKED {
        return;
    }
    events.send(Event::Finished(Box::new(last_words())));
    drop(events);
    loop {
        thread::park();
    }
}

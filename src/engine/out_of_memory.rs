//! What happens when V8 runs out of memory, or meets a size that it can't have, at a point where it can't go back.
//!
//! V8 aborts the process when its handler returns, and the handler can't unwind. So it never returns: it ends the cell,
//! and parks the thread with its isolate for ever. What the isolate holds is lost until the process ends; see
//! [`super::life`] for how often that may be.

use std::cell::RefCell;
use std::ffi::c_char;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use std::io::Write as _;
use std::thread;

use super::message::{Event, EventSender, Finished};

/// Why V8 can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// There is no room left in the heap.
    Memory,
    /// Something was to be larger than V8 can make it.
    Size,
}

/// Says how the cell of this thread has ended, if it ends here.
type LastWords = Box<dyn Fn(Cause) -> Finished>;

thread_local! {
    static CELL: RefCell<Option<(EventSender, LastWords)>> = const { RefCell::new(None) };
}

/// Says what this thread's cell is answered with if V8 runs out of memory.
pub(super) fn prepare(events: EventSender, last_words: impl Fn(Cause) -> Finished + 'static) {
    CELL.set(Some((events, Box::new(last_words))));
}

/// The cell has ended otherwise.
pub(super) fn forget() {
    CELL.set(None);
}

/// V8 calls this instead of aborting. It returns only if no cell runs on this thread: then V8 aborts the process.
pub(super) unsafe extern "C" fn handler(_location: *const c_char, _details: &v8::OomDetails) {
    park(Cause::Memory);
}

fn park(cause: Cause) {
    let Some((events, last_words)) = CELL.take() else { return };
    events.send(Event::Finished(Box::new(last_words(cause))));
    drop(events);
    loop {
        thread::park();
    }
}

/// Stands in for V8's `FatalNoSecurityImpact`, which has no handler: V8 calls it when something is to be larger than V8
/// can make it, such as an array of 2^27 elements, before it has touched anything. build.rs has the linker put this in
/// its place, where the linker can do that.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[unsafe(export_name = "__wrap__ZN2v84base21FatalNoSecurityImpactEPKcz")]
extern "C" fn size_that_cannot_be(format: *const c_char) -> ! {
    park(Cause::Size);
    // Not the script of a cell. What V8 would do: say it, and abort.
    // SAFETY: V8 passes a C string that is part of its code.
    let format = unsafe { std::ffi::CStr::from_ptr(format) };
    let _ = writeln!(std::io::stderr(), "codecell: fatal error of V8: {}", format.to_string_lossy());
    std::process::abort();
}

//! Where the launcher enters the addon.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::runtime::Builder;

use super::{Ends, serve};
use crate::engine::ThreadEngine;
use crate::host::sandbox;

/// The parent has ended, or has closed the socket.
const DONE: i32 = 0;
/// The socket or the event loop can't be had, or there was a defect.
const FAILED: i32 = 20;

/// Runs a child process for the process `parent`, over the socket at descriptor 0. Returns the exit code. Only the
/// launcher calls it, once, on its main thread, with no other thread running.
#[unsafe(no_mangle)]
pub extern "C" fn codecell_child_main(parent: u32) -> i32 {
    catch_unwind(AssertUnwindSafe(|| run(parent))).unwrap_or(FAILED)
}

fn run(parent: u32) -> i32 {
    // What the event loop needs is opened before the sandbox forbids to open anything.
    let Ok(runtime) = Builder::new_current_thread().enable_io().enable_time().build() else {
        return FAILED;
    };
    let _entered = runtime.enter();
    let Ok(ends) = Ends::open() else {
        return FAILED;
    };
    let missing = sandbox::enter();
    // The signal of the parent's death is set by now; if the parent died before that, it never comes.
    if !sandbox::parent_is(parent) {
        return DONE;
    }
    ThreadEngine::shared().warm_up();
    runtime.block_on(serve(ends, missing));
    DONE
}

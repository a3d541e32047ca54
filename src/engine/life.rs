//! How far an engine thread is with its cell, and how many threads were lost with theirs.
//!
//! A thread is lost when V8 has run out of memory on it, or when it does not stop. It holds a heap, and perhaps a core,
//! that nobody can take back. So when too many are lost, or they hold too much, no cell is started any more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{EngineUnavailable, Progress};

/// Lost threads with which cells are still started.
const MOST_LOST: usize = 16;
/// Heap of lost threads with which cells are still started. All heaps of the process share 4 GiB.
const MOST_LOST_BYTES: usize = 2 * 1024 * 1024 * 1024;

static LOST: AtomicUsize = AtomicUsize::new(0);
static LOST_BYTES: AtomicUsize = AtomicUsize::new(0);

/// Engine threads that are lost at this moment.
#[must_use]
pub fn lost_engines() -> usize {
    LOST.load(Ordering::Relaxed)
}

/// Refuses another cell when too many threads are lost.
pub(super) fn check_losses() -> Result<(), EngineUnavailable> {
    let (lost, bytes) = (lost_engines(), LOST_BYTES.load(Ordering::Relaxed));
    if lost < MOST_LOST && bytes < MOST_LOST_BYTES {
        return Ok(());
    }
    let reason = format!(
        "{lost} engines of this process, with {bytes} bytes of heap, were lost to scripts that could not be stopped or \
         that ran out of memory where V8 can't go back. Cells are started with less than {MOST_LOST} lost engines and \
         {MOST_LOST_BYTES} bytes. Restart the program"
    );
    Err(EngineUnavailable { reason })
}

/// How far the engine is with one cell. The lock makes one of two ends the first.
#[derive(Debug, Default)]
pub(super) struct Life(Mutex<State>);

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Queued,
    Running(priority::Thread),
    Stopped,
    Lost {
        heap_bytes: usize,
    },
}

impl Life {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calling thread has taken the cell.
    pub(super) fn begin(&self) {
        *self.state() = State::Running(priority::this_thread());
    }

    /// V8 has stopped. Says whether the thread had been lost before: then it has come back.
    pub(super) fn stop(&self) -> bool {
        let before = std::mem::replace(&mut *self.state(), State::Stopped);
        let State::Lost { heap_bytes } = before else { return false };
        LOST.fetch_sub(1, Ordering::Relaxed);
        LOST_BYTES.fetch_sub(heap_bytes, Ordering::Relaxed);
        true
    }

    /// The thread can't be stopped, or V8 can't go on; so much heap, as far as that is known, is lost with it. Says
    /// whether it is lost now: it may have stopped just before.
    pub(super) fn lose(&self, heap_bytes: usize) -> bool {
        let mut state = self.state();
        match *state {
            State::Running(thread) => {
                // The thread can't end meanwhile: it needs the lock first.
                priority::lower(thread);
                *state = State::Lost { heap_bytes };
                LOST.fetch_add(1, Ordering::Relaxed);
                LOST_BYTES.fetch_add(heap_bytes, Ordering::Relaxed);
                true
            }
            State::Lost { .. } => true,
            State::Queued | State::Stopped => false,
        }
    }

    pub(super) fn progress(&self) -> Progress {
        match *self.state() {
            State::Queued => Progress::Queued,
            State::Running(_) => Progress::Running,
            State::Stopped => Progress::Stopped,
            State::Lost { .. } => Progress::Lost,
        }
    }
}

/// A thread that can't be stopped is to be in nobody's way.
#[cfg(target_os = "linux")]
mod priority {
    pub(super) type Thread = libc::pid_t;

    const LOWEST: libc::c_int = 19;

    pub(super) fn this_thread() -> Thread {
        // SAFETY: it takes nothing and can't fail.
        unsafe { libc::gettid() }
    }

    pub(super) fn lower(thread: Thread) {
        let Ok(thread) = libc::id_t::try_from(thread) else { return };
        // SAFETY: it touches no memory of ours. A failure leaves the priority as it is.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, thread, LOWEST) };
    }
}

#[cfg(not(target_os = "linux"))]
mod priority {
    pub(super) type Thread = ();

    pub(super) fn this_thread() -> Thread {}

    pub(super) fn lower((): Thread) {}
}

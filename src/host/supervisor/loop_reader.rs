//! The children whose messages an event loop of the program reads itself.
//!
//! What a script asks of a tool ends in such a loop. If another thread read it, that thread would wake up only to wake
//! the loop. `codecell-host` reads what no loop reads, and looks after children whose loop may be busy.

#[cfg(not(target_os = "linux"))]
pub use elsewhere::LoopReader;
#[cfg(target_os = "linux")]
pub use linux::LoopReader;

#[cfg(target_os = "linux")]
pub(super) use linux::Listening;

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashMap;
    use std::io;
    use std::os::fd::{AsRawFd, RawFd};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

    use crate::host::epoll::{Epoll, Interest};
    use crate::host::socket::Socket;
    use crate::host::supervisor::child::{ChildProcess, End};

    /// What one event loop reads. Its descriptor is readable when a child has said something.
    #[derive(Debug)]
    pub struct LoopReader {
        ready: Epoll,
        state: Mutex<State>,
    }

    #[derive(Debug, Default)]
    struct State {
        is_closed: bool,
        last_number: u64,
        children: HashMap<u64, Weak<ChildProcess>>,
    }

    /// One child is read by a loop, for as long as this is kept.
    #[derive(Debug)]
    pub(in crate::host::supervisor) struct Listening {
        reader: Arc<LoopReader>,
        number: u64,
        socket: Arc<Socket>,
    }

    impl LoopReader {
        /// Reads no child yet.
        ///
        /// # Errors
        /// When there are no descriptors left.
        pub fn new() -> io::Result<Self> {
            Ok(Self { ready: Epoll::new()?, state: Mutex::default() })
        }

        fn state(&self) -> MutexGuard<'_, State> {
            // Nothing that can panic runs half-way under this lock.
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Reads this child from now on. None: this reader is closed, or has no room.
        pub(in crate::host::supervisor) fn listen(
            self: &Arc<Self>,
            child: Weak<ChildProcess>,
            socket: &Arc<Socket>,
        ) -> Option<Listening> {
            let mut state = self.state();
            if state.is_closed {
                return None;
            }
            let number = state.last_number + 1;
            self.ready.add(socket.as_raw_fd(), number, Interest::Readable).ok()?;
            state.last_number = number;
            state.children.insert(number, child);
            Some(Listening { reader: Arc::clone(self), number, socket: Arc::clone(socket) })
        }

        /// Reads what children have said, as far as it has come. For the thread of the loop, when the descriptor is
        /// readable.
        pub fn read(&self) {
            for number in self.ready.now().numbers() {
                let child = self.state().children.get(&number).and_then(Weak::upgrade);
                // One that has just been let go of is gone from the set, too.
                let Some(child) = child else { continue };
                // It panics only by a defect. The loop is not to end by that, nor other children.
                if catch_unwind(AssertUnwindSafe(|| child.read_in_loop())).is_err() {
                    child.end_with(End::Told("a defect in codecell ended it".to_owned()));
                }
            }
        }

        /// Reads no child any more, and leaves those that it has read to `codecell-host`.
        pub fn close(&self) {
            let children = {
                let mut state = self.state();
                state.is_closed = true;
                std::mem::take(&mut state.children)
            };
            for child in children.into_values().filter_map(|child| child.upgrade()) {
                child.leave_loop(self);
            }
        }
    }

    impl AsRawFd for LoopReader {
        fn as_raw_fd(&self) -> RawFd {
            self.ready.as_raw_fd()
        }
    }

    impl Listening {
        /// Whether it is this one that reads.
        pub(in crate::host::supervisor) fn is_at(&self, reader: &LoopReader) -> bool {
            std::ptr::eq(&raw const *self.reader, reader)
        }
    }

    impl Drop for Listening {
        fn drop(&mut self) {
            // The socket is open, because it is kept here.
            let _ = self.reader.ready.remove(self.socket.as_raw_fd());
            self.reader.state().children.remove(&self.number);
        }
    }
}

/// No loop reads anything.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    /// There is none.
    #[derive(Debug)]
    pub enum LoopReader {}
}

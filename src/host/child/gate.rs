//! Tells the reading thread that something has arrived, unless the gate is closed: then it sleeps on, whatever arrives, and
//! whoever has closed the gate waits instead.
//!
//! All descriptors are opened before the sandbox forbids to open any. `poll` does not work in it: it counts what it is
//! given against the limit of open descriptors, which is none.

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::Gate;
#[cfg(target_os = "linux")]
pub(super) use linux::Gate;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::available_parallelism;
    use std::time::{Duration, Instant};

    use crate::host::epoll::{Epoll, Interest, Ready, owned};

    /// The gate, of the socket that it was made for.
    pub(in crate::host::child) struct Gate {
        socket: RawFd,
        /// Waits for the socket, and only while the gate is open.
        open: Epoll,
        /// Waits for the socket and for a recall.
        closed: Epoll,
        /// A counter that is not zero once the thread at the closed gate is recalled.
        recalled: OwnedFd,
        /// Whether there is another processor, that can do what is waited for.
        may_look: bool,
        /// Whether the last wait at the closed gate was a short one.
        was_short: AtomicBool,
    }

    /// How long the thread at the closed gate looks again and again before it sleeps, if the last wait was short. To put
    /// a processor to sleep and to wake it takes as long as what a tool does that answers at once.
    const LOOK_TIME: Duration = Duration::from_micros(100);
    /// A wait that is short, although the thread may have slept.
    const SHORT: Duration = Duration::from_micros(200);

    /// What an event is of.
    const SOCKET: u64 = 0;
    const RECALL: u64 = 1;

    impl Gate {
        pub(in crate::host::child) const CAN_CLOSE: bool = true;

        /// An open gate. The socket must outlive it.
        pub(in crate::host::child) fn new(socket: &UnixStream) -> io::Result<Self> {
            let socket = socket.as_raw_fd();
            // SAFETY: it returns a new descriptor or -1.
            let recalled = unsafe { owned(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK)) }?;
            let (open, closed) = (Epoll::new()?, Epoll::new()?);
            open.add(socket, SOCKET, Interest::Readable)?;
            closed.add(socket, SOCKET, Interest::Readable)?;
            closed.add(recalled.as_raw_fd(), RECALL, Interest::Readable)?;
            let may_look = available_parallelism().is_ok_and(|processors| processors.get() > 1);
            let was_short = AtomicBool::new(false);
            Ok(Self { socket, open, closed, recalled, may_look, was_short })
        }

        /// From now on nobody is told. It can't fail: the socket is registered.
        pub(in crate::host::child) fn close(&self) {
            let _ = self.open.modify(self.socket, SOCKET, Interest::None);
        }

        /// From now on the reading thread is told, also of what has arrived before.
        pub(in crate::host::child) fn open(&self) {
            let _ = self.open.modify(self.socket, SOCKET, Interest::Readable);
        }

        /// Waits until the gate is open and something is there to read.
        pub(in crate::host::child) fn wait(&self) {
            self.open.wait(None);
        }

        /// Waits until something is there to read, until it is recalled, or until `due`. Says whether something is there.
        pub(in crate::host::child) fn wait_closed(&self, due: Option<Instant>) -> bool {
            let (mut has_arrived, mut is_recalled) = (false, false);
            for number in self.wait_for_any(due).numbers() {
                has_arrived |= number == SOCKET;
                is_recalled |= number == RECALL;
            }
            if is_recalled {
                let mut count = 0_u64;
                // SAFETY: a counter is eight bytes, and it does not block.
                unsafe { libc::read(self.recalled.as_raw_fd(), (&raw mut count).cast(), size_of::<u64>()) };
            }
            has_arrived
        }

        fn wait_for_any(&self, due: Option<Instant>) -> Ready {
            let began = Instant::now();
            let looks = self.may_look && self.was_short.load(Ordering::Relaxed);
            let ready = loop {
                if !looks || began.elapsed() >= LOOK_TIME {
                    break self.closed.wait(due);
                }
                let ready = self.closed.now();
                if !ready.is_empty() {
                    break ready;
                }
            };
            self.was_short.store(began.elapsed() < SHORT, Ordering::Relaxed);
            ready
        }

        /// Ends the wait at the closed gate, or the next one.
        pub(in crate::host::child) fn recall(&self) {
            let one = 1_u64;
            // SAFETY: it reads eight bytes, and does not block. A counter that is full is not zero either.
            unsafe { libc::write(self.recalled.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
        }
    }
}

/// A gate that is always open: the reading thread reads everything, and nobody waits at a closed one.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    pub(in crate::host::child) struct Gate(UnixStream);

    impl Gate {
        pub(in crate::host::child) const CAN_CLOSE: bool = false;

        pub(in crate::host::child) fn new(socket: &UnixStream) -> io::Result<Self> {
            socket.try_clone().map(Self)
        }

        pub(in crate::host::child) fn close(&self) {}

        pub(in crate::host::child) fn open(&self) {}

        pub(in crate::host::child) fn wait(&self) {
            let mut polled = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: there is one, as it is told.
            unsafe { libc::poll(&raw mut polled, 1, -1) };
        }

        pub(in crate::host::child) fn wait_closed(&self, _due: Option<Instant>) -> bool {
            true
        }

        pub(in crate::host::child) fn recall(&self) {}
    }
}

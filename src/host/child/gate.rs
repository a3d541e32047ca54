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
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    /// The gate, of the socket that it was made for.
    pub(in crate::host::child) struct Gate {
        socket: RawFd,
        /// Waits for the socket, and only while the gate is open.
        open: Epoll,
        /// Waits for the socket and for a recall.
        closed: Epoll,
        /// A counter that is not zero once the thread at the closed gate is recalled.
        recalled: OwnedFd,
    }

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
            open.control(libc::EPOLL_CTL_ADD, socket, libc::EPOLLIN, SOCKET)?;
            closed.control(libc::EPOLL_CTL_ADD, socket, libc::EPOLLIN, SOCKET)?;
            closed.control(libc::EPOLL_CTL_ADD, recalled.as_raw_fd(), libc::EPOLLIN, RECALL)?;
            Ok(Self { socket, open, closed, recalled })
        }

        /// From now on nobody is told. It can't fail: the socket is registered.
        pub(in crate::host::child) fn close(&self) {
            let _ = self.open.control(libc::EPOLL_CTL_MOD, self.socket, 0, SOCKET);
        }

        /// From now on the reading thread is told, also of what has arrived before.
        pub(in crate::host::child) fn open(&self) {
            let _ = self.open.control(libc::EPOLL_CTL_MOD, self.socket, libc::EPOLLIN, SOCKET);
        }

        /// Waits until the gate is open and something is there to read.
        pub(in crate::host::child) fn wait(&self) {
            self.open.wait(None);
        }

        /// Waits until something is there to read, until it is recalled, or until `due`. Says whether something is there.
        pub(in crate::host::child) fn wait_closed(&self, due: Option<Instant>) -> bool {
            let [has_arrived, is_recalled] = self.closed.wait(due);
            if is_recalled {
                let mut count = 0_u64;
                // SAFETY: a counter is eight bytes, and it does not block.
                unsafe { libc::read(self.recalled.as_raw_fd(), (&raw mut count).cast(), size_of::<u64>()) };
            }
            has_arrived
        }

        /// Ends the wait at the closed gate, or the next one.
        pub(in crate::host::child) fn recall(&self) {
            let one = 1_u64;
            // SAFETY: it reads eight bytes, and does not block. A counter that is full is not zero either.
            unsafe { libc::write(self.recalled.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
        }
    }

    struct Epoll(OwnedFd);

    impl Epoll {
        fn new() -> io::Result<Self> {
            // SAFETY: it returns a new descriptor or -1.
            unsafe { owned(libc::epoll_create1(libc::EPOLL_CLOEXEC)) }.map(Self)
        }

        fn control(
            &self,
            operation: libc::c_int,
            descriptor: RawFd,
            events: libc::c_int,
            what: u64,
        ) -> io::Result<()> {
            let mut event = libc::epoll_event { events: events.cast_unsigned(), u64: what };
            // SAFETY: the event lives until the call returns. A wrong descriptor would give an error.
            let status =
                unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, descriptor, &raw mut event) };
            if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
        }

        /// Waits for an event, or until `due`, rounded up to milliseconds. Says which events there are.
        fn wait(&self, due: Option<Instant>) -> [bool; 2] {
            const NEARLY_ONE: Duration = Duration::from_micros(999);
            let milliseconds = due.map_or(-1, |due| {
                let left = due.saturating_duration_since(Instant::now()) + NEARLY_ONE;
                left.as_millis().try_into().unwrap_or(libc::c_int::MAX)
            });
            let mut events = [libc::epoll_event { events: 0, u64: 0 }; 2];
            // SAFETY: there is room for two events, as it is told.
            let count = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), 2, milliseconds) };
            let events = &events[..usize::try_from(count).unwrap_or(0)];
            [SOCKET, RECALL].map(|what| events.iter().any(|event| event.u64 == what))
        }
    }

    /// # Safety
    /// The descriptor must be new, or -1 after an error.
    unsafe fn owned(descriptor: RawFd) -> io::Result<OwnedFd> {
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: nobody else has it, as the caller says.
        Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
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

//! Waiting for descriptors by epoll, of which each is known by a number of the caller's.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// What is told of a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    /// That there is something to read, or that the other end is gone.
    Readable,
    /// Nothing but failures.
    None,
}

impl Interest {
    fn events(self) -> u32 {
        match self {
            Self::Readable => libc::EPOLLIN.cast_unsigned(),
            Self::None => 0,
        }
    }
}

/// Descriptors that one call tells of, at the most.
const AT_ONCE: u8 = 16;

/// Some of the descriptors of which something is to be told.
pub(super) struct Ready {
    events: [libc::epoll_event; AT_ONCE as usize],
    count: usize,
}

/// A set of descriptors.
#[derive(Debug)]
pub(super) struct Epoll(OwnedFd);

impl Epoll {
    /// An empty one.
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: it returns a new descriptor or -1.
        unsafe { owned(libc::epoll_create1(libc::EPOLL_CLOEXEC)) }.map(Self)
    }

    /// Watches a descriptor. It must be removed, or closed with all its copies.
    pub(super) fn add(&self, descriptor: RawFd, number: u64, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, descriptor, number, interest)
    }

    /// Says anew what is to be told of a descriptor.
    pub(super) fn modify(&self, descriptor: RawFd, number: u64, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, descriptor, number, interest)
    }

    /// Watches a descriptor no more.
    pub(super) fn remove(&self, descriptor: RawFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, descriptor, 0, Interest::None)
    }

    fn control(
        &self,
        operation: libc::c_int,
        descriptor: RawFd,
        number: u64,
        interest: Interest,
    ) -> io::Result<()> {
        let mut event = libc::epoll_event { events: interest.events(), u64: number };
        // SAFETY: the event lives until the call returns. A wrong descriptor would give an error.
        let status = unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, descriptor, &raw mut event) };
        if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Waits until something is to be told, or until `due`, rounded up to milliseconds; with none, for ever.
    pub(super) fn wait(&self, due: Option<Instant>) -> Ready {
        const NEARLY_ONE: Duration = Duration::from_micros(999);
        let milliseconds = due.map_or(-1, |due| {
            let left = due.saturating_duration_since(Instant::now()) + NEARLY_ONE;
            left.as_millis().try_into().unwrap_or(libc::c_int::MAX)
        });
        self.wait_for(milliseconds)
    }

    /// What is to be told now.
    pub(super) fn now(&self) -> Ready {
        self.wait_for(0)
    }

    fn wait_for(&self, milliseconds: libc::c_int) -> Ready {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; AT_ONCE as usize];
        // SAFETY: there is room for as many events as it is told.
        let count = unsafe {
            libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), AT_ONCE.into(), milliseconds)
        };
        Ready { events, count: usize::try_from(count).unwrap_or(0) }
    }
}

impl Ready {
    /// Whether nothing is to be told.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The numbers of the descriptors.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.events.iter().take(self.count).map(|event| event.u64)
    }
}

impl AsRawFd for Epoll {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Takes a descriptor that a system call has made.
///
/// # Safety
/// It must be new, or -1 after an error.
pub(super) unsafe fn owned(descriptor: RawFd) -> io::Result<OwnedFd> {
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: nobody else has it, as the caller says.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

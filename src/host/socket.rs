//! One end of the socket between a supervisor and a child.
//!
//! Whoever reads it waits for that alone. A socket that is also registered for writing wakes its thread each time the
//! other end reads, which is with every message; that room to write is waited for only when there is none.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

/// A socket. Anybody may write; who reads it, is settled elsewhere.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Arc<UnixStream>,
    /// The same socket under another descriptor, because an event loop takes each descriptor once.
    pub(super) writer: Writer,
}

/// The end of a socket that is written to.
#[derive(Debug)]
pub(super) struct Writer(UnixStream);

/// What came of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    /// So many bytes, and there may be more.
    Some(usize),
    /// So many bytes, and no more for now.
    Last(usize),
    /// The other end is closed.
    Closed,
}

/// A socket of which an event loop of tokio's is told when there is something to read, or the other end is closed.
#[derive(Debug)]
pub(super) struct Watched(AsyncFd<Arc<UnixStream>>);

impl Socket {
    /// Takes one end.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        Ok(Self { writer: Writer::new(&stream)?, stream: Arc::new(stream) })
    }

    /// Has the event loop of this context watch it. One at a time.
    pub(super) fn watch(&self) -> io::Result<Watched> {
        let stream = Arc::clone(&self.stream);
        // SAFETY: the socket is owned by what is registered, and its descriptor never changes.
        unsafe { AsyncFd::register_with_interest(stream, Interest::READABLE) }
            .map(Watched)
            .map_err(Into::into)
    }

    /// Reads what is there, without waiting: nothing, perhaps.
    pub(super) fn read(&self, space: &mut [u8]) -> Received {
        match (&*self.stream).read(space) {
            Ok(0) => Received::Closed,
            Ok(bytes) if bytes < space.len() => Received::Last(bytes),
            Ok(bytes) => Received::Some(bytes),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Received::Last(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => Received::Some(0),
            // Nothing more can come of it.
            Err(_) => Received::Closed,
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }
}

impl Watched {
    /// Waits until there is something to read. Whoever has read everything since then clears it.
    pub(super) async fn readable(&self) -> io::Result<AsyncFdReadyGuard<'_, Arc<UnixStream>>> {
        self.0.readable().await
    }
}

impl Writer {
    /// Takes one end. Reading it may block no more.
    pub(super) fn new(stream: &UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.try_clone().map(Self)
    }

    /// Writes as much as there is room for, without waiting.
    pub(super) fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.0).write_vectored(parts)
    }

    /// Waits until there is room to write.
    pub(super) async fn writable(&self) -> io::Result<()> {
        // SAFETY: the descriptor is borrowed from the socket for as long as it is registered.
        let writer = unsafe { AsyncFd::register_with_interest(self.0.as_fd(), Interest::WRITABLE) }?;
        writer.writable().await.map(drop)
    }
}

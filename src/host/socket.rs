//! One end of the socket between a supervisor and a child.
//!
//! It is registered for reading alone. A socket that is also registered for writing wakes its thread each time the other
//! end reads, which is with every message; that room to write is waited for only when there is none.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A socket. Whoever reads it belongs to one event loop; anybody may write.
#[derive(Debug)]
pub(super) struct Socket {
    reader: AsyncFd<UnixStream>,
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

impl Socket {
    /// Takes one end, in the context of the event loop that reads it.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        let writer = Writer::new(&stream)?;
        // SAFETY: the socket is owned by what is registered, and its descriptor never changes.
        let reader = unsafe { AsyncFd::register_with_interest(stream, Interest::READABLE) }?;
        Ok(Self { reader, writer })
    }

    /// Waits until there is something to read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.reader.readable().await.map(drop)
    }

    /// Reads what is there, without waiting: nothing, perhaps.
    pub(super) async fn read(&self, space: &mut [u8]) -> io::Result<Received> {
        let mut ready = self.reader.readable().await?;
        match ready.get_inner().read(space) {
            Ok(0) => Ok(Received::Closed),
            Ok(bytes) if bytes < space.len() => {
                // All that was there; what has come since is told anew.
                ready.clear_ready();
                Ok(Received::Last(bytes))
            }
            Ok(bytes) => Ok(Received::Some(bytes)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                ready.clear_ready();
                Ok(Received::Last(0))
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Received::Some(0)),
            Err(error) => Err(error),
        }
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

//! A child process: the thread engine behind a socket, in a sandbox, without Node.
//!
//! One thread reads, writes and passes on; V8 runs on the threads of the engine. The child trusts its parent, which
//! does not trust it.

mod cells;
mod entry;
mod event;
mod stored;
mod tools;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::frame::{Frame, FrameError, FrameReader};
use super::message::{FromChild, Mechanism, PROTOCOL, ToChild};
use super::outbox::{Flushed, Outbox};
use super::socket::{Received, Socket};
use cells::Cells;

/// The longest tail that a parent sends: V8 has no longer string.
const MOST_TAIL_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Reads before other tasks have their turn.
const READS_AT_ONCE: usize = 16;
/// How often a child with cells tells what they have used, while they use something.
const USAGE_INTERVAL: Duration = Duration::from_millis(100);
/// How long the news that a script has started waits for company.
const LONGEST_WAIT: Duration = Duration::from_millis(1);
/// How often it says that it is well, at least. The supervisor waits several times as long.
const ALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// The way to the parent.
struct Parent {
    socket: Socket,
    outbox: Mutex<Outbox>,
    /// Told when the socket is full.
    blocked: Notify,
    /// Told when something waits that need not be written at once.
    waiting: Notify,
    /// Told when the parent is gone.
    gone: Notify,
}

impl Parent {
    fn new(socket: Socket) -> Self {
        Self {
            socket,
            outbox: Mutex::default(),
            blocked: Notify::new(),
            waiting: Notify::new(),
            gone: Notify::new(),
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        // Nothing that can panic runs under this lock.
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message. It leaves with the next [`Parent::flush`].
    fn push(&self, message: &FromChild, tail: Vec<u8>) {
        match Frame::new(message, tail) {
            Ok(frame) => self.outbox().push(frame),
            // Heads have bounded parts. If one is too long all the same, the cell can't be answered for.
            Err(_) => self.gone.notify_one(),
        }
    }

    fn flush(&self) {
        match self.outbox().flush(&self.socket) {
            Ok(Flushed::All) => {}
            Ok(Flushed::Blocked) => self.blocked.notify_one(),
            Err(_) => self.gone.notify_one(),
        }
    }

    /// Leaves what is queued to the next flush, which comes soon.
    fn flush_soon(&self) {
        self.waiting.notify_one();
    }

    /// Writes what nobody else has written in the meantime.
    async fn write_waiting(&self) {
        loop {
            self.waiting.notified().await;
            sleep(LONGEST_WAIT).await;
            self.flush();
        }
    }

    /// Writes what the socket did not take at once.
    async fn write_backlog(&self) {
        loop {
            self.blocked.notified().await;
            while !self.outbox().is_empty() {
                if self.socket.writable().await.is_err() {
                    return self.gone.notify_one();
                }
                if self.outbox().flush(&self.socket).is_err() {
                    return self.gone.notify_one();
                }
            }
        }
    }
}

/// Serves the parent until it is gone.
async fn serve(socket: Socket, missing: Vec<Mechanism>) {
    let parent = Arc::new(Parent::new(socket));
    let cells = Cells::new(Arc::clone(&parent), missing.is_empty());
    parent.push(&FromChild::Ready { protocol: PROTOCOL, missing }, Vec::new());
    parent.flush();
    tokio::select! {
        () = parent.gone.notified() => {}
        () = parent.write_backlog() => {}
        () = parent.write_waiting() => {}
        () = tell_usage(&cells) => {}
        _error = read(&parent, &cells) => {}
    }
}

/// Why reading from the parent has ended. Either way the child ends.
enum ReadEnd {
    Socket,
    Frame,
}

impl From<FrameError> for ReadEnd {
    fn from(_: FrameError) -> Self {
        Self::Frame
    }
}

async fn read(parent: &Parent, cells: &Cells) -> ReadEnd {
    let mut reader = FrameReader::<ToChild>::default();
    loop {
        for _ in 0..READS_AT_ONCE {
            match parent.socket.read(reader.space()).await {
                Ok(Received::Some(bytes) | Received::Last(bytes)) => reader.advance(bytes),
                Ok(Received::Closed) | Err(_) => return ReadEnd::Socket,
            }
            loop {
                match reader.next(admit) {
                    Ok(Some((message, tail))) => cells.obey(message, tail),
                    Ok(None) => break,
                    Err(end) => return end,
                }
            }
        }
        parent.flush();
        tokio::task::yield_now().await;
    }
}

fn admit(_message: &ToChild, tail_bytes: u64) -> Result<(), ReadEnd> {
    if tail_bytes > MOST_TAIL_BYTES { Err(ReadEnd::Frame) } else { Ok(()) }
}

/// Tells what cells have used, as long as there are any, and that the child is well.
async fn tell_usage(cells: &Cells) {
    loop {
        cells.started.notified().await;
        let mut interval = USAGE_INTERVAL;
        while !cells.is_empty() {
            sleep(interval).await;
            // Cells that only wait need no clock.
            interval = if cells.tell_usage() { USAGE_INTERVAL } else { (interval * 2).min(ALIVE_INTERVAL) };
        }
    }
}

/// Takes the socket from descriptor 0, which is what the parent has made it.
fn socket() -> io::Result<Socket> {
    Socket::new(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

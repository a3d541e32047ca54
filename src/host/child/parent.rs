//! What a child has to say to its parent.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::host::frame::Frame;
use crate::host::message::FromChild;
use crate::host::outbox::{Flushed, Outbox};
use crate::host::socket::Writer;

/// How long the news that a script has started waits for company.
const LONGEST_WAIT: Duration = Duration::from_millis(1);

/// The way to the parent.
pub(super) struct Parent {
    writer: Writer,
    outbox: Mutex<Outbox>,
    /// Told when the socket is full.
    blocked: Notify,
    /// Told when something waits that need not be written at once.
    waiting: Notify,
    /// Told when the parent is gone.
    pub(super) gone: Notify,
}

impl Parent {
    pub(super) fn new(writer: Writer) -> Self {
        Self {
            writer,
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
    pub(super) fn push(&self, message: &FromChild, tail: Vec<u8>) {
        match Frame::new(message, tail) {
            Ok(frame) => self.outbox().push(frame),
            // Heads have bounded parts. If one is too long all the same, the cell can't be answered for.
            Err(_) => self.gone.notify_one(),
        }
    }

    pub(super) fn flush(&self) {
        match self.outbox().flush(&self.writer) {
            Ok(Flushed::All) => {}
            Ok(Flushed::Blocked) => self.blocked.notify_one(),
            Err(_) => self.gone.notify_one(),
        }
    }

    /// Leaves what is queued to the next flush, which comes soon.
    pub(super) fn flush_soon(&self) {
        self.waiting.notify_one();
    }

    /// Writes what nobody else has written in the meantime.
    pub(super) async fn write_waiting(&self) {
        loop {
            self.waiting.notified().await;
            sleep(LONGEST_WAIT).await;
            self.flush();
        }
    }

    /// Writes what the socket did not take at once.
    pub(super) async fn write_backlog(&self) {
        loop {
            self.blocked.notified().await;
            while !self.outbox().is_empty() {
                if self.writer.writable().await.is_err() {
                    return self.gone.notify_one();
                }
                if self.outbox().flush(&self.writer).is_err() {
                    return self.gone.notify_one();
                }
            }
        }
    }
}

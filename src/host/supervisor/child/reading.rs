//! Reading what a child says. Whoever reads, one thread does at a time, and what it reads takes effect before another
//! one reads on.

use std::sync::PoisonError;
#[cfg(target_os = "linux")]
use std::sync::TryLockError;
use std::time::Instant;

use super::super::ledger::Violation;
use super::ChildProcess;
use crate::host::frame::FrameReader;
use crate::host::message::{FromChild, Mechanism};
use crate::host::socket::{Received, Socket};

/// Why a child goes.
#[derive(Debug)]
pub(in crate::host::supervisor) enum End {
    /// It closed the socket; its exit status says more.
    Closed,
    /// The supervisor is done with it.
    Told(String),
    /// It is not to be trusted any more.
    Violation(Violation),
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// What came of reading once.
#[derive(Debug, Default)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))] // What a loop has read is counted.
pub(in crate::host::supervisor) struct Arrived {
    pub(super) bytes: usize,
    pub(super) messages: usize,
    /// What a message lacks of which a part has come.
    pub(super) missing_bytes: usize,
    /// More may be there already.
    pub(in crate::host::supervisor) may_be_more: bool,
    /// What the sandbox lacks, if the child has become ready with this.
    pub(in crate::host::supervisor) greeting: Option<Vec<Mechanism>>,
}

impl ChildProcess {
    /// Reads once, without waiting, and does what follows from it. What ends the child is found at
    /// [`ChildProcess::take_end`] then.
    pub(in crate::host::supervisor) fn read(&self, socket: &Socket) -> Arrived {
        // After a panic under this lock, the child was ended.
        self.read_locked(&mut self.incoming.lock().unwrap_or_else(PoisonError::into_inner), socket)
    }

    /// The same, unless somebody reads at this moment.
    #[cfg(target_os = "linux")] // Where others may read.
    pub(super) fn try_read(&self, socket: &Socket) -> Option<Arrived> {
        let mut incoming = match self.incoming.try_lock() {
            Ok(incoming) => incoming,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(self.read_locked(&mut incoming, socket))
    }

    fn read_locked(&self, incoming: &mut FrameReader<FromChild>, socket: &Socket) -> Arrived {
        let mut arrived = Arrived::default();
        let is_over = self.state().is_over;
        if !is_over && let Err(end) = self.read_into(incoming, socket, &mut arrived) {
            // Under the lock, so that nobody reads on and finds another reason.
            self.end_with(end);
        }
        arrived
    }

    fn read_into(
        &self,
        reader: &mut FrameReader<FromChild>,
        socket: &Socket,
        arrived: &mut Arrived,
    ) -> Result<(), End> {
        let received = socket.read(reader.space());
        arrived.may_be_more = matches!(received, Received::Some(_));
        match received {
            Received::Some(bytes) | Received::Last(bytes) => {
                reader.advance(bytes);
                arrived.bytes = bytes;
            }
            Received::Closed => return Err(End::Closed),
        }
        if arrived.bytes > 0 {
            // A part of a long message is a sign of life, too.
            self.state().heard_at = Instant::now();
        }
        while let Some((message, tail)) = reader.next(|message, tail| self.admit(message, tail))? {
            arrived.messages += 1;
            arrived.greeting = self.receive(message, tail)?.or(arrived.greeting.take());
        }
        arrived.missing_bytes = reader.missing_bytes();
        Ok(())
    }

    /// Waits until nobody acts on what the child has said, and reads nothing any more.
    pub(super) fn stop_reading(&self) {
        let _incoming = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        self.state().is_over = true;
    }

    /// Has the task that serves the child end it. The first reason counts.
    pub(in crate::host::supervisor) fn end_with(&self, end: End) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        state.is_over = true;
        // There is always something to read at a closed socket.
        state.in_loop.leave();
        drop(state);
        self.wake.notify_one();
    }

    /// Why it is to be ended, if whoever has read has found that it must be.
    pub(in crate::host::supervisor) fn take_end(&self) -> Option<End> {
        self.state().end.take()
    }
}

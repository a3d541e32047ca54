//! Where the messages of the parent arrive, and whose thread reads them.
//!
//! Most messages are for a script that waits for one. So the thread of a script that waits reads for all: it comes upon
//! its message itself, and nobody must wake up to wake it. While no script waits, a thread of its own reads. One of them
//! reads at a time.

use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use super::cells::Cells;
use super::gate::Gate;
use super::parent::Parent;
use crate::engine::{Lookout, LookoutPost};
use crate::host::frame::{FrameError, FrameReader};
use crate::host::message::ToChild;

/// The longest tail that a parent sends: V8 has no longer string.
const MOST_TAIL_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// One end of the socket, to be read from.
pub(super) struct Inlet {
    stream: UnixStream,
    gate: Gate,
    reader: Mutex<FrameReader<ToChild>>,
    parent: Arc<Parent>,
    pub(super) cells: Cells,
    /// Nothing will arrive any more.
    is_over: AtomicBool,
}

/// What came of reading once.
enum Arrived {
    /// Some bytes, and there may be more.
    Some,
    /// All that was there.
    All,
    /// The parent is gone, or has sent what is no message. The child ends.
    End,
}

impl From<FrameError> for Arrived {
    fn from(_: FrameError) -> Self {
        Self::End
    }
}

impl Inlet {
    /// The end of the socket, which does not block, and the gate that belongs to it.
    pub(super) fn new(stream: UnixStream, gate: Gate, parent: Arc<Parent>, cells: Cells) -> Self {
        Self { stream, gate, reader: Mutex::default(), parent, cells, is_over: AtomicBool::new(false) }
    }

    /// Reads while no script waits, until the parent is gone. Without this the child is deaf, and ends.
    pub(super) fn read(&self) {
        let _end = Deafness(self);
        while !self.is_over.load(Ordering::Acquire) {
            self.gate.wait();
            // Whoever else has it is about to leave it, or waits there: then this thread is not needed before.
            let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            while matches!(self.read_once(&mut reader), Arrived::Some) {}
        }
    }

    fn read_once(&self, reader: &mut FrameReader<ToChild>) -> Arrived {
        let arrived = self.try_read(reader).unwrap_or_else(|end| end);
        if matches!(arrived, Arrived::End) {
            self.end();
        }
        arrived
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.parent.gone.notify_one();
    }

    fn try_read(&self, reader: &mut FrameReader<ToChild>) -> Result<Arrived, Arrived> {
        let space = reader.space();
        let room = space.len();
        let bytes = match (&self.stream).read(space) {
            Ok(0) => return Err(Arrived::End),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Arrived::All),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Arrived::Some),
            Err(_) => return Err(Arrived::End),
        };
        reader.advance(bytes);
        while let Some((message, tail)) = reader.next(admit)? {
            self.cells.obey(message, tail);
        }
        Ok(if bytes < room { Arrived::All } else { Arrived::Some })
    }
}

fn admit(_message: &ToChild, tail_bytes: u64) -> Result<(), Arrived> {
    if tail_bytes > MOST_TAIL_BYTES { Err(Arrived::End) } else { Ok(()) }
}

/// Ends the child when its reader ends, also by a panic.
struct Deafness<'inlet>(&'inlet Inlet);

impl Drop for Deafness<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Lookout for Inlet {
    fn take(&self) -> Option<Box<dyn LookoutPost + '_>> {
        if !Gate::CAN_CLOSE || self.is_over.load(Ordering::Acquire) {
            return None;
        }
        let reader = match self.reader.try_lock() {
            Ok(reader) => reader,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        self.gate.close();
        Some(Box::new(Post { inlet: self, reader }))
    }

    fn recall(&self) {
        self.gate.recall();
    }
}

/// The thread of a script that waits, and reads for all.
struct Post<'inlet> {
    inlet: &'inlet Inlet,
    reader: MutexGuard<'inlet, FrameReader<ToChild>>,
}

impl LookoutPost for Post<'_> {
    fn look(&mut self, due: Option<Instant>) {
        let has_arrived = self.inlet.gate.wait_closed(due);
        if has_arrived && !self.inlet.is_over.load(Ordering::Acquire) {
            self.inlet.read_once(&mut self.reader);
        }
    }
}

impl Drop for Post<'_> {
    fn drop(&mut self) {
        // Before the reader is let go, so that the next one who takes it closes the gate after this.
        self.inlet.gate.open();
    }
}

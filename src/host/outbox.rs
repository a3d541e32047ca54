//! Frames that wait for a socket to take them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};

use super::frame::Frame;
use super::socket::Writer;

/// Frames that one system call writes. They travel together.
const FRAMES_AT_ONCE: usize = 32;

/// A queue of frames, the first of which may be written in part.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    frames: VecDeque<Frame>,
    /// How much of the first one has been written.
    written: usize,
}

/// What became of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Everything is written.
    All,
    /// The socket is full.
    Blocked,
}

impl Outbox {
    /// Puts a frame at the end.
    pub(super) fn push(&mut self, frame: Frame) {
        self.frames.push_back(frame);
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.written = 0;
    }

    /// Writes as much as the socket takes, without waiting.
    pub(super) fn flush(&mut self, socket: &Writer) -> io::Result<Flushed> {
        while !self.frames.is_empty() {
            match socket.write(&self.slices()) {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Flushed::Blocked),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Flushed::All)
    }

    fn slices(&self) -> Vec<IoSlice<'_>> {
        let mut skip = self.written;
        let mut slices = Vec::with_capacity(2 * self.frames.len().min(FRAMES_AT_ONCE));
        for part in self.frames.iter().take(FRAMES_AT_ONCE).flat_map(Frame::parts) {
            let skipped = skip.min(part.len());
            skip -= skipped;
            if skipped < part.len() {
                slices.push(IoSlice::new(&part[skipped..]));
            }
        }
        slices
    }

    fn advance(&mut self, bytes: usize) {
        self.written += bytes;
        while let Some(first) = self.frames.front()
            && self.written >= first.bytes()
        {
            self.written -= first.bytes();
            self.frames.pop_front();
        }
    }
}

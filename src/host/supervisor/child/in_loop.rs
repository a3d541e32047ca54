//! Whether an event loop of the program reads what a child says, or `codecell-host`.

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::InLoop;
#[cfg(target_os = "linux")]
pub(super) use linux::InLoop;

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::{Arc, Weak};
    use std::time::{Duration, Instant};

    use super::super::duty::STOPPED;
    use super::super::reading::Arrived;
    use super::super::{ChildProcess, State};
    use crate::host::socket::Socket;
    use crate::host::supervisor::loop_reader::{Listening, LoopReader};

    /// Messages of one child that a loop reads within a [`WINDOW`], and those that come with the last of them. Four times
    /// what a script can say that calls one tool after the other.
    const MOST_MESSAGES: usize = 1_000;
    /// The same in bytes. Also what may be missing of a message.
    const MOST_BYTES: usize = 256 * 1024;
    const WINDOW: Duration = Duration::from_millis(10);
    /// For how long `codecell-host` reads in the place of a loop that has too much to do.
    const RELIEF: Duration = Duration::from_millis(50);
    /// A loop that has read within this time is not held up.
    const LATELY: Duration = Duration::from_millis(50);
    /// How often `codecell-host` looks whether the loop is held up.
    const LOOK: Duration = Duration::from_secs(1);
    /// The same while a cell is being stopped, which must not take long.
    const STOP_LOOK: Duration = Duration::from_millis(100);
    /// The same while the loop is held up, between one relief and the next.
    const HELD_UP_LOOK: Duration = Duration::from_millis(10);

    /// What is known of the loop.
    #[derive(Debug)]
    pub(in super::super) struct InLoop {
        /// The loop of the session that the child serves, if there is one that reads.
        reader: Option<Arc<LoopReader>>,
        /// Set while it reads.
        listening: Option<Listening>,
        /// Until when `codecell-host` reads in its place.
        relief_until: Option<Instant>,
        /// The last look has found something that the loop had not read.
        is_held_up: bool,
        last_look: Instant,
        last_read: Instant,
        window_ends: Instant,
        messages_in_window: usize,
        bytes_in_window: usize,
    }

    impl InLoop {
        pub(in super::super) fn new(now: Instant) -> Self {
            Self {
                reader: None,
                listening: None,
                relief_until: None,
                is_held_up: false,
                last_look: now,
                last_read: now,
                window_ends: now,
                messages_in_window: 0,
                bytes_in_window: 0,
            }
        }

        /// The child serves a session with this loop from now on.
        pub(in super::super) fn serve(&mut self, reader: Option<Arc<LoopReader>>) {
            self.reader = reader;
        }

        pub(in super::super) fn is_reading(&self) -> bool {
            self.listening.is_some()
        }

        /// The loop reads no more.
        pub(in super::super) fn leave(&mut self) {
            self.listening = None;
        }

        /// When `codecell-host` has to look again.
        pub(in super::super) fn next_look(&self, now: Instant, is_stopping: bool) -> Option<Instant> {
            let interval = match (self.is_held_up, is_stopping) {
                (true, _) => HELD_UP_LOOK,
                (false, true) => STOP_LOOK,
                (false, false) => LOOK,
            };
            let relief_ends = self.relief_until.filter(|time| now < *time);
            // Not in the past, which would seem to be late.
            if self.is_reading() { Some(now.max(self.last_look + interval)) } else { relief_ends }
        }

        /// Counts what the loop has read. What says more than is of use, or what takes long, is not for it.
        fn has_read(&mut self, arrived: &Arrived) {
            let now = Instant::now();
            self.last_read = now;
            self.is_held_up = false;
            if now >= self.window_ends {
                self.window_ends = now + WINDOW;
                self.messages_in_window = 0;
                self.bytes_in_window = 0;
            }
            self.messages_in_window += arrived.messages;
            self.bytes_in_window += arrived.bytes;
            if self.messages_in_window > MOST_MESSAGES
                || self.bytes_in_window > MOST_BYTES
                || arrived.missing_bytes > MOST_BYTES
            {
                self.relief_until = Some(now + RELIEF);
            }
        }
    }

    impl ChildProcess {
        /// Reads once, on the thread of the loop that does so.
        pub(in crate::host::supervisor) fn read_in_loop(&self) {
            let socket = {
                let state = self.state();
                let socket = state.socket.as_ref().filter(|_| state.in_loop.is_reading());
                let Some(socket) = socket.map(Arc::clone) else { return };
                socket
            };
            // A child has greeted before any loop reads it.
            let arrived = self.read(&socket);
            let mut state = self.state();
            state.in_loop.has_read(&arrived);
            self.choose_reader(&mut state);
        }

        /// Looks whether the loop is held up, if it is time to, or if the whole program was. Reads in its place then.
        pub(in crate::host::supervisor) fn look(&self, socket: &Socket, late: Duration) {
            let now = Instant::now();
            {
                let mut state = self.state();
                let is_stopping = state.is_stopping();
                let in_loop = &mut state.in_loop;
                let is_due = in_loop.next_look(now, is_stopping).is_some_and(|time| time <= now);
                if !in_loop.is_reading() || !(is_due || late > STOPPED) {
                    return;
                }
                in_loop.last_look = now;
                if in_loop.last_read + LATELY > now {
                    return;
                }
            }
            // If the loop reads at this moment, it is not held up.
            let is_held_up = self.try_read(socket).is_some_and(|arrived| arrived.bytes > 0);
            let mut state = self.state();
            state.in_loop.is_held_up = is_held_up;
            if is_held_up {
                state.in_loop.relief_until = Some(Instant::now() + RELIEF);
                self.choose_reader(&mut state);
            }
        }

        /// Whether a loop is to read.
        pub(in crate::host::supervisor) fn is_read_by_loop(&self) -> bool {
            let mut state = self.state();
            self.choose_reader(&mut state);
            state.in_loop.is_reading()
        }

        /// Has the loop of the session that it serves read what it says. Until it has greeted, without such a loop, and
        /// while that has too much to do, `codecell-host` reads.
        pub(in super::super) fn choose_reader(&self, state: &mut State) {
            let in_loop = &mut state.in_loop;
            in_loop.relief_until = in_loop.relief_until.filter(|time| Instant::now() < *time);
            let may_read = state.has_greeted && !state.is_over && in_loop.relief_until.is_none();
            let wanted = in_loop.reader.as_ref().filter(|_| may_read);
            let is_right = match (&in_loop.listening, wanted) {
                (Some(listening), Some(reader)) => listening.is_at(reader),
                (None, None) => true,
                _ => false,
            };
            if is_right {
                return;
            }
            let listening = match (wanted, &state.socket) {
                (Some(reader), Some(socket)) => reader.listen(Weak::clone(&self.itself), socket),
                _ => None,
            };
            if may_read && listening.is_none() {
                // One that can't is not asked again.
                in_loop.reader = None;
            }
            in_loop.listening = listening;
            self.wake.notify_one();
        }

        /// Leaves this loop, which reads no child any more.
        pub(in crate::host::supervisor) fn leave_loop(&self, reader: &LoopReader) {
            let mut state = self.state();
            if state.in_loop.listening.as_ref().is_some_and(|listening| listening.is_at(reader)) {
                state.in_loop.leave();
                drop(state);
                self.wake.notify_one();
            }
        }
    }
}

/// `codecell-host` reads everything.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::super::{ChildProcess, State};
    use crate::host::socket::Socket;
    use crate::host::supervisor::loop_reader::LoopReader;

    pub(in super::super) struct InLoop;

    #[allow(clippy::unused_self)] // As where there are loops.
    impl InLoop {
        pub(in super::super) fn new(_now: Instant) -> Self {
            Self
        }

        pub(in super::super) fn serve(&mut self, _reader: Option<Arc<LoopReader>>) {}

        pub(in super::super) fn leave(&mut self) {}

        pub(in super::super) fn next_look(&self, _now: Instant, _is_stopping: bool) -> Option<Instant> {
            None
        }
    }

    #[allow(clippy::unused_self)] // As where there are loops.
    impl ChildProcess {
        pub(in crate::host::supervisor) fn look(&self, _socket: &Socket, _late: Duration) {}

        pub(in crate::host::supervisor) fn is_read_by_loop(&self) -> bool {
            false
        }

        pub(in super::super) fn choose_reader(&self, _state: &mut State) {}
    }
}

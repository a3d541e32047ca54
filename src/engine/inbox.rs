//! The queue in which an engine thread finds what was sent to its cell, and where it sleeps in between.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

// The tests run the threads that meet here in every order that shuttle comes upon.
#[cfg(test)]
use shuttle::sync::{Condvar, Mutex, MutexGuard};
#[cfg(test)]
use shuttle::thread::{self, ThreadId};
#[cfg(not(test))]
use std::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(test))]
use std::thread::{self, ThreadId};

use super::inspector::InspectorCommand;
use super::message::{Command, Flow, Lookout, ToolCallId, ToolOutcome};

/// What debuggers may leave untaken before the cell waits for them.
pub(super) const MOST_UNTAKEN_BYTES: usize = 16 * 1024 * 1024;

struct State {
    settled: VecDeque<(ToolCallId, ToolOutcome)>,
    inspector: VecDeque<InspectorCommand>,
    /// Bytes that were sent to debuggers, and that they have not taken yet.
    untaken_bytes: usize,
    flow: Flow,
    /// Tells the commands that set the flow from each other.
    flow_number: u64,
    /// Set by a flow command that nobody has obeyed yet: a frozen script thaws, even if the flow stays the same.
    thawed: bool,
    stopped: bool,
    /// The thread of the cell, while it waits at the lookout.
    at_lookout: Option<ThreadId>,
}

/// The two ends share it.
pub(super) struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
    /// Where the thread waits, if it can.
    lookout: Option<Arc<dyn Lookout>>,
}

/// Why a wait ended.
#[derive(Debug)]
pub(super) enum Wake {
    /// These tool calls have ended.
    Settled(VecDeque<(ToolCallId, ToolOutcome)>),
    /// The time has come.
    Due,
    /// The flow was set: a script that was frozen goes on.
    Flow,
    /// A debugger has said something.
    Inspector,
    /// The stop flag was set.
    Stopped,
}

impl Inbox {
    /// An empty one.
    pub(super) fn new(flow: Flow, lookout: Option<Arc<dyn Lookout>>) -> Arc<Self> {
        let state = State {
            settled: VecDeque::new(),
            inspector: VecDeque::new(),
            untaken_bytes: 0,
            flow,
            flow_number: 0,
            thawed: false,
            stopped: false,
            at_lookout: None,
        };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new(), lookout })
    }

    /// Whether the thread may work for others while it waits.
    pub(super) fn lends_threads(&self) -> bool {
        self.lookout.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under this lock, so the state is whole even if it is poisoned.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a command in.
    pub(super) fn push(&self, command: Command) {
        let mut state = self.lock();
        match command {
            Command::ToolSettled { id, outcome } => state.settled.push_back((id, outcome)),
            Command::Flow(flow, number) => {
                state.flow = flow;
                state.flow_number = number;
                state.thawed = true;
            }
        }
        self.wake(state);
    }

    /// Puts in what is said to the inspector. Says whether the inspector has to hear of it.
    pub(super) fn push_inspector(&self, command: InspectorCommand) -> bool {
        let mut state = self.lock();
        let is_heard = if let InspectorCommand::Taken(bytes) = command {
            state.untaken_bytes = state.untaken_bytes.saturating_sub(bytes);
            false
        } else {
            state.inspector.push_back(command);
            true
        };
        self.wake(state);
        is_heard
    }

    /// What was said to the inspector next, without waiting.
    pub(super) fn take_inspector(&self) -> Option<InspectorCommand> {
        self.lock().inspector.pop_front()
    }

    /// Sleeps until something is said to the inspector. None: the cell is stopped.
    pub(super) fn wait_for_inspector(&self) -> Option<InspectorCommand> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(command) = state.inspector.pop_front() {
                return Some(command);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Counts what is about to be sent to a debugger, and sleeps first while too much was not taken. False: the cell is
    /// stopped, and nothing is to be sent.
    pub(super) fn reserve_for_debuggers(&self, bytes: usize) -> bool {
        let mut state = self.lock();
        while !state.stopped && state.untaken_bytes > MOST_UNTAKEN_BYTES {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.untaken_bytes += bytes;
        !state.stopped
    }

    /// Wakes the thread: the stop flag is set.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        self.wake(state);
    }

    fn wake(&self, state: MutexGuard<'_, State>) {
        let at_lookout = state.at_lookout;
        drop(state);
        match (at_lookout, &self.lookout) {
            // It has come upon this itself, and looks into the inbox next.
            (Some(thread), _) if thread == thread::current().id() => {}
            (Some(_), Some(lookout)) => lookout.recall(),
            _ => self.changed.notify_one(),
        }
    }

    /// Whether the script freezes when it has nothing to do, and the number of the command that said so. That command
    /// is obeyed with this, and thaws nothing any more.
    pub(super) fn obey_flow(&self) -> (Flow, u64) {
        let mut state = self.lock();
        state.thawed = false;
        (state.flow, state.flow_number)
    }

    /// What is there now, without waiting.
    pub(super) fn take_settled(&self) -> VecDeque<(ToolCallId, ToolOutcome)> {
        std::mem::take(&mut self.lock().settled)
    }

    /// Sleeps until there is something to do: a result, the time `due`, a stop, or another flow.
    pub(super) fn wait(&self, due: Option<Instant>) -> Wake {
        self.sleep(due, false)
    }

    /// Sleeps until the flow is set or the cell is stopped; results stay in the queue.
    pub(super) fn wait_frozen(&self) -> Wake {
        self.sleep(None, true)
    }

    fn sleep(&self, due: Option<Instant>, frozen: bool) -> Wake {
        let mut post = None;
        let mut state = self.lock();
        loop {
            if state.stopped {
                return Wake::Stopped;
            }
            if !state.inspector.is_empty() {
                return Wake::Inspector;
            }
            if state.thawed {
                return Wake::Flow;
            }
            if !frozen && !state.settled.is_empty() {
                return Wake::Settled(std::mem::take(&mut state.settled));
            }
            let left = due.map(|due| due.checked_duration_since(Instant::now()));
            if left == Some(None) {
                return Wake::Due;
            }
            post = post.or_else(|| self.lookout.as_ref()?.take());
            if let Some(post) = &mut post {
                state.at_lookout = Some(thread::current().id());
                drop(state);
                post.look(due);
                state = self.lock();
                state.at_lookout = None;
                continue;
            }
            state = match left.flatten() {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

//! The queue in which an engine thread finds what was sent to its cell, and where it sleeps in between.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::message::{Command, Flow, ToolCallId, ToolOutcome};

#[derive(Debug)]
struct State {
    settled: VecDeque<(ToolCallId, ToolOutcome)>,
    flow: Flow,
    /// Tells the commands that set the flow from each other.
    flow_number: u64,
    /// Set by a change of flow, so that a frozen script thaws even if the flow stays the same.
    thawed: bool,
    stopped: bool,
}

/// The two ends share it.
#[derive(Debug)]
pub(super) struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
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
    /// The stop flag was set.
    Stopped,
}

impl Inbox {
    /// An empty one.
    pub(super) fn new(flow: Flow) -> Arc<Self> {
        let state = State { settled: VecDeque::new(), flow, flow_number: 0, thawed: false, stopped: false };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() })
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
        drop(state);
        self.changed.notify_one();
    }

    /// Wakes the thread: the stop flag is set.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_one();
    }

    /// Whether the script freezes when it has nothing to do, and the number of the command that said so.
    pub(super) fn flow(&self) -> (Flow, u64) {
        let state = self.lock();
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
        let mut state = self.lock();
        loop {
            if state.stopped {
                return Wake::Stopped;
            }
            if state.thawed {
                state.thawed = false;
                return Wake::Flow;
            }
            if !frozen && !state.settled.is_empty() {
                return Wake::Settled(std::mem::take(&mut state.settled));
            }
            state = match due.map(|due| due.checked_duration_since(Instant::now())) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(None) => return Wake::Due,
                Some(Some(left)) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_wait_leaves_results_in_the_queue() {
        let inbox = Inbox::new(Flow::Step);
        let id = ToolCallId::FIRST;
        inbox.push(Command::ToolSettled { id, outcome: ToolOutcome::Undefined });
        inbox.push(Command::Flow(Flow::Step, 1));
        assert!(matches!(inbox.wait_frozen(), Wake::Flow));
        assert!(matches!(inbox.wait(None), Wake::Settled(settled) if settled.len() == 1));
    }

    #[test]
    fn a_stop_wins_over_everything_else() {
        let inbox = Inbox::new(Flow::Run);
        inbox.push(Command::ToolSettled { id: ToolCallId::FIRST, outcome: ToolOutcome::Undefined });
        inbox.push(Command::Flow(Flow::Run, 1));
        inbox.stop();
        assert!(matches!(inbox.wait(Some(Instant::now())), Wake::Stopped));
    }
}

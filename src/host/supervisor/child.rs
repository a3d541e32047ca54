//! One child process: what it was given, what it has said, and when it must go.
//!
//! Whoever starts a cell or commands it writes to the socket at once, without waiting; what the socket does not take is
//! written by the task that serves the child. Nobody waits for a child.

mod duty;
mod in_loop;
mod reading;
mod receiving;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::known::Known;
use super::pool::Order;
use super::record::CellRecord;
use crate::engine::{Command, PoolOptions, StopReason, ToolCallId, ToolOutcome, ToolSet};
use crate::host::frame::{Frame, FrameError, FrameReader};
use crate::host::message::{CellNumber, FromChild, OutcomeKind, SessionNumber, ToChild, ToolSetNumber};
use crate::host::outbox::{Flushed, Outbox};
use crate::host::socket::Socket;

/// How long a cell may take to stop. Its actor gives it up a little earlier.
const STOP_TIME: Duration = Duration::from_secs(2);
/// Heaps that share the four gigabytes of address space of one process, with what each may use beyond its limit.
const MOST_HEAP_BYTES: usize = 3 * 1024 * 1024 * 1024;

/// One child process.
pub(in crate::host) struct ChildProcess {
    /// Told when the task that serves the child has something to do.
    pub(super) wake: Notify,
    state: Mutex<State>,
    /// Held by whoever reads, also while what was read takes effect. To be taken before the state.
    incoming: Mutex<FrameReader<FromChild>>,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))] // For the loop that reads.
    itself: Weak<ChildProcess>,
}

struct State {
    stage: Stage,
    /// None before the process was started, and after its end.
    socket: Option<Arc<Socket>>,
    /// Whose cells it runs. Cells of two sessions are never in one child.
    owner: Option<SessionNumber>,
    cells: HashMap<CellNumber, CellRecord>,
    outbox: Outbox,
    known: Known,
    /// When it last said something, or began to have something to say.
    heard_at: Instant,
    /// Since when it has no cells.
    idle_since: Instant,
    /// By when it is killed, whatever its cells do.
    end_by: Option<Instant>,
    has_greeted: bool,
    in_loop: InLoop,
    /// Tool sets whose descriptions it asks for.
    wanted: Vec<(ToolSetNumber, Arc<ToolSet>)>,
    /// What whoever has read has found, until the task takes it.
    end: Option<End>,
    /// Nothing more is read: there was such an end, or its cells are lost.
    is_over: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Starting,
    Ready,
    /// Takes no cells any more, and goes when the last one has ended.
    Draining,
    /// To be killed, for this reason.
    Ending(String),
}

pub(super) use duty::Duty;
use in_loop::InLoop;
pub(super) use reading::{Arrived, End};

impl ChildProcess {
    /// A child that is about to be started.
    pub(super) fn new() -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            stage: Stage::Starting,
            socket: None,
            owner: None,
            cells: HashMap::new(),
            outbox: Outbox::default(),
            known: Known::default(),
            heard_at: now,
            idle_since: now,
            end_by: None,
            has_greeted: false,
            in_loop: InLoop::new(now),
            wanted: Vec::new(),
            end: None,
            is_over: false,
        };
        Arc::new_cyclic(|itself| Self {
            wake: Notify::new(),
            state: Mutex::new(state),
            incoming: Mutex::default(),
            itself: Weak::clone(itself),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic under this lock would be a defect; the child is of no use then, and its silence ends it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells it how many threads stand ready in it.
    pub(super) fn configure(&self, options: PoolOptions) {
        // The head of this message has a fixed size.
        if let Ok(frame) = Frame::new(&ToChild::Pool(options), Vec::new()) {
            let mut state = self.state();
            state.outbox.push(frame);
            self.flush(&mut state);
        }
    }

    /// Gives it the socket.
    pub(super) fn connect(&self, socket: Arc<Socket>) {
        self.state().socket = Some(socket);
    }

    /// Writes what waits, as far as the socket takes it. Says whether something is left. For the task alone.
    pub(super) fn flush_backlog(&self) -> bool {
        self.state().flush() == Flushed::Blocked
    }

    /// Writes what waits, and leaves to the task what the socket does not take.
    fn flush(&self, state: &mut State) {
        if state.flush() == Flushed::Blocked {
            self.wake.notify_one();
        }
    }

    /// Since when it runs nothing although it may be given something, and whether it is ready. None if it runs
    /// something, or goes.
    pub(super) fn idle(&self) -> Option<(bool, Instant)> {
        let state = self.state();
        let is_open = matches!(state.stage, Stage::Starting | Stage::Ready);
        (state.cells.is_empty() && is_open).then_some((state.stage == Stage::Ready, state.idle_since))
    }

    /// Whether it runs cells of this session.
    pub(super) fn serves(&self, session: SessionNumber) -> bool {
        self.state().owner == Some(session)
    }

    /// Starts a cell, if there is room for it. Gives the order back if not.
    pub(super) fn take(&self, order: Box<Order>) -> Result<(), Box<Order>> {
        let mut state = self.state();
        if !state.has_room_for(&order) {
            return Err(order);
        }
        let Ok(frames) = state.frames_for(&order) else {
            // What it was told in part is of no use.
            state.drain();
            return Err(order);
        };
        if state.cells.is_empty() {
            state.heard_at = Instant::now();
        }
        state.owner = Some(order.session);
        state.in_loop.serve(order.loop_reader.as_ref().map(Arc::clone));
        self.choose_reader(&mut state);
        state.cells.insert(order.cell, CellRecord::new(order));
        for frame in frames {
            state.outbox.push(frame);
        }
        // The task looks at an idle child often enough to notice that it has become silent.
        self.flush(&mut state);
        Ok(())
    }

    /// Tells a cell something. Nothing happens if it has ended.
    pub(in crate::host) fn command(&self, cell: CellNumber, command: Command) {
        self.tell(cell, |record| match command {
            Command::ToolSettled { id, outcome } => {
                record.ledger.settle(id);
                tool_settled(cell, id, outcome)
            }
            Command::Flow(flow, number) => {
                record.ledger.set_flow(number);
                (ToChild::Flow { cell, flow, number }, Vec::new())
            }
        });
    }

    /// Tells a cell to stop. A child that can't stop it in time is killed.
    pub(in crate::host) fn interrupt(&self, cell: CellNumber, reason: StopReason) {
        self.tell(cell, |record| {
            record.stop_by.get_or_insert_with(|| Instant::now() + STOP_TIME);
            (ToChild::Interrupt { cell, reason }, Vec::new())
        });
        self.wake.notify_one();
    }

    /// Tells a cell that output was collected.
    pub(in crate::host) fn output_delivered(&self, cell: CellNumber, items: usize, bytes: usize) {
        self.tell(cell, |record| {
            record.ledger.deliver(items, bytes);
            (ToChild::OutputDelivered { cell, items, bytes }, Vec::new())
        });
    }

    fn tell(&self, cell: CellNumber, message: impl FnOnce(&mut CellRecord) -> (ToChild, Vec<u8>)) {
        let mut state = self.state();
        let Some(record) = state.cells.get_mut(&cell) else { return };
        let (message, tail) = message(record);
        // Heads of commands are small.
        if let Ok(frame) = Frame::new(&message, tail) {
            state.outbox.push(frame);
            self.flush(&mut state);
        }
    }

    /// Forgets what is known of a session that has ended.
    pub(super) fn forget(&self, session: SessionNumber) {
        let mut state = self.state();
        if let Some(frame) = state.known.forget(session) {
            state.outbox.push(frame);
            self.flush(&mut state);
        }
    }

    /// Gives it no more cells. It ends with its last one.
    pub(super) fn drain(&self) {
        self.state().drain();
        self.wake.notify_one();
    }

    /// What is to be done now. `late` is how much later than planned this is asked: a program that was stopped as a
    /// whole, by a Ctrl-Z for instance, must not take its children for silent.
    pub(super) fn duty(&self, late: Duration) -> Duty {
        let mut state = self.state();
        let now = Instant::now();
        if late > duty::STOPPED {
            state.excuse(late);
        }
        state.duty(now)
    }

    /// The child is gone, and its cells are lost, except for those of which it has said nothing: if they may, they move
    /// to another child. Says how many are lost.
    pub(super) fn lose_cells(&self, reason: &str, may_move: bool) -> (usize, Vec<Order>) {
        // What is under way to a cell arrives before the loss.
        self.stop_reading();
        let cells: Vec<_> = {
            let mut state = self.state();
            state.stage = Stage::Ending(reason.to_owned());
            state.outbox.clear();
            state.in_loop.leave();
            state.socket = None;
            state.cells.drain().collect()
        };
        let count = cells.len();
        let elsewhere: Vec<_> = cells
            .into_iter()
            .filter_map(|(_, record)| record.leave(reason, may_move))
            .map(|order| *order)
            .collect();
        (count - elsewhere.len(), elsewhere)
    }
}

impl State {
    fn flush(&mut self) -> Flushed {
        match &self.socket {
            // What fails to be written is lost with the child: the task sees that the socket is closed.
            Some(socket) => self.outbox.flush(&socket.writer).unwrap_or(Flushed::All),
            // Written once it is connected.
            None => Flushed::All,
        }
    }

    fn has_room_for(&self, order: &Order) -> bool {
        let is_free = self.cells.is_empty() || self.owner == Some(order.session);
        let heaps: usize = self.cells.values().map(|cell| cell.heap_bytes).sum();
        matches!(self.stage, Stage::Starting | Stage::Ready)
            && !self.is_over
            && is_free
            && self.cells.len() < order.cells_per_child
            && (self.cells.is_empty() || heaps + order.start.limits.heap_bytes <= MOST_HEAP_BYTES)
    }

    /// What it takes to start a cell: its tools and stored values, as far as the child has not got them, and the cell.
    fn frames_for(&mut self, order: &Order) -> Result<Vec<Frame>, FrameError> {
        let start = &order.start;
        let (tools, mut frames) = self.known.tools(&start.tools)?;
        frames.extend(self.known.stored(order.session, &start.stored)?);
        let message = ToChild::Start {
            cell: order.cell,
            session: order.session,
            tools,
            line_offset: start.line_offset,
            features: start.features,
            limits: start.limits,
            flow: start.flow,
            strict: order.strict,
        };
        frames.push(Frame::new(&message, start.source.as_bytes().to_vec())?);
        Ok(frames)
    }

    fn drain(&mut self) {
        if matches!(self.stage, Stage::Starting | Stage::Ready) {
            self.stage = Stage::Draining;
        }
    }
}

fn tool_settled(cell: CellNumber, id: ToolCallId, outcome: ToolOutcome) -> (ToChild, Vec<u8>) {
    let (outcome, text) = match outcome {
        ToolOutcome::Undefined => (OutcomeKind::Undefined, String::new()),
        ToolOutcome::Value(text) => (OutcomeKind::Value, text.into_string()),
        ToolOutcome::Failed(message) => (OutcomeKind::Failed, message),
    };
    (ToChild::ToolSettled { cell, id, outcome }, text.into_bytes())
}

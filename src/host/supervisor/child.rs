//! One child process: what it was given, what it has said, and when it must go.
//!
//! Whoever starts a cell or commands it writes to the socket at once, without waiting; what the socket does not take is
//! written by the task that serves the child, which also reads. Nobody waits for a child.

mod duty;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::known::Known;
use super::ledger::Violation;
use super::pool::Order;
use super::record::{After, CellRecord, Delivery};
use crate::engine::{Command, PoolOptions, StopReason, ToolCallId, ToolOutcome};
use crate::host::frame::{Frame, FrameError};
use crate::host::message::{
    CellEvent, CellNumber, FromChild, Mechanism, OutcomeKind, PROTOCOL, SessionNumber, ToChild,
};
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

impl ChildProcess {
    /// A child that is about to be started.
    pub(super) fn new() -> Self {
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
        };
        Self { wake: Notify::new(), state: Mutex::new(state) }
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

    /// Looks at the head of a message, before its tail is read.
    pub(super) fn admit(&self, message: &FromChild, tail_bytes: u64) -> Result<(), Violation> {
        match message {
            FromChild::Event(cell, event) => {
                let state = self.state();
                let record = state.cells.get(cell).ok_or(Violation::Stranger("an event"))?;
                record.ledger.admit_tail(event, tail_bytes)
            }
            _ if tail_bytes > 0 => Err(Violation::Limit("this message")),
            _ => Ok(()),
        }
    }

    /// Takes a message of the child. Says what the sandbox lacks, when the child has become ready.
    pub(super) fn receive(
        &self,
        message: FromChild,
        tail: Vec<u8>,
    ) -> Result<Option<Vec<Mechanism>>, Violation> {
        let mut state = self.state();
        state.heard_at = Instant::now();
        match message {
            FromChild::Ready { protocol, missing } => {
                if protocol != PROTOCOL {
                    return Err(Violation::Protocol(protocol));
                }
                match state.stage {
                    Stage::Starting => state.stage = Stage::Ready,
                    // Told to end before it began.
                    Stage::Draining | Stage::Ending(_) => {}
                    Stage::Ready => return Err(Violation::Sequence("a second greeting")),
                }
                return Ok(Some(missing));
            }
            _ if state.stage == Stage::Starting => {
                return Err(Violation::Sequence("a message before its greeting"));
            }
            FromChild::Alive => {}
            FromChild::Usage(cell, usage) => {
                let record = state.cells.get(&cell).ok_or(Violation::Stranger("a usage"))?;
                record.shared.set_usage(usage);
            }
            FromChild::CatalogueWanted(tools) => {
                let set = state.known.catalogue(tools)?;
                drop(state);
                // It may take a while to make, and nobody else shall wait for it.
                let catalogue = set.catalogue().as_str().as_bytes().to_vec();
                let frame = Frame::new(&ToChild::Catalogue(tools), catalogue)?;
                let mut state = self.state();
                state.outbox.push(frame);
                self.flush(&mut state);
            }
            FromChild::Event(cell, event) => {
                let delivery = state.receive_event(cell, event, tail)?;
                // The cell may have something to say to that, to this very child.
                drop(state);
                if let Some(delivery) = delivery {
                    delivery.deliver();
                }
            }
        }
        Ok(None)
    }

    /// Gives it no more cells. It ends with its last one.
    pub(super) fn drain(&self) {
        self.state().drain();
        self.wake.notify_one();
    }

    /// What is to be done now. `late` is how much later than planned this is asked: a program that was stopped as a
    /// whole, by a Ctrl-Z for instance, must not take its children for silent.
    pub(super) fn duty(&self, late: Duration) -> Duty {
        const STOPPED: Duration = Duration::from_secs(1);
        let mut state = self.state();
        let now = Instant::now();
        if late > STOPPED {
            state.excuse(late);
        }
        state.duty(now)
    }

    /// The child is gone, and its cells are lost, except for those of which it has said nothing: if they may, they move
    /// to another child. Says how many are lost.
    pub(super) fn lose_cells(&self, reason: &str, may_move: bool) -> (usize, Vec<Order>) {
        let cells: Vec<_> = {
            let mut state = self.state();
            state.stage = Stage::Ending(reason.to_owned());
            state.outbox.clear();
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

    fn receive_event(
        &mut self,
        cell: CellNumber,
        event: CellEvent,
        tail: Vec<u8>,
    ) -> Result<Option<Delivery>, Violation> {
        let record = self.cells.get_mut(&cell).ok_or(Violation::Stranger("an event"))?;
        let (after, delivery) = record.receive(event, tail)?;
        if after != After::GoesOn {
            self.cells.remove(&cell);
            self.cell_is_gone(after);
        }
        Ok(delivery)
    }

    fn cell_is_gone(&mut self, after: After) {
        if after == After::EndedBadly {
            self.drain();
        }
        if self.cells.is_empty() {
            self.owner = None;
            self.idle_since = Instant::now();
        }
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

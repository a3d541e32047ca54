//! Drives one cell: the only place that writes its output, observer, deadlines and phase.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::deadlines::{Deadline, Deadlines, until};
use super::handle::{Callback, CellHandle, Inboxes, Observation, Reply, Request, Stop};
use super::host::{Host, NotificationId, ToolCall};
use super::id::{CellId, CellKey};
use super::phase::Phase;
use super::result::{CellResult, CellStatus, CellUsage};
use super::transition::{Answer, Effect, Ending, Input, Ticket};
use crate::engine::{
    CellError, CellErrorCode, CellLimits, Command, Event, EventReceiver, Finished, Flow, JsonText, Outcome,
    Progress, RunningCell, StopReason, StoredMap, ToolCallId, ToolOutcome, notification_bytes,
};

/// How long V8 may take to stop once it was told to. Native code that polls rarely needs some of it.
const STOP_TIME: Duration = Duration::from_millis(1500);

/// The session that a cell belongs to, as the cell sees it.
pub trait CellHome: Send + Sync {
    /// Merges what a completed cell stored.
    fn commit(&self, writes: StoredMap);
    /// The cell is over.
    fn remove(&self, cell: &CellId);
    /// The cell's final result could not be delivered: it waits again.
    fn restore(&self, cell: CellHandle);
}

/// What a new cell is made of.
pub struct NewCell {
    /// The cell's name within its session.
    pub id: CellId,
    /// The cell's name within the process.
    pub key: CellKey,
    /// How the engine was told to run it.
    pub flow: Flow,
    /// What it may use.
    pub limits: CellLimits,
    /// How long aborted callbacks may take to end.
    pub tool_grace: Duration,
    /// The program that made it.
    pub host: Arc<dyn Host>,
    /// Its session.
    pub home: Arc<dyn CellHome>,
    /// The caller that watches from the start.
    pub observation: Observation,
}

impl NewCell {
    /// A handle to the cell, and the actor that has yet to be given an engine and run.
    #[must_use]
    pub fn prepare(self) -> (CellHandle, PreparedActor) {
        let (handle, inboxes) = CellHandle::new(self.id.clone(), self.key);
        (handle.clone(), PreparedActor { cell: self, handle, inboxes, started_at: Instant::now() })
    }
}

/// An actor without an engine.
pub struct PreparedActor {
    cell: NewCell,
    handle: CellHandle,
    inboxes: Inboxes,
    started_at: Instant,
}

impl PreparedActor {
    /// Drives the cell to its end.
    pub async fn run(self, engine: Box<dyn RunningCell>, events: EventReceiver) {
        let Self { cell, handle, inboxes, started_at } = self;
        let mut actor = Actor {
            phase: Phase::new(cell.flow),
            handle,
            engine,
            limits: cell.limits,
            tool_grace: cell.tool_grace,
            host: cell.host,
            home: cell.home,
            deadlines: Deadlines::default(),
            replies: HashMap::new(),
            yield_after: None,
            started_at,
            started: false,
            calls: HashMap::new(),
            notices: HashMap::new(),
            notification_bytes: HashMap::new(),
            next_notification: 0,
            usage: CellUsage::default(),
            writes: StoredMap::new(),
            finished: false,
            loss_told: false,
        };
        if let Some(wall) = actor.limits.wall {
            actor.deadlines.set(Deadline::Wall, wall);
        }
        actor.observe(cell.observation);
        actor.drive(inboxes, events).await;
    }
}

struct Actor {
    phase: Phase,
    handle: CellHandle,
    engine: Box<dyn RunningCell>,
    limits: CellLimits,
    tool_grace: Duration,
    host: Arc<dyn Host>,
    home: Arc<dyn CellHome>,
    deadlines: Deadlines,
    replies: HashMap<Ticket, Reply>,
    /// The yield time of an observer that waits for the script to start.
    yield_after: Option<Duration>,
    started_at: Instant,
    started: bool,
    /// Calls that the phase has not admitted yet.
    calls: HashMap<ToolCallId, (usize, Option<JsonText>)>,
    /// Notifications that the phase has not admitted yet.
    notices: HashMap<NotificationId, String>,
    /// What the notifications under way count against the output limit.
    notification_bytes: HashMap<NotificationId, usize>,
    next_notification: u32,
    usage: CellUsage,
    writes: StoredMap,
    finished: bool,
    loss_told: bool,
}

impl Actor {
    /// The order of the branches is the priority: no script can starve a stop, an observer or a yield.
    async fn drive(&mut self, mut inboxes: Inboxes, mut events: EventReceiver) {
        while !self.phase.is_closed() {
            let deadline = self.deadlines.next();
            tokio::select! {
                biased;
                Some(stop) = inboxes.stops.recv() => self.stop(stop),
                Some(request) = inboxes.requests.recv() => self.request(request),
                () = until(deadline) => self.deadline_passed(),
                event = events.recv(), if !self.finished => self.event(event),
                Some(callback) = inboxes.callbacks.recv() => self.callback(callback),
            }
        }
        inboxes.refuse_all().await;
        self.host.closed(self.handle.key);
    }

    fn stop(&mut self, stop: Stop) {
        match stop {
            Stop::Terminate(Some((ticket, reply))) => {
                self.replies.insert(ticket, reply);
                self.handle(Input::Terminate(Some(ticket)));
            }
            Stop::Terminate(None) => self.handle(Input::Terminate(None)),
            Stop::Shutdown => self.handle(Input::Shutdown),
        }
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Observe(observation) => self.observe(observation),
            Request::Abandon(ticket) => self.handle(Input::Abandon(ticket)),
            Request::YieldNow(ticket) => self.handle(Input::YieldNow(ticket)),
        }
    }

    fn observe(&mut self, observation: Observation) {
        let Observation { ticket, watch, yield_after, reply } = observation;
        self.replies.insert(ticket, reply);
        self.handle(Input::Observe(ticket, watch));
        if self.phase.yield_observer() == Some(ticket) {
            self.yield_after = yield_after;
            self.arm_yield();
        }
    }

    /// A yield time counts from when the script runs.
    fn arm_yield(&mut self) {
        if !self.started {
            return;
        }
        match (self.yield_after.take(), self.phase.yield_observer()) {
            // At once, before anything more is read of what the script does.
            (Some(Duration::ZERO), Some(ticket)) => self.handle(Input::YieldNow(ticket)),
            (Some(after), _) => self.deadlines.set(Deadline::Yield, after),
            (None, _) => {}
        }
    }

    fn deadline_passed(&mut self) {
        while let Some(deadline) = self.deadlines.take_passed() {
            match deadline {
                Deadline::Yield => {
                    if let Some(ticket) = self.phase.yield_observer() {
                        self.handle(Input::YieldNow(ticket));
                    }
                }
                Deadline::Wall => self.interrupt(StopReason::TimeLimit),
                Deadline::Cpu => self.check_cpu(),
                Deadline::Stop => self.check_stop(),
                Deadline::Grace => self.handle(Input::GraceOver),
            }
        }
    }

    /// V8 was told to stop some time ago. It is lost only if it had the time.
    fn check_stop(&mut self) {
        match self.engine.progress() {
            Progress::Running if !self.engine.give_up() => self.deadlines.set(Deadline::Stop, STOP_TIME),
            Progress::Running | Progress::Lost => self.engine_lost(
                "the script was told to stop and did not: it runs native code that never looks up",
            ),
            Progress::Queued | Progress::Stopped => self.deadlines.set(Deadline::Stop, STOP_TIME),
        }
    }

    fn check_cpu(&mut self) {
        let Some(limit) = self.limits.cpu else { return };
        match limit.checked_sub(self.engine.usage().cpu) {
            Some(left) if !left.is_zero() => {
                self.deadlines.set(Deadline::Cpu, left.max(Duration::from_millis(1)));
            }
            _ => self.interrupt(StopReason::CpuLimit),
        }
    }

    fn interrupt(&mut self, reason: StopReason) {
        if !self.finished {
            self.engine.interrupt(reason);
            self.deadlines.set(Deadline::Stop, STOP_TIME);
        }
    }

    fn event(&mut self, event: Option<Event>) {
        match event {
            Some(Event::Started) => {
                self.started = true;
                self.arm_yield();
                if let Some(cpu) = self.limits.cpu {
                    self.deadlines.set(Deadline::Cpu, cpu);
                }
            }
            Some(Event::Content(item)) => self.handle(Input::Emitted(item)),
            Some(Event::Notify(text)) => {
                self.next_notification += 1;
                let id = NotificationId::new(self.next_notification);
                self.notification_bytes.insert(id, notification_bytes(&text));
                self.notices.insert(id, text);
                self.handle(Input::Notified(id));
                self.notices.remove(&id);
            }
            Some(Event::ToolCall { id, tool, input }) => {
                self.calls.insert(id, (tool, input));
                self.handle(Input::ToolCalled(id));
                self.calls.remove(&id);
            }
            Some(Event::YieldRequested) => self.handle(Input::YieldRequested),
            Some(Event::Frontier(number)) => self.handle(Input::Frontier(number)),
            Some(Event::Finished(finished)) => self.engine_finished(*finished),
            None => {
                self.finished = true;
                self.engine_lost("the engine that ran the script was lost");
            }
        }
    }

    fn engine_lost(&mut self, message: &str) {
        self.tell_loss();
        let error = CellError::without_place(CellErrorCode::EngineLost, "Error", message);
        self.handle(Input::EngineLost(error));
    }

    /// The host hears of it once.
    fn tell_loss(&mut self) {
        if !std::mem::replace(&mut self.loss_told, true) {
            self.host.engine_lost(self.handle.key);
        }
    }

    fn engine_finished(&mut self, finished: Finished) {
        self.finished = true;
        if self.engine.progress() == Progress::Lost {
            self.tell_loss();
        }
        for deadline in [Deadline::Wall, Deadline::Cpu, Deadline::Stop] {
            self.deadlines.clear(deadline);
        }
        self.writes = finished.writes;
        let unhandled_rejections = finished.unhandled_rejections;
        self.handle(Input::EngineFinished(match finished.outcome {
            Outcome::Completed => Ending::Completed { unhandled_rejections },
            Outcome::Failed(error) => Ending::Failed { error, unhandled_rejections },
            Outcome::Terminated => Ending::Terminated,
        }));
    }

    fn callback(&mut self, callback: Callback) {
        match callback {
            Callback::Tool(id, outcome) => {
                if self.phase.awaits_tool(id) {
                    self.usage.tool_errors += u32::from(matches!(outcome, ToolOutcome::Failed(_)));
                    if !self.finished {
                        self.engine.send(Command::ToolSettled { id, outcome });
                    }
                }
                self.handle(Input::ToolEnded(id));
            }
            Callback::Notification(id) => {
                if let Some(bytes) = self.notification_bytes.remove(&id) {
                    self.engine.output_delivered(1, bytes);
                }
                self.handle(Input::NotificationEnded(id));
            }
            Callback::HostGone => {
                self.tool_grace = Duration::ZERO;
                self.handle(Input::GraceOver);
                self.handle(Input::GraceOver);
            }
        }
    }

    fn handle(&mut self, input: Input) {
        for effect in self.phase.handle(input) {
            match effect {
                Effect::Interrupt => self.interrupt(StopReason::Terminate),
                Effect::SetFlow(flow, number) => self.engine.send(Command::Flow(flow, number)),
                Effect::StartTool(id) => {
                    if let Some((tool, input)) = self.calls.remove(&id) {
                        self.usage.tool_calls += 1;
                        self.host.call_tool(ToolCall { cell: self.handle.key, id, tool, input });
                    }
                }
                Effect::StartNotification(id) => {
                    if let Some(text) = self.notices.remove(&id) {
                        self.host.notify(self.handle.key, id, text);
                    }
                }
                Effect::AbortTool(id) => {
                    self.usage.tool_errors += 1;
                    self.host.abort_tool(self.handle.key, id);
                }
                Effect::StartGrace => self.deadlines.set(Deadline::Grace, self.tool_grace),
                Effect::Commit => self.home.commit(std::mem::take(&mut self.writes)),
                Effect::Answer(ticket, answer) => self.answer(ticket, answer),
                Effect::Close => self.home.remove(&self.handle.id),
            }
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        let Some(reply) = self.replies.remove(&ticket) else {
            return;
        };
        if self.phase.yield_observer().is_none() {
            self.deadlines.clear(Deadline::Yield);
            self.yield_after = None;
        }
        let (content, status) = match answer {
            Answer::Refused(refusal) => {
                reply(Err(refusal));
                return;
            }
            Answer::Running(content) => (content, CellStatus::Running),
            Answer::Pending(content, calls) => (content, CellStatus::Pending(calls)),
            Answer::Ended(content, ending) => (content, CellStatus::Ended(ending)),
        };
        let items = content.len();
        let bytes = content.iter().map(crate::model::ContentItem::bytes).sum();
        let result = CellResult { cell_id: self.handle.id.clone(), status, content, usage: self.usage() };
        match reply(Ok(result)) {
            None => self.engine.output_delivered(items, bytes),
            Some(result) => self.take_back(result),
        }
    }

    /// The caller is gone: its result waits for the next one.
    fn take_back(&mut self, result: CellResult) {
        let content = result.content;
        let was_closed = self.phase.is_closed();
        self.phase.give_back(match result.status {
            CellStatus::Running => Answer::Running(content),
            CellStatus::Pending(calls) => Answer::Pending(content, calls),
            CellStatus::Ended(ending) => Answer::Ended(content, ending),
        });
        if was_closed && !self.phase.is_closed() {
            self.home.restore(self.handle.clone());
        }
    }

    fn usage(&self) -> CellUsage {
        let engine = self.engine.usage();
        CellUsage {
            cpu: engine.cpu,
            wall: self.started_at.elapsed(),
            peak_heap_bytes: engine.peak_heap_bytes,
            ..self.usage
        }
    }
}

//! What one cell does: the only place that writes its output, observer, deadlines and phase.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock;
use super::deadlines::{Deadline, Deadlines};
use super::handle::{Callback, CellHandle, Observation, Reply, Request, Stop};
use super::host::{Host, NotificationId, ToolCall};
use super::mailbox::Message;
use super::new_cell::{CellHome, NewCell};
use super::phase::Phase;
use super::result::{CellResult, CellStatus, CellUsage};
use super::transition::{Answer, Effect, Ending, Input, Ticket};
use crate::engine::{
    CellError, CellErrorCode, CellLimits, Command, Event, Finished, JsonText, NotificationKind, Outcome,
    Progress, RunningCell, StopReason, StoredMap, ToolCallId, ToolOutcome, notification_bytes,
};

/// How long V8 may take to stop once it was told to. Native code that polls rarely needs some of it.
const STOP_TIME: Duration = Duration::from_millis(1500);

/// The owner of a cell's state. [`super::handle::Post`] sees to it that one thread at a time runs it.
pub(super) struct Actor {
    phase: Phase,
    handle: CellHandle,
    engine: Box<dyn RunningCell>,
    limits: CellLimits,
    tool_grace: Duration,
    host: Arc<dyn Host>,
    home: Arc<dyn CellHome>,
    deadlines: Deadlines,
    /// The time for which the clock was set.
    alarm: Option<Instant>,
    replies: HashMap<Ticket, Reply>,
    /// The yield time of an observer that waits for the script to start.
    yield_after: Option<Duration>,
    started_at: Instant,
    started: bool,
    /// Calls that the phase has not admitted yet.
    calls: HashMap<ToolCallId, (usize, Option<JsonText>)>,
    /// Notifications that the phase has not admitted yet.
    notices: HashMap<NotificationId, (NotificationKind, String)>,
    /// What the notifications under way count against the output limit.
    notification_bytes: HashMap<NotificationId, usize>,
    next_notification: u32,
    usage: CellUsage,
    writes: StoredMap,
    finished: bool,
    loss_told: bool,
}

impl Actor {
    /// The state of a cell whose script has not begun.
    pub(super) fn new(
        cell: NewCell,
        handle: CellHandle,
        engine: Box<dyn RunningCell>,
        started_at: Instant,
    ) -> Self {
        let mut actor = Self {
            phase: Phase::new(cell.flow),
            handle,
            engine,
            limits: cell.limits,
            tool_grace: cell.tool_grace,
            host: cell.host,
            home: cell.home,
            deadlines: Deadlines::default(),
            alarm: None,
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
        actor
    }

    /// Carries out what follows from a message.
    pub(super) fn take(&mut self, message: Message) {
        match message {
            Message::Stop(stop) => self.stop(stop),
            Message::Request(request) => self.request(request),
            Message::Alarm => {
                // The clock may have called before it heard of a later time.
                self.alarm = self.alarm.filter(|alarm| *alarm > Instant::now());
                self.deadline_passed();
            }
            Message::Event(_) | Message::EngineGone if self.finished => {}
            Message::Event(event) => self.event(event),
            Message::EngineGone => self.engine_lost("the engine that ran the script was lost"),
            Message::Callback(callback) => self.callback(callback),
        }
    }

    /// Whether nothing will come of the cell any more.
    pub(super) fn is_over(&self) -> bool {
        self.phase.is_closed()
    }

    /// Has the clock call at the next deadline.
    pub(super) fn set_alarm(&mut self) {
        let next = self.deadlines.next();
        if next != self.alarm {
            clock::set(&self.handle, self.alarm, next);
            self.alarm = next;
        }
    }

    /// The last act. After a panic of ours, whoever waits for the cell is told that it is lost.
    pub(super) fn farewell(mut self, has_panicked: bool) {
        self.deadlines = Deadlines::default();
        self.set_alarm();
        if has_panicked {
            self.engine.interrupt(StopReason::Terminate);
            // Nobody will look again whether it has stopped. If it does, it counts as lost no more.
            self.engine.give_up();
            self.home.remove(&self.handle.id);
            for (_, reply) in std::mem::take(&mut self.replies) {
                let ending = Ending::Failed {
                    error: lost("codecell itself has failed"),
                    unhandled_rejections: Vec::new(),
                };
                reply(Ok(CellResult {
                    cell_id: self.handle.id.clone(),
                    status: CellStatus::Ended(ending),
                    content: Vec::new(),
                    usage: self.usage,
                }));
            }
        }
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

    fn event(&mut self, event: Event) {
        match event {
            Event::Started => {
                self.started = true;
                self.arm_yield();
                if let Some(cpu) = self.limits.cpu {
                    self.deadlines.set(Deadline::Cpu, cpu);
                }
            }
            Event::Content(item) => self.handle(Input::Emitted(item)),
            Event::Notify(kind, text) => {
                self.next_notification += 1;
                let id = NotificationId::new(self.next_notification);
                self.notification_bytes.insert(id, notification_bytes(&text));
                self.notices.insert(id, (kind, text));
                self.handle(Input::Notified(id));
                self.notices.remove(&id);
            }
            Event::ToolCall { id, tool, input } => {
                self.calls.insert(id, (tool, input));
                self.handle(Input::ToolCalled(id));
                self.calls.remove(&id);
            }
            Event::YieldRequested => self.handle(Input::YieldRequested),
            Event::Frontier(number) => self.handle(Input::Frontier(number)),
            Event::Inspector(event) => self.host.inspector(self.handle.key, event),
            Event::Finished(finished) => self.engine_finished(*finished),
            Event::Lost(reason) => self.engine_lost(&reason),
        }
    }

    fn engine_lost(&mut self, reason: &str) {
        self.finished = true;
        self.tell_loss();
        self.handle(Input::EngineLost(lost(reason)));
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
            Callback::Inspector(command) => {
                if !self.finished {
                    self.engine.inspect(command);
                }
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
                    if let Some((kind, text)) = self.notices.remove(&id) {
                        self.host.notify(self.handle.key, id, kind, text);
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

fn lost(message: &str) -> CellError {
    CellError::without_place(CellErrorCode::EngineLost, "Error", message)
}

//! The cells of a child.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until};

use super::stored::Stored;
use super::tools::Tools;
use super::{Parent, event};
use crate::engine::{
    Command, Engine, EngineUsage, Event, EventSender, EventSink, JsonText, RunningCell, StartCell,
    StopReason, ThreadEngine, ToolOutcome,
};
use crate::host::message::{
    CellEvent, CellNumber, FromChild, LostBecause, OutcomeKind, ToChild, ToolSetNumber, decode_tools,
};

/// Events of one cell before the others, and the parent, have their turn.
const EVENTS_AT_ONCE: usize = 64;

/// How long the news that a script has started waits for company.
const START_DELAY: Duration = Duration::from_millis(1);

/// All that the parent has sent, and the cells that run.
pub(super) struct Cells {
    parent: Rc<Parent>,
    engine: Arc<ThreadEngine>,
    has_full_sandbox: bool,
    running: RefCell<HashMap<CellNumber, Rc<Running>>>,
    tools: Tools,
    stored: Stored,
    /// Told when a cell was started.
    pub(super) started: Notify,
}

/// One cell.
struct Running {
    cell: Box<dyn RunningCell>,
    told: Cell<EngineUsage>,
}

/// Takes the events of a cell to the thread that serves the parent.
struct Sink(UnboundedSender<Event>);

impl EventSink for Sink {
    fn event(&self, event: Event) {
        // Nobody listens any more when the cell has ended.
        let _ = self.0.send(event);
    }

    fn engine_gone(&self) {
        // The channel ends with the sink.
    }
}

fn text(tail: Vec<u8>) -> String {
    // A parent sends UTF-8.
    String::from_utf8(tail).unwrap_or_default()
}

impl Cells {
    pub(super) fn new(parent: Rc<Parent>, has_full_sandbox: bool) -> Self {
        let (wanted, requests) = mpsc::unbounded_channel();
        spawn_local(ask_for_catalogues(Rc::clone(&parent), requests));
        Self {
            parent,
            engine: ThreadEngine::shared(),
            has_full_sandbox,
            running: RefCell::default(),
            tools: Tools::new(wanted),
            stored: Stored::default(),
            started: Notify::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.borrow().is_empty()
    }

    /// Does what the parent says. What is for a cell that has ended is dropped.
    pub(super) fn obey(self: &Rc<Self>, message: ToChild, tail: Vec<u8>) {
        match message {
            ToChild::Tools(tools) => self.tools.insert(tools, decode_tools(&tail).unwrap_or_default()),
            ToChild::ForgetTools(tools) => self.tools.forget(tools),
            ToChild::Catalogue(tools) => {
                self.tools.catalogue_has_come(tools, JsonText::from_serialised(text(tail)));
            }
            ToChild::StoredValue { session, key_bytes } => {
                let mut key = text(tail);
                if key.is_char_boundary(key_bytes) {
                    let value = key.split_off(key_bytes);
                    self.stored.insert(session, key, JsonText::from_serialised(value));
                }
            }
            ToChild::ForgetStored(session) => self.stored.forget(session),
            ToChild::Start { cell, strict: true, .. } if !self.has_full_sandbox => {
                self.send_loss(cell, LostBecause::Sandbox);
            }
            ToChild::Start { cell, session, tools, line_offset, limits, flow, strict: _ } => {
                let Some(tools) = self.tools.get(tools) else {
                    return self.send_loss(cell, LostBecause::Engine);
                };
                let stored = self.stored.get(session);
                let source = text(tail);
                self.start(cell, StartCell { source, line_offset, tools, stored, limits, flow });
            }
            ToChild::ToolSettled { cell, id, outcome } => self.with(cell, |cell| {
                let outcome = match outcome {
                    OutcomeKind::Undefined => ToolOutcome::Undefined,
                    OutcomeKind::Value => ToolOutcome::Value(JsonText::from_serialised(text(tail))),
                    OutcomeKind::Failed => ToolOutcome::Failed(text(tail)),
                };
                cell.send(Command::ToolSettled { id, outcome });
            }),
            ToChild::Flow { cell, flow, number } => {
                self.with(cell, |cell| cell.send(Command::Flow(flow, number)));
            }
            ToChild::Interrupt { cell, reason } => self.with(cell, |cell| cell.interrupt(reason)),
            ToChild::OutputDelivered { cell, items, bytes } => {
                self.with(cell, |cell| cell.output_delivered(items, bytes));
            }
        }
    }

    fn with(&self, number: CellNumber, act: impl FnOnce(&dyn RunningCell)) {
        let running = self.running.borrow().get(&number).cloned();
        if let Some(running) = running {
            act(&*running.cell);
        }
    }

    fn start(self: &Rc<Self>, number: CellNumber, cell: StartCell) {
        let (sender, events) = mpsc::unbounded_channel();
        let cpu_limit = cell.limits.cpu;
        match self.engine.start(cell, EventSender::new(Arc::new(Sink(sender)))) {
            Ok(cell) => {
                let running = Rc::new(Running { cell, told: Cell::default() });
                self.running.borrow_mut().insert(number, Rc::clone(&running));
                self.started.notify_one();
                spawn_local(Rc::clone(self).serve(number, running, events, cpu_limit));
            }
            Err(_) => self.send_loss(number, LostBecause::Engine),
        }
    }

    /// Passes the events of a cell on until its end, and stops it when it has used up its time.
    async fn serve(
        self: Rc<Self>,
        number: CellNumber,
        running: Rc<Running>,
        mut events: UnboundedReceiver<Event>,
        cpu_limit: Option<Duration>,
    ) {
        let mut batch = Vec::with_capacity(EVENTS_AT_ONCE);
        let mut check_at = None;
        let mut flush_at = None;
        loop {
            tokio::select! {
                biased;
                () = until(check_at) => check_at = self.check_cpu(number, &running, cpu_limit),
                () = until(flush_at) => {
                    flush_at = None;
                    self.parent.flush();
                }
                received = events.recv_many(&mut batch, EVENTS_AT_ONCE) => {
                    if received == 0 {
                        self.running.borrow_mut().remove(&number);
                        return self.send_loss(number, LostBecause::Engine);
                    }
                    let only_started = matches!(batch.as_slice(), [Event::Started]);
                    for event in batch.drain(..) {
                        if matches!(event, Event::Started) {
                            check_at = cpu_limit.map(|limit| Instant::now() + limit);
                        }
                        if self.pass_on(number, &running, event) {
                            return self.parent.flush();
                        }
                    }
                    // Most scripts are short: their start and what they do next travel together.
                    if only_started {
                        flush_at = Some(Instant::now() + START_DELAY);
                    } else {
                        self.parent.flush();
                    }
                }
            }
        }
    }

    /// Says whether it was the last one.
    fn pass_on(&self, number: CellNumber, running: &Running, event: Event) -> bool {
        let is_last = matches!(event, Event::Finished(_) | Event::Lost(_));
        if is_last {
            self.running.borrow_mut().remove(&number);
        } else if matches!(event, Event::YieldRequested | Event::Frontier(_)) {
            // An answer may follow, with what was used.
            self.push_usage(number, running);
        }
        for (event, tail) in event::encode(event) {
            self.parent.push(&FromChild::Event(number, event), tail);
        }
        is_last
    }

    /// The time of the next look. The parent looks, too, but knows only what it was told.
    fn check_cpu(&self, number: CellNumber, running: &Running, limit: Option<Duration>) -> Option<Instant> {
        const SHORTEST: Duration = Duration::from_millis(1);
        let left = limit?.saturating_sub(running.cell.usage().cpu);
        if left.is_zero() {
            running.cell.interrupt(StopReason::CpuLimit);
            self.push_usage(number, running);
            self.parent.flush();
            return None;
        }
        Some(Instant::now() + left.max(SHORTEST))
    }

    /// Tells what the cells have used, and that the child is well. Says whether anything was used.
    pub(super) fn tell_usage(&self) -> bool {
        let mut any = false;
        for (number, running) in &*self.running.borrow() {
            any |= self.push_usage(*number, running);
        }
        self.parent.push(&FromChild::Alive, Vec::new());
        self.parent.flush();
        any
    }

    fn push_usage(&self, number: CellNumber, running: &Running) -> bool {
        let usage = running.cell.usage();
        let changed = running.told.replace(usage) != usage;
        if changed {
            self.parent.push(&FromChild::Usage(number, usage), Vec::new());
        }
        changed
    }

    fn send_loss(&self, number: CellNumber, because: LostBecause) {
        self.parent.push(&FromChild::Event(number, CellEvent::Lost(because)), Vec::new());
        self.parent.flush();
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

async fn ask_for_catalogues(parent: Rc<Parent>, mut requests: UnboundedReceiver<ToolSetNumber>) {
    while let Some(tools) = requests.recv().await {
        parent.push(&FromChild::CatalogueWanted(tools), Vec::new());
        parent.flush();
    }
}

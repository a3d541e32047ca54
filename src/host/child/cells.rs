//! The cells of a child.
//!
//! Their events are written to the socket by the engine's own threads, so that no other thread must wake up for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::event;
use super::inlet::Inlet;
use super::parent::Parent;
use super::stored::Stored;
use super::tools::Tools;
use crate::engine::{
    Command, Engine, EngineUsage, Event, EventSender, EventSink, JsonText, Lookout, RunningCell, StartCell,
    StopReason, ThreadEngine, ToolOutcome,
};
use crate::host::message::{
    CellEvent, CellNumber, FromChild, LostBecause, OutcomeKind, ToChild, decode_tools,
};

/// Output that is sent with what comes next.
const SMALL: usize = 16 * 1024;

/// All that the parent has sent, and the cells that run.
pub(super) struct Cells {
    parent: Arc<Parent>,
    /// Where the threads of cells look out for messages.
    inlet: Weak<Inlet>,
    /// Where what takes time waits.
    main_thread: Handle,
    engine: Arc<ThreadEngine>,
    has_full_sandbox: bool,
    running: Arc<Running>,
    tools: Tools,
    stored: Stored,
    /// Told when a cell was started.
    pub(super) started: Notify,
}

/// The cells that have not ended.
#[derive(Default)]
struct Running(Mutex<HashMap<CellNumber, Arc<OneCell>>>);

#[derive(Default)]
struct OneCell {
    /// None for the moment until the engine has taken it.
    cell: OnceLock<Box<dyn RunningCell>>,
    /// What the parent was told of its usage.
    told: Mutex<EngineUsage>,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<CellNumber, Arc<OneCell>>> {
        // Nothing that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, number: CellNumber) -> Option<Arc<OneCell>> {
        self.lock().get(&number).map(Arc::clone)
    }
}

impl OneCell {
    /// Tells the parent what the cell has used, if that is more than before.
    fn tell_usage(&self, number: CellNumber, parent: &Parent) -> bool {
        let Some(cell) = self.cell.get() else { return false };
        let usage = cell.usage();
        let before = std::mem::replace(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner), usage);
        if before != usage {
            parent.push(&FromChild::Usage(number, usage), Vec::new());
        }
        before != usage
    }
}

/// Takes the events of one cell to the parent.
struct Sink {
    number: CellNumber,
    parent: Arc<Parent>,
    inlet: Weak<Inlet>,
    running: Arc<Running>,
}

impl EventSink for Sink {
    fn event(&self, event: Event) {
        // Most scripts are short: their start, what they print and what they do next travel together.
        let may_wait = match &event {
            Event::Started => true,
            Event::Content(item) => item.bytes() < SMALL,
            _ => false,
        };
        if matches!(event, Event::Finished(_) | Event::Lost(_)) {
            self.running.lock().remove(&self.number);
        } else if matches!(event, Event::YieldRequested | Event::Frontier(_))
            && let Some(cell) = self.running.get(self.number)
        {
            // An answer may follow, with what was used.
            cell.tell_usage(self.number, &self.parent);
        }
        for (event, tail) in event::encode(event) {
            self.parent.push(&FromChild::Event(self.number, event), tail);
        }
        if may_wait {
            self.parent.flush_soon();
        } else {
            self.parent.flush();
        }
    }

    fn engine_gone(&self) {
        if self.running.lock().remove(&self.number).is_some() {
            send_loss(&self.parent, self.number, LostBecause::Engine);
        }
    }

    fn lookout(&self) -> Option<Arc<dyn Lookout>> {
        self.inlet.upgrade().map(|inlet| inlet as Arc<dyn Lookout>)
    }
}

fn send_loss(parent: &Parent, number: CellNumber, because: LostBecause) {
    parent.push(&FromChild::Event(number, CellEvent::Lost(because)), Vec::new());
    parent.flush();
}

fn text(tail: Vec<u8>) -> String {
    // A parent sends UTF-8.
    String::from_utf8(tail).unwrap_or_default()
}

impl Cells {
    /// None yet. To be called in the context of the event loop.
    pub(super) fn new(parent: Arc<Parent>, inlet: Weak<Inlet>, has_full_sandbox: bool) -> Self {
        Self {
            tools: Tools::new(Arc::clone(&parent)),
            parent,
            inlet,
            main_thread: Handle::current(),
            engine: ThreadEngine::shared(),
            has_full_sandbox,
            running: Arc::default(),
            stored: Stored::default(),
            started: Notify::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.lock().is_empty()
    }

    /// Does what the parent says, one message after the other. What is for a cell that has ended is dropped.
    pub(super) fn obey(&self, message: ToChild, tail: Vec<u8>) {
        match message {
            ToChild::Pool(options) => ThreadEngine::configure(options),
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
                send_loss(&self.parent, cell, LostBecause::Sandbox);
            }
            ToChild::Start { cell, session, tools, line_offset, limits, flow, features, strict: _ } => {
                let Some(tools) = self.tools.get(tools) else {
                    return send_loss(&self.parent, cell, LostBecause::Engine);
                };
                let stored = self.stored.get(session);
                let source = text(tail);
                let inspection = None;
                self.start(
                    cell,
                    StartCell { source, line_offset, tools, stored, limits, flow, features, inspection },
                );
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
        if let Some(one) = self.running.get(number)
            && let Some(cell) = one.cell.get()
        {
            act(&**cell);
        }
    }

    fn start(&self, number: CellNumber, cell: StartCell) {
        let one = Arc::<OneCell>::default();
        // It may end before its engine has returned.
        self.running.lock().insert(number, Arc::clone(&one));
        let sink = Sink {
            number,
            parent: Arc::clone(&self.parent),
            inlet: Weak::clone(&self.inlet),
            running: Arc::clone(&self.running),
        };
        if let Some(limit) = cell.limits.cpu {
            self.main_thread.spawn(watch_cpu(Arc::clone(&self.running), number, limit));
        }
        // A cell that is not taken is told of by its sink.
        if let Ok(cell) = self.engine.start(cell, EventSender::new(Arc::new(sink))) {
            let _ = one.cell.set(cell);
        }
        self.started.notify_one();
    }

    /// Tells what the cells have used, and that the child is well. Says whether anything was used.
    pub(super) fn tell_usage(&self) -> bool {
        let mut any = false;
        // Under the lock, so that no cell ends meanwhile: nothing may be told of it after its end.
        for (number, cell) in &*self.running.lock() {
            any |= cell.tell_usage(*number, &self.parent);
        }
        self.parent.push(&FromChild::Alive, Vec::new());
        self.parent.flush();
        any
    }
}

/// Stops a cell that has used up its time. The parent looks, too, but knows only what it was told.
async fn watch_cpu(running: Arc<Running>, number: CellNumber, limit: Duration) {
    const SHORTEST: Duration = Duration::from_millis(1);
    let mut left = limit;
    loop {
        sleep(left.max(SHORTEST)).await;
        let Some(one) = running.get(number) else { return };
        let Some(cell) = one.cell.get() else {
            // It is about to start.
            left = SHORTEST;
            continue;
        };
        left = limit.saturating_sub(cell.usage().cpu);
        if left.is_zero() {
            return cell.interrupt(StopReason::CpuLimit);
        }
    }
}

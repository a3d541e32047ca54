//! One cell, as its supervisor knows it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::ledger::{Ledger, Violation};
use super::pool::Order;
use crate::engine::{EngineUsage, Event, EventSender, Finished, JsonText, Progress, StoredMap};
use crate::host::message::{CellEvent, ItemKind, LostBecause};
use crate::model::ContentItem;

/// What a cell's engine has told of it; read by the cell's actor.
#[derive(Debug, Default)]
pub(in crate::host) struct CellShared {
    usage: Mutex<EngineUsage>,
    progress: AtomicU8,
}

const QUEUED: u8 = 0;
const RUNNING: u8 = 1;
const STOPPED: u8 = 2;

impl CellShared {
    pub(in crate::host) fn usage(&self) -> EngineUsage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::host) fn progress(&self) -> Progress {
        match self.progress.load(Ordering::Acquire) {
            QUEUED => Progress::Queued,
            RUNNING => Progress::Running,
            _ => Progress::Stopped,
        }
    }

    fn set_progress(&self, progress: u8) {
        self.progress.store(progress, Ordering::Release);
    }

    /// What was told before stays: a child can't take back what was used.
    pub(super) fn set_usage(&self, told: EngineUsage) {
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        usage.cpu = usage.cpu.max(told.cpu);
        usage.peak_heap_bytes = usage.peak_heap_bytes.max(told.peak_heap_bytes);
    }
}

/// One cell of a child.
pub(super) struct CellRecord {
    pub(super) ledger: Ledger,
    pub(super) shared: Arc<CellShared>,
    pub(super) heap_bytes: usize,
    /// What it takes to run it elsewhere. None once the child has said something of it.
    again: Option<Box<Order>>,
    /// By when it must have stopped. None: nobody has told it to stop.
    pub(super) stop_by: Option<Instant>,
    events: EventSender,
    writes: StoredMap,
}

/// An event on its way to its cell.
pub(super) struct Delivery {
    events: EventSender,
    event: Event,
}

impl Delivery {
    /// Hands it over. The cell may act on it before this returns.
    pub(super) fn deliver(self) {
        self.events.send(self.event);
    }
}

/// What is to be done after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The cell goes on.
    GoesOn,
    /// The cell has ended.
    Ended,
    /// The cell has ended, and its child should not be given another one.
    EndedBadly,
}

impl CellRecord {
    pub(super) fn new(order: Box<Order>) -> Self {
        let limits = order.start.limits;
        Self {
            ledger: Ledger::new(limits, order.start.tools.entries().len()),
            shared: Arc::clone(&order.shared),
            heap_bytes: limits.heap_bytes,
            stop_by: None,
            events: order.events.clone(),
            writes: StoredMap::new(),
            again: Some(order),
        }
    }

    /// Checks what a child says of the cell. What is to be passed on is passed on by the caller, without any lock: the
    /// cell may answer at once.
    pub(super) fn receive(
        &mut self,
        event: CellEvent,
        tail: Vec<u8>,
    ) -> Result<(After, Option<Delivery>), Violation> {
        let text = String::from_utf8(tail).map_err(|_| Violation::Text("a text"))?;
        self.ledger.record(&event, &text)?;
        self.again = None;
        let mut after = After::GoesOn;
        let event = match event {
            CellEvent::Started => {
                self.shared.set_progress(RUNNING);
                Event::Started
            }
            CellEvent::Content(kind) => Event::Content(content_item(kind, text)),
            CellEvent::Notify(kind) => Event::Notify(kind, text),
            CellEvent::ToolCall { id, tool, has_input } => {
                Event::ToolCall { id, tool, input: has_input.then(|| JsonText::from_serialised(text)) }
            }
            CellEvent::YieldRequested => Event::YieldRequested,
            CellEvent::Frontier(number) => Event::Frontier(number),
            CellEvent::Stored { key_bytes } => {
                let mut key = text;
                // The ledger has seen that it can be split there.
                let value = key.split_off(key_bytes);
                self.writes.insert(key, Arc::new(JsonText::from_serialised(value)));
                return Ok((After::GoesOn, None));
            }
            CellEvent::Finished { outcome, unhandled_rejections, usage } => {
                self.shared.set_progress(STOPPED);
                self.shared.set_usage(usage);
                after = if is_well_after(&outcome) { After::Ended } else { After::EndedBadly };
                let writes = std::mem::take(&mut self.writes);
                let usage = self.shared.usage();
                Event::Finished(Box::new(Finished { outcome, writes, unhandled_rejections, usage }))
            }
            CellEvent::Lost(because) => {
                after = After::EndedBadly;
                Event::Lost(match because {
                    LostBecause::Engine => "the child process could not run the script".to_owned(),
                    LostBecause::Sandbox => {
                        "the sandbox of child processes is not complete on this system, and childOptions.strict asks \
                         for that"
                            .to_owned()
                    }
                })
            }
        };
        Ok((after, Some(Delivery { events: self.events.clone(), event })))
    }

    /// The child is gone, and this cell with it. To be called without any lock.
    fn lose(self, reason: &str) {
        self.shared.set_progress(STOPPED);
        self.events.send(Event::Lost(reason.to_owned()));
    }

    /// The child is gone. Gives back the cell if it can be run elsewhere; otherwise it is lost. To be called without any
    /// lock.
    pub(super) fn leave(mut self, reason: &str, may_move: bool) -> Option<Box<Order>> {
        let again = self.again.take().filter(|_| may_move);
        if again.is_none() {
            self.lose(reason);
        }
        again
    }
}

/// A child in which V8 ran out of memory has given up a thread with its heap.
fn is_well_after(outcome: &crate::engine::Outcome) -> bool {
    use crate::engine::{CellErrorCode, Outcome};
    match outcome {
        Outcome::Failed(error) => {
            !matches!(error.code, CellErrorCode::MemoryLimit | CellErrorCode::EngineLost)
        }
        Outcome::Completed | Outcome::Terminated => true,
    }
}

fn content_item(kind: ItemKind, text: String) -> ContentItem {
    match kind {
        ItemKind::Text => ContentItem::Text { text },
        ItemKind::Image(detail) => ContentItem::Image { image_url: text, detail },
        ItemKind::Audio => ContentItem::Audio { audio_url: text },
    }
}

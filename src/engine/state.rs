//! What the helpers of a running cell share. It lives in a slot of the isolate.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::buffers::BufferMeter;
use super::contain::contain;
use super::error::{self, Thrown};
use super::helpers::ConsoleFormatter;
use super::message::{Event, EventSender, StoredMap, ToolCallId};
use super::resizable_buffers::{PristineArrayBuffer, ResizableBuffers};
use super::stack::PristineErrors;
use super::stop::{OutputMeter, StopFlag, StopReason};
use super::timers::Timers;
use super::{CellError, CellLimits, Features, ToolSet};
use crate::engine::message::Position;
use crate::model::ContentItem;

/// Rejections that are kept to be reported. A script can make any number of them.
const MOST_REJECTIONS: usize = 1000;
/// Rejections that are reported.
const REPORTED_REJECTIONS: usize = 16;

/// A tool call that the script waits for.
pub(super) struct PendingCall {
    pub(super) resolver: v8::Global<v8::PromiseResolver>,
    /// Where the script made the call: errors of tools have no stack of their own.
    pub(super) position: Option<Position>,
}

struct Rejection {
    promise: v8::Global<v8::Promise>,
    reason: v8::Global<v8::Value>,
}

/// The state of one cell on its engine thread.
pub(super) struct CellState {
    pub(super) limits: CellLimits,
    pub(super) features: Features,
    /// What formats for `console`. None until it is first written to.
    pub(super) console: RefCell<Option<Rc<ConsoleFormatter>>>,
    pub(super) tools: Arc<ToolSet>,
    pub(super) stored: Arc<StoredMap>,
    pub(super) writes: RefCell<StoredMap>,
    /// Size of all stored values with this cell's writes: keys and JSON texts. None until it is first needed.
    pub(super) stored_bytes: Cell<Option<usize>>,
    pub(super) timers: RefCell<Timers<v8::Global<v8::Function>>>,
    pub(super) tools_object: RefCell<Option<v8::Global<v8::Object>>>,
    pub(super) all_tools: RefCell<Option<v8::Global<v8::Value>>>,
    /// The helpers as they were before the script ran.
    pub(super) helpers: Option<v8::Global<v8::Object>>,
    pub(super) pending: RefCell<HashMap<ToolCallId, PendingCall>>,
    pub(super) next_call: Cell<Option<ToolCallId>>,
    /// The modules that the script has imported.
    pub(super) modules: RefCell<HashMap<&'static str, v8::Global<v8::Module>>>,
    stop: Arc<StopFlag>,
    output: Arc<OutputMeter>,
    /// What V8 gave the context for errors.
    pub(super) errors: Option<PristineErrors>,
    /// What the script's `ArrayBuffer`s use.
    pub(super) buffers: Arc<BufferMeter>,
    /// Those of its buffers that can grow.
    pub(super) resizable_buffers: ResizableBuffers,
    events: EventSender,
    rejections: RefCell<Vec<Rejection>>,
}

/// What a new [`CellState`] is made of.
pub(super) struct CellParts {
    pub(super) limits: CellLimits,
    pub(super) features: Features,
    pub(super) tools: Arc<ToolSet>,
    pub(super) stored: Arc<StoredMap>,
    pub(super) stop: Arc<StopFlag>,
    pub(super) output: Arc<OutputMeter>,
    pub(super) buffers: Arc<BufferMeter>,
    pub(super) errors: Option<PristineErrors>,
    pub(super) helpers: Option<v8::Global<v8::Object>>,
    pub(super) array_buffer: Option<PristineArrayBuffer>,
    pub(super) events: EventSender,
}

impl CellState {
    pub(super) fn new(parts: CellParts) -> Self {
        Self {
            limits: parts.limits,
            features: parts.features,
            console: RefCell::default(),
            tools: parts.tools,
            stored: parts.stored,
            writes: RefCell::default(),
            stored_bytes: Cell::default(),
            timers: RefCell::default(),
            tools_object: RefCell::default(),
            all_tools: RefCell::default(),
            helpers: parts.helpers,
            pending: RefCell::default(),
            next_call: Cell::new(Some(ToolCallId::FIRST)),
            stop: parts.stop,
            output: parts.output,
            resizable_buffers: ResizableBuffers::new(&parts.buffers, parts.array_buffer),
            buffers: parts.buffers,
            errors: parts.errors,
            modules: RefCell::default(),
            events: parts.events,
            rejections: RefCell::default(),
        }
    }

    /// The state of the cell that runs in this isolate. None while the isolate is still virgin.
    pub(super) fn of(isolate: &v8::Isolate) -> Option<Rc<Self>> {
        isolate.get_slot::<Rc<Self>>().cloned()
    }

    /// Why the cell was stopped. Once it was, no helper has an effect any more.
    pub(super) fn stopped(&self) -> Option<StopReason> {
        self.stop.get()
    }

    /// Stops the script from within.
    pub(super) fn stop(&self, isolate: &v8::Isolate, reason: StopReason) {
        self.stop.set(reason);
        isolate.terminate_execution();
    }

    /// Sends an event, unless the cell was stopped.
    pub(super) fn emit(&self, event: Event) {
        if self.stopped().is_none() {
            self.events.send(event);
        }
    }

    /// Whether `bytes` more of output fit; otherwise the cell ends here.
    pub(super) fn reserve_output(&self, isolate: &v8::Isolate, bytes: usize) -> bool {
        let fits = self.output.try_add(bytes, self.limits.output_bytes);
        if !fits {
            self.stop(isolate, StopReason::OutputLimit);
        }
        fits
    }

    /// Emits a content item within the output limit.
    pub(super) fn emit_content(&self, isolate: &v8::Isolate, item: ContentItem) {
        if self.stopped().is_none() && self.reserve_output(isolate, item.bytes()) {
            self.emit(Event::Content(item));
        }
    }

    /// Rejections that still have no handler, as errors.
    pub(super) fn unhandled_rejections(&self, scope: &mut v8::PinScope<'_, '_>) -> Vec<CellError> {
        let rejections = std::mem::take(&mut *self.rejections.borrow_mut());
        rejections
            .iter()
            .take(REPORTED_REJECTIONS)
            .map(|rejection| {
                let reason = v8::Local::new(scope, &rejection.reason);
                error::describe(scope, Thrown::value(reason))
            })
            .collect()
    }

    /// Forgets the rejection of a promise: somebody handles it.
    pub(super) fn forget_rejection(
        &self,
        scope: &mut v8::PinScope<'_, '_>,
        promise: v8::Local<'_, v8::Promise>,
    ) {
        self.rejections.borrow_mut().retain(|rejection| v8::Local::new(scope, &rejection.promise) != promise);
    }
}

/// V8 tells of promises that were rejected while nobody listened, and of those that found a listener later.
pub(super) unsafe extern "C" fn on_promise_reject(message: v8::PromiseRejectMessage) {
    // SAFETY: V8 calls this with a live message, and no other scope of this isolate is in use meanwhile.
    v8::callback_scope!(unsafe scope, &message);
    contain(scope, |scope| note_rejection(scope, &message));
}

fn note_rejection(scope: &mut v8::PinScope<'_, '_>, message: &v8::PromiseRejectMessage<'_>) -> Option<()> {
    let state = CellState::of(scope)?;
    let promise = message.get_promise();
    match message.get_event() {
        v8::PromiseRejectEvent::PromiseRejectWithNoHandler => {
            let mut rejections = state.rejections.borrow_mut();
            if let Some(reason) = message.get_value()
                && rejections.len() < MOST_REJECTIONS
            {
                rejections.push(Rejection {
                    promise: v8::Global::new(scope, promise),
                    reason: v8::Global::new(scope, reason),
                });
            }
        }
        v8::PromiseRejectEvent::PromiseHandlerAddedAfterReject => state.forget_rejection(scope, promise),
        v8::PromiseRejectEvent::PromiseRejectAfterResolved
        | v8::PromiseRejectEvent::PromiseResolveAfterResolved => {}
    }
    Some(())
}

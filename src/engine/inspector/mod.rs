//! The inspector of a cell: debuggers speak with V8 about the script, set breakpoints and pause it.
//!
//! Everything here happens on the cell's engine thread. What debuggers say waits in the inbox. It is taken when the
//! script rests, when it is paused, and, by an interrupt of V8, while it runs.

mod client;
mod message;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use v8::inspector::{
    Channel, StringView, V8Inspector, V8InspectorClient, V8InspectorClientTrustLevel, V8InspectorSession,
};

pub use message::{DebuggerId, InspectedStart, Inspection, InspectorCommand, InspectorEvent};

use self::client::{Client, DebuggerChannel};
use super::isolate::HeapLimit;
use super::message::{Event, EventSender};
use super::stop::StopReason;
use super::thread::Shared;

/// All contexts of an isolate that are debugged together. A cell has one.
const CONTEXT_GROUP: i32 = 1;
/// What `DevTools` is told about the context: that it is the one in which its console evaluates.
const MAIN_CONTEXT: &[u8] = br#"{"isDefault":true}"#;
/// What a debugger would say that goes in good order.
const DISABLE_DEBUGGER: &str = r#"{"id":0,"method":"Debugger.disable"}"#;

/// The inspector of one cell. It lives in a slot of the isolate, where the interrupt finds it.
pub(super) struct Inspector {
    // They go before the inspector that they belong to.
    debuggers: RefCell<BTreeMap<DebuggerId, Rc<V8InspectorSession>>>,
    engine: V8Inspector,
    /// A handle of the scope in which the script runs, which outlives the inspector.
    context: v8::Local<'static, v8::Context>,
    this: Weak<Self>,
    isolate: v8::IsolateHandle,
    heap_limit: HeapLimit,
    shared: Arc<Shared>,
    events: EventSender,
    start: InspectedStart,
    is_waiting: Cell<bool>,
    is_paused: Cell<bool>,
}

impl Inspector {
    /// Makes the cell of this isolate one that can be debugged.
    pub(super) fn open(
        scope: &mut v8::PinScope<'_, '_>,
        inspection: &Inspection,
        heap_limit: HeapLimit,
        shared: Arc<Shared>,
        events: EventSender,
    ) -> Rc<Self> {
        let context = scope.get_current_context();
        // SAFETY: the context was entered with a handle of the scope of `run_cell`, which ends after `close`, and `close`
        // consumes the inspector.
        let kept_context = unsafe { context.extend_lifetime_unchecked() };
        let isolate = scope.thread_safe_handle();
        let this = Rc::new_cyclic(|this: &Weak<Self>| {
            let client = V8InspectorClient::new(Box::new(Client(Weak::clone(this))));
            Self {
                debuggers: RefCell::default(),
                engine: V8Inspector::create(scope, client),
                context: kept_context,
                this: Weak::clone(this),
                isolate,
                heap_limit,
                shared,
                events,
                start: inspection.start,
                is_waiting: Cell::new(inspection.start != InspectedStart::AtOnce),
                is_paused: Cell::new(false),
            }
        });
        let name = Text::new(&inspection.name);
        this.engine.context_created(context, CONTEXT_GROUP, name.view(), StringView::from(MAIN_CONTEXT));
        scope.set_slot(Rc::clone(&this));
        this
    }

    /// The inspector of the cell that runs in this isolate, if it has one.
    fn of(isolate: &v8::Isolate) -> Option<Rc<Self>> {
        isolate.get_slot::<Rc<Self>>().cloned()
    }

    /// The script has ended: says so to all debuggers, and lets them go.
    pub(super) fn close(self: Rc<Self>, scope: &mut v8::PinScope<'_, '_>) {
        self.engine.context_destroyed(scope.get_current_context());
        let debuggers = std::mem::take(&mut *self.debuggers.borrow_mut());
        drop(debuggers);
        scope.remove_slot::<Rc<Self>>();
        self.events.send(Event::Inspector(InspectorEvent::Closed));
    }

    /// Holds the script back until a debugger lets it start, if it is to wait for one.
    pub(super) fn hold_back(&self) {
        self.take_what_is_there();
        self.take_while(|| self.is_waiting.get());
    }

    /// Takes what debuggers have said so far. No lock or borrow of ours may be held that the script's code could need.
    pub(super) fn take_what_is_there(&self) {
        while self.shared.stop.get().is_none()
            && let Some(command) = self.shared.inbox.take_inspector()
        {
            self.take(command);
        }
    }

    /// Takes what debuggers say as long as `condition` holds, and the cell is not stopped. Nothing else happens in the
    /// cell meanwhile.
    fn take_while(&self, condition: impl Fn() -> bool) {
        self.shared.cpu.pause(false);
        while condition()
            && self.shared.stop.get().is_none()
            && let Some(command) = self.shared.inbox.wait_for_inspector()
        {
            self.take(command);
        }
        self.shared.cpu.resume(false);
        self.insist_on_stop();
    }

    fn take(&self, command: InspectorCommand) {
        self.contain(|| self.obey(command));
        self.insist_on_stop();
    }

    /// Ends the script again if it is to end: what a debugger evaluated may have used the first termination up.
    fn insist_on_stop(&self) {
        if self.shared.stop.get().is_some() {
            self.isolate.terminate_execution();
        }
    }

    /// Keeps a panic from unwinding into V8: it ends the cell.
    fn contain(&self, work: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            self.shared.stop.set(StopReason::Defect);
            self.isolate.terminate_execution();
        }
    }

    fn obey(&self, command: InspectorCommand) {
        match command {
            InspectorCommand::Attach(debugger) => {
                let channel = DebuggerChannel { debugger, inspector: Weak::clone(&self.this) };
                let session = self.engine.connect(
                    CONTEXT_GROUP,
                    Channel::new(Box::new(channel)),
                    StringView::empty(),
                    V8InspectorClientTrustLevel::FullyTrusted,
                );
                self.debuggers.borrow_mut().insert(debugger, Rc::new(session));
            }
            InspectorCommand::Message(debugger, text) => {
                // It may go while it is listened to: its message may pause the script.
                let session = self.debuggers.borrow().get(&debugger).cloned();
                if let Some(session) = session {
                    session.dispatch_protocol_message(Text::new(&text).view());
                    self.heap_limit.watch_first();
                }
            }
            InspectorCommand::Detach(debugger) => {
                let session = self.debuggers.borrow_mut().remove(&debugger);
                if let Some(session) = session {
                    // A script that nobody else could resume goes on.
                    session.dispatch_protocol_message(Text::new(DISABLE_DEBUGGER).view());
                }
            }
            // The inbox counts.
            InspectorCommand::Taken(_) => {}
        }
    }

    /// V8 has paused the script. It goes on when this returns.
    fn pause(&self) {
        self.is_paused.set(true);
        self.take_while(|| self.is_paused.get() && !self.debuggers.borrow().is_empty());
        self.is_paused.set(false);
    }

    fn context(&self) -> v8::Local<'static, v8::Context> {
        self.context
    }

    fn resume(&self) {
        self.is_paused.set(false);
    }

    /// A debugger lets the script start.
    fn start_script(&self) {
        if !self.is_waiting.replace(false) || self.start != InspectedStart::Paused {
            return;
        }
        let debuggers: Vec<_> = self.debuggers.borrow().values().cloned().collect();
        let reason = StringView::from(&b"Break on start"[..]);
        for debugger in debuggers {
            debugger.schedule_pause_on_next_statement(reason, StringView::from(&b"{}"[..]));
        }
    }

    /// Sends something to a debugger. Waits while debuggers have left too much of what was sent before.
    fn tell(&self, debugger: DebuggerId, text: String, is_answer: bool) {
        if self.shared.stop.get().is_none() && self.shared.inbox.reserve_for_debuggers(text.len()) {
            self.events.send(Event::Inspector(InspectorEvent::Message { debugger, text, is_answer }));
        }
    }
}

/// Has V8 call the inspector of this isolate soon, even if the script never rests.
pub(super) fn interrupt(isolate: &v8::IsolateHandle) {
    isolate.request_interrupt(on_interrupt, std::ptr::null_mut());
}

/// V8 calls this between two steps of the script.
unsafe extern "C" fn on_interrupt(isolate: v8::UnsafeRawIsolatePtr, _data: *mut c_void) {
    // SAFETY: V8 passes the isolate that it has interrupted, which is alive and belongs to this thread. Only a slot is
    // read.
    let isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(isolate) };
    if let Some(inspector) = Inspector::of(&isolate) {
        inspector.take_what_is_there();
    }
}

/// A text as V8's inspector reads it: what is not ASCII goes as UTF-16.
enum Text<'a> {
    Ascii(&'a str),
    Wide(Vec<u16>),
}

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Self {
        if text.is_ascii() { Self::Ascii(text) } else { Self::Wide(text.encode_utf16().collect()) }
    }

    fn view(&self) -> StringView<'_> {
        match self {
            Self::Ascii(text) => StringView::from(text.as_bytes()),
            Self::Wide(units) => StringView::from(&units[..]),
        }
    }
}

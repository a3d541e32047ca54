//! The life of one script on its engine thread: load, evaluate, then results and timers until its promise is settled.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::error::{self, Thrown};
use super::inbox::Wake;
use super::inspector::Inspector;
use super::isolate::VirginIsolate;
use super::message::{
    CellError, CellErrorCode, Event, Finished, Flow, Outcome, StoredMap, ToolCallId, ToolOutcome,
};
use super::out_of_memory::Cause;
use super::pool::Job;
use super::state::{CellParts, CellState};
use super::stop::StopReason;
use super::thread::Shared;
use super::values::parse_json;
use super::{CellLimits, JsonText, helpers, modules, out_of_memory};
use crate::model::code_frame;

/// Runs a cell to its end, says how it ended, and throws the isolate away. Says whether the thread may take another
/// cell: one that had been given up has the lowest priority.
pub(super) fn run_cell(mut virgin: VirginIsolate, job: Job) -> bool {
    let Job { cell, events, shared } = job;
    shared.cpu.start_here();
    virgin.belongs_to(&shared.stop);
    virgin.buffers.set_limit(cell.limits.array_buffer_bytes);
    shared.runs_in(virgin.isolate.thread_safe_handle());
    let state = Rc::new(CellState::new(CellParts {
        limits: cell.limits,
        features: cell.features,
        tools: cell.tools,
        stored: cell.stored,
        stop: Arc::clone(&shared.stop),
        output: Arc::clone(&shared.output),
        buffers: Arc::clone(&virgin.buffers),
        errors: virgin.errors.take(),
        helpers: virgin.helpers.take(),
        array_buffer: virgin.array_buffer.take(),
        events: events.clone(),
    }));
    virgin.isolate.set_slot(Rc::clone(&state));
    let (last_shared, limits) = (Arc::clone(&shared), cell.limits);
    // SAFETY: V8 gave it, and it is used on this thread only, while the isolate lives: `forget` comes before its end.
    let isolate = unsafe { virgin.isolate.as_raw_isolate_ptr() };
    out_of_memory::prepare(events.clone(), move |cause| {
        died_of_memory(cause, isolate, &last_shared, &limits)
    });
    state.emit(Event::Started);
    let inspection = cell.inspection.map(|inspection| (inspection, virgin.heap_limit()));
    let finished = {
        v8::scope!(let scope, &mut virgin.isolate);
        let context = v8::Local::new(scope, &virgin.context);
        let scope = &mut v8::ContextScope::new(scope, context);
        helpers::define_console(scope, &state);
        let inspector = inspection.map(|(inspection, heap_limit)| {
            Inspector::open(scope, &inspection, heap_limit, Arc::clone(&shared), events.clone())
        });
        let script = Script {
            state: &state,
            shared: &shared,
            inspector: inspector.as_deref(),
            heap_noted: Cell::new(None),
        };
        let mut outcome = script.run(scope, &cell.source, cell.line_offset);
        if let Outcome::Failed(error) = &mut outcome {
            error::explain_refused_buffer(error, &state);
            error.frame = error.position.and_then(|position| {
                code_frame(&cell.source, cell.line_offset + 1, position.line, position.column)
            });
        }
        let finished = finish(scope, &state, &shared, outcome);
        if let Some(inspector) = inspector {
            inspector.close(scope);
        }
        finished
    };
    out_of_memory::forget();
    let was_given_up = shared.life.stop();
    events.send(Event::Finished(Box::new(finished)));
    // The answer is out; the clean-up costs nobody's time. Whoever was woken goes first, also on this core.
    std::thread::yield_now();
    // Handles go before their isolate.
    virgin.isolate.remove_slot::<Rc<CellState>>();
    drop(state);
    virgin.dispose();
    !was_given_up
}

fn finish(
    scope: &mut v8::PinScope<'_, '_>,
    state: &CellState,
    shared: &Shared,
    outcome: Outcome,
) -> Finished {
    let unhandled_rejections =
        if outcome == Outcome::Terminated { Vec::new() } else { state.unhandled_rejections(scope) };
    note_heap(scope, shared);
    shared.cpu.stop();
    Finished { outcome, writes: state.writes.take(), unhandled_rejections, usage: shared.usage() }
}

/// What a cell is answered with whose isolate is lost: it has stored nothing, and reports no rejections.
fn died_of_memory(
    cause: Cause,
    isolate: v8::UnsafeRawIsolatePtr,
    shared: &Shared,
    limits: &CellLimits,
) -> Finished {
    shared.cpu.stop();
    // SAFETY: it is the isolate of this thread, which V8 is about to give up. Only its counters are read.
    let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(isolate) };
    note_heap(&mut isolate, shared);
    shared.life.lose(isolate.get_heap_statistics().total_heap_size());
    // A termination that came first has its own answer.
    let reason = shared.stop.get().filter(|reason| *reason == StopReason::Terminate);
    let error = match (reason, cause) {
        (None, Cause::Size) => Some(error::too_large()),
        (reason, _) => error::of_stop(reason.unwrap_or(StopReason::MemoryLimit), limits),
    };
    Finished {
        outcome: error.map_or(Outcome::Terminated, Outcome::Failed),
        writes: StoredMap::new(),
        unhandled_rejections: Vec::new(),
        usage: shared.usage(),
    }
}

fn note_heap(scope: &mut v8::Isolate, shared: &Shared) {
    let used = scope.get_heap_statistics().used_heap_size();
    shared.peak_heap_bytes.fetch_max(used, Ordering::Relaxed);
}

/// How long a figure of the heap's size is good enough. V8 takes a while to add it up.
const HEAP_NOTE_TIME: Duration = Duration::from_millis(2);

/// One running script.
struct Script<'cell> {
    state: &'cell CellState,
    shared: &'cell Shared,
    inspector: Option<&'cell Inspector>,
    heap_noted: Cell<Option<Instant>>,
}

/// What the script's promise says.
enum Progress {
    Pending,
    Ended(Outcome),
}

impl Script<'_> {
    fn run(&self, scope: &mut v8::PinScope<'_, '_>, source: &str, line_offset: u32) -> Outcome {
        self.hold_back();
        if let Some(reason) = self.state.stopped() {
            return self.stopped(reason);
        }
        let promise = match self.start(scope, source, line_offset) {
            Ok(promise) => promise,
            Err(outcome) => return outcome,
        };
        loop {
            v8::scope!(let scope, scope);
            match self.progress(scope, promise) {
                Progress::Ended(outcome) => return outcome,
                Progress::Pending => {}
            }
            if let Err(outcome) = self.advance(scope) {
                return outcome;
            }
        }
    }

    /// Loads and evaluates the module.
    fn start<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        source: &str,
        line_offset: u32,
    ) -> Result<v8::Local<'s, v8::Promise>, Outcome> {
        v8::tc_scope!(let scope, scope);
        let Some(module) = modules::load(scope, self.state, source, line_offset) else {
            let thrown = scope.exception().map(|exception| Thrown::while_loading(exception, scope.message()));
            return Err(self.stopped_or_failed(scope, thrown));
        };
        let promise = module.evaluate(scope).and_then(|value| v8::Local::<v8::Promise>::try_from(value).ok());
        let Some(promise) = promise else {
            let thrown = scope.exception().map(Thrown::value);
            return Err(self.stopped_or_failed(scope, thrown));
        };
        // Its rejection is the cell's failure, not one that nobody handles.
        promise.mark_as_handled();
        self.state.forget_rejection(scope, promise);
        scope.perform_microtask_checkpoint();
        Ok(promise)
    }

    fn progress<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        promise: v8::Local<'s, v8::Promise>,
    ) -> Progress {
        if let Some(reason) = self.state.stopped() {
            return Progress::Ended(self.stopped(reason));
        }
        match promise.state() {
            v8::PromiseState::Pending => Progress::Pending,
            v8::PromiseState::Fulfilled => Progress::Ended(Outcome::Completed),
            v8::PromiseState::Rejected => {
                let reason = promise.result(scope);
                Progress::Ended(Outcome::Failed(error::describe(scope, Thrown::value(reason))))
            }
        }
    }

    /// Runs what is due, or sleeps until something is.
    fn advance(&self, scope: &mut v8::PinScope<'_, '_>) -> Result<(), Outcome> {
        if self.run_timers(scope)? || self.settle(scope, self.shared.inbox.take_settled()) {
            return Ok(());
        }
        while v8::Platform::pump_message_loop(&v8::V8::get_current_platform(), scope, false) {}
        self.note_heap(scope);
        let works = self.shared.inbox.lends_threads();
        self.shared.cpu.pause(works);
        let wake = self.sleep();
        self.shared.cpu.resume(works);
        match wake {
            Wake::Settled(settled) => {
                self.settle(scope, settled);
            }
            Wake::Inspector => {
                self.listen_to_debuggers();
                // What a debugger evaluated may have settled promises.
                if self.state.stopped().is_none() {
                    scope.perform_microtask_checkpoint();
                }
            }
            Wake::Due | Wake::Flow | Wake::Stopped => {}
        }
        Ok(())
    }

    /// Waits for a debugger, if the script is not to start without one.
    fn hold_back(&self) {
        if let Some(inspector) = self.inspector {
            inspector.hold_back();
        }
    }

    fn listen_to_debuggers(&self) {
        if let Some(inspector) = self.inspector {
            inspector.take_what_is_there();
        }
    }

    fn note_heap(&self, scope: &mut v8::Isolate) {
        if self.heap_noted.get().is_none_or(|noted| noted.elapsed() >= HEAP_NOTE_TIME) {
            note_heap(scope, self.shared);
            self.heap_noted.set(Some(Instant::now()));
        }
    }

    fn sleep(&self) -> Wake {
        let inbox = &self.shared.inbox;
        match inbox.obey_flow() {
            (Flow::Run, _) => {
                let due = self.state.timers.borrow_mut().next_due();
                inbox.wait(due)
            }
            (Flow::Step, number) => {
                self.state.emit(Event::Frontier(number));
                loop {
                    match inbox.wait_frozen() {
                        // It stays frozen meanwhile, unless a debugger ends it.
                        Wake::Inspector => {
                            self.listen_to_debuggers();
                            if self.state.stopped().is_some() {
                                break Wake::Stopped;
                            }
                        }
                        wake => break wake,
                    }
                }
            }
        }
    }

    /// Calls back the timeouts that are due now. Those that they set wait for the next round.
    fn run_timers(&self, scope: &mut v8::PinScope<'_, '_>) -> Result<bool, Outcome> {
        let now = Instant::now();
        let mut ran = false;
        loop {
            let Some(callback) = self.state.timers.borrow_mut().take_due(now) else {
                return Ok(ran);
            };
            ran = true;
            v8::tc_scope!(let scope, scope);
            let callback = v8::Local::new(scope, callback);
            let receiver = v8::undefined(scope).into();
            if callback.call(scope, receiver, &[]).is_none() {
                let thrown = scope.exception().map(Thrown::value);
                return Err(self.stopped_or_failed(scope, thrown));
            }
            scope.perform_microtask_checkpoint();
            if let Some(reason) = self.state.stopped() {
                return Err(self.stopped(reason));
            }
        }
    }

    /// Settles the promises of tool calls that have ended, all of them, then lets the script react.
    fn settle(&self, scope: &mut v8::PinScope<'_, '_>, settled: VecDeque<(ToolCallId, ToolOutcome)>) -> bool {
        let mut any = false;
        for (id, outcome) in settled {
            let Some(call) = self.state.pending.borrow_mut().remove(&id) else {
                continue;
            };
            any = true;
            v8::tc_scope!(let scope, scope);
            let resolver = v8::Local::new(scope, &call.resolver);
            let value = match &outcome {
                ToolOutcome::Undefined => Ok(v8::undefined(scope).into()),
                ToolOutcome::Value(text) if !fits(scope, text) => Err(TOO_LARGE),
                ToolOutcome::Value(text) => {
                    parse_json(scope, text).ok_or("the tool's result could not be read")
                }
                ToolOutcome::Failed(message) => Err(message.as_str()),
            };
            match value {
                Ok(value) => resolver.resolve(scope, value),
                Err(message) => {
                    let error = error::tool_error(scope, message, call.position);
                    resolver.reject(scope, error)
                }
            };
        }
        if any {
            v8::tc_scope!(let scope, scope);
            scope.perform_microtask_checkpoint();
        }
        any
    }

    fn stopped(&self, reason: StopReason) -> Outcome {
        match error::of_stop(reason, &self.state.limits) {
            Some(error) => Outcome::Failed(error),
            None if reason == StopReason::Exit => Outcome::Completed,
            None => Outcome::Terminated,
        }
    }

    fn stopped_or_failed<'s>(&self, scope: &mut v8::PinScope<'s, '_>, thrown: Option<Thrown<'s>>) -> Outcome {
        if let Some(reason) = self.state.stopped() {
            return self.stopped(reason);
        }
        Outcome::Failed(thrown.map_or_else(unknown_failure, |thrown| error::describe(scope, thrown)))
    }
}

const TOO_LARGE: &str = "the tool's result takes more memory than the cell has left: see limits.heapBytes";

/// Whether a text and the value that it stands for fit into the heap. V8 can't go back when they do not.
fn fits(scope: &mut v8::Isolate, text: &JsonText) -> bool {
    const SMALL: usize = 1024 * 1024;
    if text.bytes() <= SMALL {
        return true;
    }
    // V8 keeps two bytes for each character as soon as one is not Latin-1.
    let text_bytes = if text.as_str().is_ascii() { text.bytes() } else { 2 * text.bytes() };
    let heap = scope.get_heap_statistics();
    2 * text_bytes <= heap.heap_size_limit().saturating_sub(heap.used_heap_size())
}

fn unknown_failure() -> CellError {
    CellError::without_place(CellErrorCode::ScriptError, "Error", "unknown code mode exception")
}

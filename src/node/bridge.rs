//! The way into Node's loop and back: one threadsafe function for each module instance of each environment.
//!
//! Messages queue here and travel together: the first one wakes the loop, and the loop takes all that are there. When
//! the environment ends, the gate closes: nothing is sent to it any more, and every call that waits is answered here.

use std::collections::{HashMap, VecDeque};
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status};
use napi_derive::napi;

use super::error::{CodedError, environment};
use super::message::{Field, Message, whole};
use crate::cell::{CellHandle, CellKey, Host, NotificationId, ToolCall};
use crate::engine::{InspectorEvent, JsonText, NotificationKind, ToolCallId, ToolOutcome, lost_engines};
#[cfg(unix)]
use crate::host::{LoopReader, read_in_loop};
use crate::session::{SHUTDOWN_TIME, Session};

/// Weight of the messages that travel together, at the most. JavaScript looks at the clock between batches.
const MOST_IN_BATCH: usize = 256;

type Batch = Vec<Vec<Field>>;
type Delivery = ThreadsafeFunction<(), (), FnArgs<(Batch,)>, Status, false, true>;

/// The shared part of a bridge.
pub(super) struct Bridge {
    queue: Mutex<Queue>,
    /// None once the environment has begun to end.
    gate: RwLock<Option<Delivery>>,
    /// Promises that JavaScript waits for; while there are any, the program stays alive.
    outstanding: Mutex<usize>,
    cells: Mutex<HashMap<CellKey, CellHandle>>,
    sessions: Mutex<Vec<Weak<Session>>>,
    /// What reads child processes on the JavaScript thread. Made for the first session that has any; None if it can't be.
    #[cfg(unix)]
    loop_reader: OnceLock<Option<Arc<LoopReader>>>,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
    /// The loop was told that there are messages, or is about to be.
    is_called: bool,
    /// The loop has others to serve first. It asks when it has.
    is_paused: bool,
}

impl Queue {
    /// What travels next: a message at least, if there is one.
    fn take(&mut self) -> Vec<Message> {
        let (mut messages, mut weight) = (Vec::new(), 0);
        while weight < MOST_IN_BATCH
            && !self.is_paused
            && let Some(message) = self.messages.pop_front()
        {
            weight += message.weight();
            messages.push(message);
        }
        messages
    }

    /// Whether the loop is to be told now. Whoever asks tells it then.
    fn calls(&mut self) -> bool {
        let calls = !self.messages.is_empty() && !self.is_called && !self.is_paused;
        self.is_called |= calls;
        calls
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks can panic half-way, so what they guard is whole even if they are poisoned.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bridge {
    /// Queues a message. It is lost if the environment has ended.
    pub(super) fn send(&self, mut message: Message) {
        let before = message.split();
        let calls = {
            let mut queue = lock(&self.queue);
            queue.messages.extend(before);
            queue.messages.push_back(message);
            queue.calls()
        };
        if calls {
            self.call();
        }
    }

    fn call(&self) {
        if let Some(delivery) = &*self.gate.read().unwrap_or_else(PoisonError::into_inner) {
            // A refusal means that the environment is ending; its clean-up answers whoever waits.
            let _ = delivery.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Takes what is queued, or a part of it. Runs on the JavaScript thread.
    fn take_batch(&self, env: &Env) -> Batch {
        let (messages, calls) = {
            let mut queue = lock(&self.queue);
            queue.is_called = false;
            (queue.take(), queue.calls())
        };
        if calls {
            self.call();
        }
        let settled = messages.iter().filter(|message| message.settles()).count();
        self.release(env, settled);
        messages.into_iter().map(Message::into_fields).collect()
    }

    /// Keeps the program alive until one more promise is settled. Called on the JavaScript thread.
    #[allow(deprecated)] // Nothing else can hold the loop only while somebody waits.
    pub(super) fn retain(&self, env: &Env) {
        let mut outstanding = lock(&self.outstanding);
        *outstanding += 1;
        if *outstanding == 1
            && let Some(delivery) = &mut *self.gate.write().unwrap_or_else(PoisonError::into_inner)
        {
            let _ = delivery.refer(env);
        }
    }

    #[allow(deprecated)] // See `retain`.
    fn release(&self, env: &Env, settled: usize) {
        let mut outstanding = lock(&self.outstanding);
        let before = *outstanding;
        *outstanding = before.saturating_sub(settled);
        if before > 0
            && *outstanding == 0
            && let Some(delivery) = &mut *self.gate.write().unwrap_or_else(PoisonError::into_inner)
        {
            let _ = delivery.unref(env);
        }
    }

    /// Makes a session known, so that it ends with the environment.
    pub(super) fn add_session(&self, session: &Arc<Session>) {
        let mut sessions = lock(&self.sessions);
        sessions.retain(|session| session.strong_count() > 0);
        sessions.push(Arc::downgrade(session));
    }

    /// What reads child processes on the JavaScript thread, which must be this one. None where the loop can't.
    #[cfg(unix)]
    pub(super) fn loop_reader(&self, env: &Env, libuv: &str) -> Option<Arc<LoopReader>> {
        self.loop_reader.get_or_init(|| read_in_loop(env, libuv)).clone()
    }

    pub(super) fn cell(&self, key: CellKey) -> Option<CellHandle> {
        lock(&self.cells).get(&key).cloned()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.gate.read().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// The environment ends: closes the gate, and stops what runs for it. Waits a little for that, but not for long.
    fn close(&self) {
        drop(self.gate.write().unwrap_or_else(PoisonError::into_inner).take());
        let sessions: Vec<_> =
            lock(&self.sessions).drain(..).filter_map(|session| session.upgrade()).collect();
        let left = Arc::new((Mutex::new(sessions.len()), Condvar::new()));
        for session in sessions {
            let left = Arc::clone(&left);
            session.close(move || {
                *lock(&left.0) -= 1;
                left.1.notify_all();
            });
        }
        // Tools that were called can't answer any more.
        let cells: Vec<_> = lock(&self.cells).values().cloned().collect();
        for cell in cells {
            cell.host_is_gone();
        }
        drop(left.1.wait_timeout_while(lock(&left.0), SHUTDOWN_TIME, |left| *left > 0));
    }
}

fn gone() -> ToolOutcome {
    ToolOutcome::Failed("the program that offers this tool has ended".into())
}

impl Host for Bridge {
    fn opened(&self, cell: CellHandle) {
        lock(&self.cells).insert(cell.key, cell);
    }

    fn call_tool(&self, call: ToolCall) {
        if self.is_closed() {
            if let Some(cell) = self.cell(call.cell) {
                cell.tool_ended(call.id, gone());
            }
        } else {
            self.send(Message::ToolCall(call));
        }
    }

    fn abort_tool(&self, cell: CellKey, id: ToolCallId) {
        self.send(Message::AbortTool { cell, id });
    }

    fn notify(&self, cell: CellKey, id: NotificationId, kind: NotificationKind, text: String) {
        if self.is_closed() {
            if let Some(cell) = self.cell(cell) {
                cell.notification_ended(id);
            }
        } else {
            self.send(Message::Notify { cell, id, kind, text });
        }
    }

    fn inspector(&self, cell: CellKey, event: InspectorEvent) {
        self.send(Message::Inspector { cell, event });
    }

    fn engine_lost(&self, cell: CellKey) {
        static LOST: AtomicU64 = AtomicU64::new(0);
        let lost = LOST.fetch_add(1, Ordering::Relaxed) + 1;
        self.send(Message::EngineLost { cell, lost, held: lost_engines() });
    }

    fn closed(&self, cell: CellKey) {
        lock(&self.cells).remove(&cell);
        self.send(Message::CellClosed { cell });
    }
}

/// What JavaScript holds of a bridge.
#[napi]
pub struct NativeBridge {
    pub(super) bridge: Arc<Bridge>,
}

/// How a tool call ended, as JavaScript says it.
const UNDEFINED: u64 = 0;
const VALUE: u64 = 1;

#[napi]
impl NativeBridge {
    /// Opens a bridge. `deliver` gets batches of messages, and must not throw.
    ///
    /// # Errors
    /// When the environment is closing.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env, deliver: Function<'_, FnArgs<(Batch,)>, ()>) -> Result<Self, CodedError> {
        Self::open(env, &deliver).map_err(|error| environment(&error))
    }

    fn open(env: &Env, deliver: &Function<'_, FnArgs<(Batch,)>, ()>) -> napi::Result<Self> {
        let bridge = Arc::new(Bridge {
            queue: Mutex::default(),
            gate: RwLock::new(None),
            outstanding: Mutex::default(),
            cells: Mutex::default(),
            sessions: Mutex::default(),
            #[cfg(unix)]
            loop_reader: OnceLock::new(),
        });
        let source = Arc::downgrade(&bridge);
        let delivery = deliver
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .callee_handled::<false>()
            .build_callback(move |context| {
                let batch = source.upgrade().map(|bridge| bridge.take_batch(&context.env));
                Ok(FnArgs { data: (batch.unwrap_or_default(),) })
            })?;
        *bridge.gate.write().unwrap_or_else(PoisonError::into_inner) = Some(delivery);
        // Hooks run last-added-first: this one closes the gate before Node closes the threadsafe function.
        env.add_env_cleanup_hook(Arc::downgrade(&bridge), |bridge| {
            if let Some(bridge) = bridge.upgrade() {
                bridge.close();
            }
        })?;
        Ok(Self { bridge })
    }

    /// Sends nothing to the loop until [`NativeBridge::resume`]. What comes meanwhile waits.
    #[napi(catch_unwind)]
    pub fn pause(&self) {
        lock(&self.bridge.queue).is_paused = true;
    }

    /// Sends to the loop again.
    #[napi(catch_unwind)]
    pub fn resume(&self) {
        let calls = {
            let mut queue = lock(&self.bridge.queue);
            queue.is_paused = false;
            queue.calls()
        };
        if calls {
            self.bridge.call();
        }
    }

    /// Says how tool calls ended: groups of cell key, call number, status and text.
    #[napi(catch_unwind)]
    pub fn settle(&self, calls: Vec<Field>) {
        let mut fields = calls.into_iter();
        while let (Some(Field::A(cell)), Some(Field::A(call)), Some(Field::A(status)), Some(text)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        {
            let number = u32::try_from(whole(call)).unwrap_or(0);
            let (Some(cell), Some(id)) =
                (self.bridge.cell(CellKey::from_number(whole(cell))), ToolCallId::new(number))
            else {
                continue;
            };
            let text = if let Field::B(text) = text { text } else { String::new() };
            cell.tool_ended(
                id,
                match whole(status) {
                    UNDEFINED => ToolOutcome::Undefined,
                    VALUE => ToolOutcome::Value(JsonText::from_serialised(text)),
                    _ => ToolOutcome::Failed(text),
                },
            );
        }
    }

    /// Says that a notification was taken.
    #[napi(catch_unwind)]
    pub fn notified(&self, cell: f64, notification: u32) {
        if let Some(cell) = self.bridge.cell(CellKey::from_number(whole(cell))) {
            cell.notification_ended(NotificationId::new(notification));
        }
    }
}

/// The longest yield time that is kept apart from "never": about 285 years.
const LONGEST_YIELD: Duration = Duration::from_hours(2_500_000);

/// A yield time. None for one that never comes.
pub(super) fn yield_time(milliseconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(milliseconds.max(0.0) / 1000.0).ok().filter(|time| *time < LONGEST_YIELD)
}

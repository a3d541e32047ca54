//! The engine that runs cells on threads of this process.

use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};

use super::cpu_clock::CpuClock;
use super::inbox::Inbox;
use super::inspector::{self, InspectorCommand};
use super::life::{self, Life};
use super::message::{Command, EngineUsage, EventSender, StartCell};
use super::pool::{Job, Pool, PoolOptions};
use super::stop::{OutputMeter, StopFlag, StopReason};
use super::{Engine, EngineUnavailable, Progress, RunningCell, address_space, platform};

static SHARED: OnceLock<Arc<ThreadEngine>> = OnceLock::new();

/// Runs every cell on a thread of its own, taken from a pool of threads that have an isolate ready.
#[derive(Default)]
pub struct ThreadEngine {
    pool: Arc<Pool>,
}

impl ThreadEngine {
    /// The engine of this process. All sessions share it. The first call starts V8, and does not wait for it.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        Arc::clone(SHARED.get_or_init(|| {
            platform::start();
            Arc::default()
        }))
    }

    /// Says how many threads of this process stand ready, and for how long. It takes effect at once. Does not start V8.
    pub fn configure(options: PoolOptions) {
        options.set();
        // An engine that is made from now on finds them.
        if let Some(engine) = SHARED.get() {
            engine.pool.reconsider();
        }
    }

    /// Starts V8 and a first thread in the background, so that the first cell finds them, if any is to stand ready.
    pub fn warm_up(&self) {
        Pool::warm_up(&self.pool);
    }
}

/// What the engine thread and the outside share about one cell.
pub(super) struct Shared {
    pub(super) inbox: Arc<Inbox>,
    pub(super) output: Arc<OutputMeter>,
    pub(super) stop: Arc<StopFlag>,
    pub(super) cpu: CpuClock,
    pub(super) peak_heap_bytes: AtomicUsize,
    pub(super) life: Life,
    /// Set when a thread has taken the cell.
    isolate: OnceLock<v8::IsolateHandle>,
}

impl Shared {
    pub(super) fn usage(&self) -> EngineUsage {
        EngineUsage { cpu: self.cpu.elapsed(), peak_heap_bytes: self.peak_heap_bytes.load(Ordering::Relaxed) }
    }

    /// Says in which isolate the cell runs. An interrupt that came before takes effect now.
    pub(super) fn runs_in(&self, isolate: v8::IsolateHandle) {
        self.life.begin();
        let isolate = self.isolate.get_or_init(|| isolate);
        // With its twin in `interrupt`: whichever comes second sees what the first has written.
        fence(Ordering::SeqCst);
        if self.stop.get().is_some() {
            isolate.terminate_execution();
        }
    }
}

impl Engine for ThreadEngine {
    fn start(&self, cell: StartCell, events: EventSender) -> Result<Box<dyn RunningCell>, EngineUnavailable> {
        life::check_losses()?;
        address_space::check_isolate()?;
        let shared = Arc::new(Shared {
            inbox: Inbox::new(cell.flow, events.lookout()),
            output: Arc::default(),
            stop: Arc::default(),
            cpu: CpuClock::default(),
            peak_heap_bytes: AtomicUsize::new(0),
            life: Life::default(),
            isolate: OnceLock::new(),
        });
        Pool::run(&self.pool, Job { cell, events, shared: Arc::clone(&shared) })?;
        Ok(Box::new(ThreadCell { shared }))
    }
}

struct ThreadCell {
    shared: Arc<Shared>,
}

impl RunningCell for ThreadCell {
    fn send(&self, command: Command) {
        self.shared.inbox.push(command);
    }

    fn inspect(&self, command: InspectorCommand) {
        if !self.shared.inbox.push_inspector(command) {
            return;
        }
        // As in `interrupt`: either this finds the isolate, or the thread that takes the cell finds the command.
        fence(Ordering::SeqCst);
        if let Some(isolate) = self.shared.isolate.get() {
            inspector::interrupt(isolate);
        }
    }

    fn interrupt(&self, reason: StopReason) {
        self.shared.stop.set(reason);
        fence(Ordering::SeqCst);
        if let Some(isolate) = self.shared.isolate.get() {
            isolate.terminate_execution();
        }
        self.shared.inbox.stop();
    }

    fn output_delivered(&self, items: usize, bytes: usize) {
        self.shared.output.subtract(items, bytes);
    }

    fn usage(&self) -> EngineUsage {
        self.shared.usage()
    }

    fn progress(&self) -> Progress {
        self.shared.life.progress()
    }

    fn give_up(&self) -> bool {
        // How much it holds, only its own thread could tell.
        self.shared.life.lose(0)
    }
}

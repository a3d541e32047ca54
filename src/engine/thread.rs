//! The engine that runs cells on threads of this process.

use std::sync::Arc;

use super::cpu_clock::CpuClock;
use super::inbox::Inbox;
use super::isolate::IsolateOptions;
use super::message::{Command, EngineUsage, EventSender, StartCell};
use super::pool::{Job, Pool};
use super::stop::{OutputMeter, StopFlag, StopReason};
use super::{Engine, EngineUnavailable, RunningCell};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs every cell on a thread of its own, taken from a pool of threads that have an isolate ready.
#[derive(Debug, Default)]
pub struct ThreadEngine {
    pool: Arc<Pool>,
}

impl ThreadEngine {
    /// The engine of this process. All sessions share it.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: std::sync::LazyLock<Arc<ThreadEngine>> = std::sync::LazyLock::new(Arc::default);
        Arc::clone(&SHARED)
    }
}

/// What the engine thread and the outside share about one cell.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) inbox: Arc<Inbox>,
    pub(super) output: Arc<OutputMeter>,
    pub(super) cpu: CpuClock,
    pub(super) peak_heap_bytes: AtomicUsize,
}

impl Shared {
    pub(super) fn usage(&self) -> EngineUsage {
        EngineUsage { cpu: self.cpu.elapsed(), peak_heap_bytes: self.peak_heap_bytes.load(Ordering::Relaxed) }
    }
}

impl Engine for ThreadEngine {
    fn start(&self, cell: StartCell, events: EventSender) -> Result<Box<dyn RunningCell>, EngineUnavailable> {
        let shared = Arc::new(Shared {
            inbox: Inbox::new(cell.flow),
            output: Arc::default(),
            cpu: CpuClock::default(),
            peak_heap_bytes: AtomicUsize::new(0),
        });
        let options = IsolateOptions { heap_bytes: cell.limits.heap_bytes };
        let engine = Pool::acquire(&self.pool, options)?;
        engine.run(Job { cell, events, shared: Arc::clone(&shared) })?;
        Ok(Box::new(ThreadCell { shared, stop: engine.stop, isolate: engine.isolate }))
    }
}

struct ThreadCell {
    shared: Arc<Shared>,
    stop: Arc<StopFlag>,
    isolate: v8::IsolateHandle,
}

impl RunningCell for ThreadCell {
    fn send(&self, command: Command) {
        self.shared.inbox.push(command);
    }

    fn interrupt(&self, reason: StopReason) {
        self.stop.set(reason);
        self.isolate.terminate_execution();
        self.shared.inbox.stop();
    }

    fn output_delivered(&self, bytes: usize) {
        self.shared.output.subtract(bytes);
    }

    fn usage(&self) -> EngineUsage {
        self.shared.usage()
    }
}

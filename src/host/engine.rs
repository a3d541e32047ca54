//! The engine that runs cells in child processes.

use std::sync::{Arc, Weak};

use super::message::{CellNumber, SessionNumber};
use super::sandbox;
use super::supervisor::{CellShared, ChildObserver, Launch, LoopReader, Order, Placement, Pool};
use crate::engine::{
    Command, Engine, EngineUnavailable, EngineUsage, EventSender, PoolOptions, Progress, RunningCell,
    StartCell, StopReason, check_address_space,
};

/// How a session uses child processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessOptions {
    /// Cells that run in one child at once. They are lost together.
    pub cells_per_child: usize,
    /// Whether an incomplete sandbox is refused.
    pub strict: bool,
}

impl Default for ProcessOptions {
    fn default() -> Self {
        Self { cells_per_child: 4, strict: false }
    }
}

/// Runs the cells of one session in child processes. All sessions share the children, one after the other.
pub struct ProcessEngine {
    pool: Arc<Pool>,
    session: SessionNumber,
    options: ProcessOptions,
    loop_reader: Option<Arc<LoopReader>>,
}

impl ProcessEngine {
    /// Opens the engine of a session, and has a child ready for it. From now on `observer` is told of all children. What
    /// they say of the cells of this session is read by `loop_reader`, if there is one.
    ///
    /// # Errors
    /// When the launcher can't be executed, when V8 could not start in a child, or when the sandbox is to be strict and
    /// this system lacks a part of it.
    pub fn open(
        launch: Launch,
        options: ProcessOptions,
        observer: Weak<dyn ChildObserver>,
        loop_reader: Option<Arc<LoopReader>>,
    ) -> Result<Self, EngineUnavailable> {
        let missing = sandbox::unavailable();
        if options.strict && !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|mechanism| mechanism.name()).collect();
            return Err(EngineUnavailable {
                reason: format!(
                    "childOptions.strict asks for a complete sandbox, and this system lacks {}",
                    names.join(", ")
                ),
            });
        }
        check_address_space()?;
        let pool = Pool::shared();
        pool.observe(observer);
        let session = pool.open(launch)?;
        Ok(Self { pool, session, options, loop_reader })
    }

    /// Passes on to all child processes what [`crate::engine::ThreadEngine::configure`] was told.
    pub fn pool_has_changed() {
        Pool::configure(PoolOptions::current());
    }
}

impl Drop for ProcessEngine {
    fn drop(&mut self) {
        self.close();
    }
}

impl Engine for ProcessEngine {
    fn start(
        &self,
        start: StartCell,
        events: EventSender,
    ) -> Result<Box<dyn RunningCell>, EngineUnavailable> {
        let number = Pool::next_cell();
        let shared = Arc::<CellShared>::default();
        let placement = Arc::<Placement>::default();
        let order = Order {
            cell: number,
            session: self.session,
            start,
            events,
            shared: Arc::clone(&shared),
            placement: Arc::clone(&placement),
            loop_reader: self.loop_reader.clone(),
            attempts: 0,
            cells_per_child: self.options.cells_per_child,
            strict: self.options.strict,
        };
        placement.place(&self.pool, order)?;
        Ok(Box::new(ProcessCell { number, shared, placement }))
    }

    fn close(&self) {
        self.pool.close(self.session);
    }
}

struct ProcessCell {
    number: CellNumber,
    shared: Arc<CellShared>,
    placement: Arc<Placement>,
}

impl RunningCell for ProcessCell {
    fn send(&self, command: Command) {
        self.placement.command(self.number, command);
    }

    fn interrupt(&self, reason: StopReason) {
        self.placement.interrupt(self.number, reason);
    }

    fn output_delivered(&self, items: usize, bytes: usize) {
        self.placement.output_delivered(self.number, items, bytes);
    }

    fn usage(&self) -> EngineUsage {
        self.shared.usage()
    }

    fn progress(&self) -> Progress {
        self.shared.progress()
    }
}

impl Drop for ProcessCell {
    fn drop(&mut self) {
        // A script that nobody hears of any more must not run on. Nothing happens if it has ended.
        self.placement.interrupt(self.number, StopReason::Terminate);
    }
}

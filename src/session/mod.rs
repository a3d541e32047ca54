//! Sessions: a registry of cells, and the values that they store. Knows neither V8 nor Node.

mod error;
mod options;
mod stored;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::cell::{
    CellHandle, CellHome, CellId, CellKey, Host, NewCell, Observation, Refusal, Reply, Ticket, Watch,
    clock_is_running,
};
use crate::engine::{Engine, Features, Flow, InspectedStart, Inspection, StartCell, StoredMap, ToolSet};

pub use error::SessionError;
pub use options::SessionLimits;
pub use stored::StoredValues;

/// A group of cells that share stored values.
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Arc<dyn Engine>,
    host: Arc<dyn Host>,
    limits: SessionLimits,
    stored: StoredValues,
    registry: Mutex<Registry>,
}

#[derive(Default)]
struct Registry {
    /// By number, so that ids are listed in the order in which they were given.
    cells: BTreeMap<u64, CellHandle>,
    last_number: u64,
    closed: bool,
    /// Told when the last cell of a closed session is gone.
    closers: Vec<Box<dyn FnOnce() + Send>>,
}

/// What a cell is started with.
pub struct Exec {
    /// The module text, without the pragma line.
    pub source: String,
    /// Lines of the given text that precede `source`.
    pub line_offset: u32,
    /// The tools that the script finds.
    pub tools: Arc<ToolSet>,
    /// What else it finds.
    pub features: Features,
    /// The caller that watches from the start.
    pub observation: Observation,
    /// When the script starts, if it can be debugged. None: it can't.
    pub inspected: Option<InspectedStart>,
}

impl Session {
    /// A session without cells.
    #[must_use]
    pub fn new(
        engine: Arc<dyn Engine>,
        host: Arc<dyn Host>,
        limits: SessionLimits,
        stored: StoredMap,
    ) -> Self {
        let shared =
            Shared { engine, host, limits, stored: StoredValues::new(stored), registry: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Starts a cell. Its observer is answered later; the handle is for what comes before.
    ///
    /// # Errors
    /// When the session is closed or full, the source is too long, or no engine can be had. Nothing was started then.
    pub fn exec(&self, exec: Exec) -> Result<CellHandle, SessionError> {
        let Exec { source, line_offset, tools, features, observation, inspected } = exec;
        let shared = &self.shared;
        let limits = &shared.limits;
        if source.len() > limits.source_bytes {
            return Err(SessionError::SourceTooLong { bytes: source.len(), limit: limits.source_bytes });
        }
        if !clock_is_running() {
            let reason = "the thread that keeps the time could not be started".into();
            return Err(crate::engine::EngineUnavailable { reason }.into());
        }
        let flow = match observation.watch {
            Watch::Yield => Flow::Run,
            Watch::Frontier => Flow::Step,
        };
        let (handle, prepared) = {
            let mut registry = shared.registry();
            if registry.closed {
                return Err(SessionError::Closed);
            }
            if registry.cells.len() >= limits.active_cells {
                let ids = registry.cells.values().map(|cell| cell.id.clone()).collect();
                return Err(SessionError::TooManyCells { limit: limits.active_cells, ids });
            }
            registry.last_number += 1;
            let number = registry.last_number;
            let new = NewCell {
                id: CellId::from_number(number),
                key: CellKey::unique(),
                flow,
                limits: limits.cell,
                tool_grace: limits.tool_grace,
                host: Arc::clone(&shared.host),
                home: Arc::new(Home { session: Arc::downgrade(shared), number }),
                observation,
            };
            let (handle, prepared) = new.prepare();
            registry.cells.insert(number, handle.clone());
            (handle, prepared)
        };
        let start = StartCell {
            source,
            line_offset,
            tools,
            stored: shared.stored.snapshot(),
            limits: limits.cell,
            flow,
            features,
            inspection: inspected
                .map(|start| Inspection { name: format!("codecell cell {}", handle.id), start }),
        };
        shared.host.opened(handle.clone());
        match shared.engine.start(start, prepared.events()) {
            Ok(engine) => {
                prepared.begin(engine);
                Ok(handle)
            }
            Err(error) => {
                prepared.abandon();
                shared.remove(&handle.id);
                shared.host.closed(handle.key);
                Err(error.into())
            }
        }
    }

    /// Observes a cell. A cell that is not here is refused as closed.
    pub fn wait(&self, cell: &str, observation: Observation) {
        match self.shared.find(cell) {
            Some(handle) => handle.observe(observation),
            None => drop((observation.reply)(Err(Refusal::Closed))),
        }
    }

    /// Terminates a cell. Answered when V8 and all its callbacks have stopped.
    pub fn terminate(&self, cell: &str, ticket: Ticket, reply: Reply) {
        match self.shared.find(cell) {
            Some(handle) => handle.terminate(ticket, reply),
            None => drop(reply(Err(Refusal::Closed))),
        }
    }

    /// Terminates a cell that still runs; its observer is answered.
    pub fn abort(&self, cell: &str) {
        if let Some(handle) = self.shared.find(cell) {
            handle.abort();
        }
    }

    /// Has an observation of a cell answered at once.
    pub fn yield_now(&self, cell: &str, ticket: Ticket) {
        if let Some(handle) = self.shared.find(cell) {
            handle.yield_now(ticket);
        }
    }

    /// Gives an observation of a cell up. It is answered as aborted, unless it was answered before.
    pub fn abandon(&self, cell: &str, ticket: Ticket) {
        if let Some(handle) = self.shared.find(cell) {
            handle.abandon(ticket);
        }
    }

    /// Terminates every cell. `closed` is called when all are gone. No cell can be started afterwards.
    pub fn close(&self, closed: impl FnOnce() + Send + 'static) {
        self.shared.close(Some(Box::new(closed)));
    }

    /// Whether [`Session::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.registry().closed
    }

    /// The ids of the cells here: those that run, and those whose final result nobody has taken yet.
    #[must_use]
    pub fn active_cells(&self) -> Vec<CellId> {
        self.shared.registry().cells.values().map(|cell| cell.id.clone()).collect()
    }

    /// The committed stored values.
    #[must_use]
    pub fn stored_values(&self) -> Arc<StoredMap> {
        self.shared.stored.snapshot()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.close(None);
    }
}

impl Shared {
    fn registry(&self) -> MutexGuard<'_, Registry> {
        // No code that can panic runs under this lock, so the registry is whole even if it is poisoned.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, cell: &str) -> Option<CellHandle> {
        let number: u64 = cell.parse().ok()?;
        // "01" is no id, although it is the number of one.
        self.registry().cells.get(&number).filter(|handle| handle.id.as_str() == cell).cloned()
    }

    fn close(&self, closed: Option<Box<dyn FnOnce() + Send>>) {
        self.engine.close();
        let (cells, now) = {
            let mut registry = self.registry();
            registry.closed = true;
            registry.closers.extend(closed);
            let cells: Vec<_> = registry.cells.values().cloned().collect();
            (cells, registry.take_closers())
        };
        // A cell may end at once, and needs the registry for that.
        for cell in cells {
            cell.shut_down();
        }
        for closer in now {
            closer();
        }
    }

    fn remove(&self, cell: &CellId) {
        let now = {
            let mut registry = self.registry();
            registry.cells.retain(|_, handle| handle.id != *cell);
            registry.take_closers()
        };
        for closer in now {
            closer();
        }
    }
}

impl Registry {
    fn take_closers(&mut self) -> Vec<Box<dyn FnOnce() + Send>> {
        if self.closed && self.cells.is_empty() { std::mem::take(&mut self.closers) } else { Vec::new() }
    }
}

/// A session as its cells see it. It does not keep the session alive.
struct Home {
    session: Weak<Shared>,
    number: u64,
}

impl CellHome for Home {
    fn commit(&self, writes: StoredMap) {
        if let Some(session) = self.session.upgrade() {
            session.stored.commit(writes);
        }
    }

    fn remove(&self, cell: &CellId) {
        if let Some(session) = self.session.upgrade() {
            session.remove(cell);
        }
    }

    fn restore(&self, cell: CellHandle) {
        let Some(session) = self.session.upgrade() else {
            return;
        };
        let is_closed = {
            let mut registry = session.registry();
            registry.cells.insert(self.number, cell.clone());
            registry.closed
        };
        if is_closed {
            cell.shut_down();
        }
    }
}

/// How long a closing environment waits for its cells.
pub const SHUTDOWN_TIME: Duration = Duration::from_millis(250);

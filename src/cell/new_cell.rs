//! How a cell begins: what it is made of, and the time until it has an engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::actor::Actor;
use super::handle::{CellHandle, Observation};
use super::host::Host;
use super::id::{CellId, CellKey};
use crate::engine::{CellLimits, EventSender, Flow, RunningCell, StoredMap};

/// The session that a cell belongs to, as the cell sees it.
pub trait CellHome: Send + Sync {
    /// Merges what a completed cell stored.
    fn commit(&self, writes: StoredMap);
    /// The cell is over.
    fn remove(&self, cell: &CellId);
    /// The cell's final result could not be delivered: it waits again.
    fn restore(&self, cell: CellHandle);
}

/// What a new cell is made of.
pub struct NewCell {
    /// The cell's name within its session.
    pub id: CellId,
    /// The cell's name within the process.
    pub key: CellKey,
    /// How the engine was told to run it.
    pub flow: Flow,
    /// What it may use.
    pub limits: CellLimits,
    /// How long aborted callbacks may take to end.
    pub tool_grace: Duration,
    /// The program that made it.
    pub host: Arc<dyn Host>,
    /// Its session.
    pub home: Arc<dyn CellHome>,
    /// The caller that watches from the start.
    pub observation: Observation,
}

impl NewCell {
    /// A handle to the cell, and the cell that has yet to be given an engine.
    #[must_use]
    pub fn prepare(self) -> (CellHandle, PreparedCell) {
        let handle = CellHandle::new(self.id.clone(), self.key);
        (handle.clone(), PreparedCell { cell: self, handle, started_at: Instant::now() })
    }
}

/// A cell without an engine.
pub struct PreparedCell {
    cell: NewCell,
    handle: CellHandle,
    started_at: Instant,
}

impl PreparedCell {
    /// Where the engine is to send the events of this cell.
    #[must_use]
    pub fn events(&self) -> EventSender {
        EventSender::new(self.handle.event_sink())
    }

    /// Begins the cell's life with its engine.
    pub fn begin(self, engine: Box<dyn RunningCell>) {
        let Self { cell, handle, started_at } = self;
        let actor = Actor::new(cell, handle.clone(), engine, started_at);
        handle.begin(actor);
    }

    /// No engine can be had: the cell was never there.
    pub fn abandon(self) {
        self.handle.close();
    }
}

//! What a supervisor tells the program about its children.

use crate::host::message::Mechanism;

/// Something that happened to a child process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildEvent {
    /// It was started.
    Started {
        /// The process.
        pid: u32,
    },
    /// It is ready for cells.
    Ready {
        /// The process.
        pid: u32,
        /// What of its sandbox the system refused.
        missing: Vec<Mechanism>,
    },
    /// It has ended, and nothing of it is left.
    Ended {
        /// The process.
        pid: u32,
        /// Why.
        reason: String,
        /// Cells that were lost with it.
        lost_cells: usize,
    },
}

/// Is told of all child processes of this program. Its method returns at once.
pub trait ChildObserver: Send + Sync {
    /// Something happened to a child process.
    fn child_event(&self, event: &ChildEvent);
}

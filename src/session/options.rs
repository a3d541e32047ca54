//! The limits of a session.

use std::time::Duration;

use crate::engine::CellLimits;

/// What a session, and each of its cells, may use. Sizes are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Of each cell.
    pub cell: CellLimits,
    /// Cells alive at once.
    pub active_cells: usize,
    /// Source text.
    pub source_bytes: usize,
    /// How long aborted tools of an ended cell may take to settle.
    pub tool_grace: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            cell: CellLimits::default(),
            active_cells: 128,
            source_bytes: 1024 * 1024,
            tool_grace: Duration::from_secs(5),
        }
    }
}

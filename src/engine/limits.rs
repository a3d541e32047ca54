//! What one cell may use, as its engine enforces it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The limits of one cell. Sizes are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellLimits {
    /// V8 heap.
    pub heap_bytes: usize,
    /// `ArrayBuffer`s, counted apart from the heap.
    pub array_buffer_bytes: usize,
    /// JavaScript time. None: no limit.
    pub cpu: Option<Duration>,
    /// Life of the cell. None: no limit.
    pub wall: Option<Duration>,
    /// Tool calls in flight.
    pub pending_tool_calls: usize,
    /// Pending timeouts.
    pub timers: usize,
    /// Output that nobody has collected yet.
    pub output_bytes: usize,
    /// One tool input, as JSON text.
    pub message_bytes: usize,
    /// Stored values of the session, as JSON text.
    pub stored_bytes: usize,
}

const MIB: usize = 1024 * 1024;

impl Default for CellLimits {
    fn default() -> Self {
        Self {
            heap_bytes: 128 * MIB,
            array_buffer_bytes: 64 * MIB,
            cpu: None,
            wall: None,
            pending_tool_calls: 1024,
            timers: 10_000,
            output_bytes: 64 * MIB,
            message_bytes: 64 * MIB,
            stored_bytes: 8 * MIB,
        }
    }
}

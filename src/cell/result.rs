//! What an observation returns.

use std::time::Duration;

use super::{CellId, Ending};
use crate::engine::ToolCallId;
use crate::model::ContentItem;

/// The answer to an exec, a wait or a terminate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellResult {
    /// The cell.
    pub cell_id: CellId,
    /// Where it stands.
    pub status: CellStatus,
    /// Everything emitted since the last result, in order.
    pub content: Vec<ContentItem>,
    /// What it has used, its whole life so far.
    pub usage: CellUsage,
}

/// Where a cell stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellStatus {
    /// It goes on.
    Running,
    /// It is frozen until the next observation. The calls are those made since the last such result.
    Pending(Vec<ToolCallId>),
    /// It is over.
    Ended(Ending),
}

/// What a cell has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CellUsage {
    /// Time that its JavaScript ran.
    pub cpu: Duration,
    /// Time since it started.
    pub wall: Duration,
    /// Tool calls made.
    pub tool_calls: u32,
    /// How many of them failed or were aborted.
    pub tool_errors: u32,
    /// The largest heap that was seen.
    pub peak_heap_bytes: usize,
}

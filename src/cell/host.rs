//! What a cell asks of the program that made it.

use super::{CellHandle, CellKey};
use crate::engine::{InspectorEvent, JsonText, NotificationKind, ToolCallId};

/// Numbers the notifications of a cell, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationId(u32);

impl NotificationId {
    /// The notification with this number.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

/// One call of a tool.
#[derive(Debug)]
pub struct ToolCall {
    /// The cell that calls.
    pub cell: CellKey,
    /// Which of its calls.
    pub id: ToolCallId,
    /// The tool's place in the cell's tool set.
    pub tool: usize,
    /// The argument. None: the script gave none.
    pub input: Option<JsonText>,
}

/// The program that made a cell. Its methods return at once; what comes of them arrives at the [`super::CellHandle`].
pub trait Host: Send + Sync {
    /// A cell is about to run: from now on its handle may be needed.
    fn opened(&self, cell: CellHandle);
    /// Calls a tool. Its end is told with [`super::CellHandle::tool_ended`].
    fn call_tool(&self, call: ToolCall);
    /// Tells a tool that nobody wants its result any more. Its end is told all the same.
    fn abort_tool(&self, cell: CellKey, id: ToolCallId);
    /// Passes a notification on. Its end is told with [`super::CellHandle::notification_ended`].
    fn notify(&self, cell: CellKey, id: NotificationId, kind: NotificationKind, text: String);
    /// Passes on what the inspector of a cell says.
    fn inspector(&self, _cell: CellKey, _event: InspectorEvent) {}
    /// Says that the engine of this cell is lost.
    fn engine_lost(&self, _cell: CellKey) {}
    /// Says that nothing of this cell will come any more.
    fn closed(&self, cell: CellKey);
}

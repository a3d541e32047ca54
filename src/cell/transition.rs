//! The words in which the state machine of a cell is spoken to, and answers.

use super::NotificationId;
use crate::engine::{CellError, Flow, ToolCallId};
use crate::model::ContentItem;

/// Names one caller that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What an observer watches for, beside the end of the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// A yield: its time is up, or the script asks for it.
    Yield,
    /// The script can go on only after a tool or a timer; it is frozen then.
    Frontier,
}

/// How a cell ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The script ended well.
    Completed {
        /// Rejections that nobody handled.
        unhandled_rejections: Vec<CellError>,
    },
    /// It failed.
    Failed {
        /// Why.
        error: CellError,
        /// Rejections that nobody handled.
        unhandled_rejections: Vec<CellError>,
    },
    /// It was terminated.
    Terminated,
}

/// Something that happens to a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Somebody wants to observe.
    Observe(Ticket, Watch),
    /// An observer gives up.
    Abandon(Ticket),
    /// An observer wants its answer now; or its time is up.
    YieldNow(Ticket),
    /// Somebody terminates the cell, and waits for it if there is a ticket.
    Terminate(Option<Ticket>),
    /// The session closes.
    Shutdown,
    /// The script emitted an item.
    Emitted(ContentItem),
    /// The script called a tool.
    ToolCalled(ToolCallId),
    /// A tool call has ended.
    ToolEnded(ToolCallId),
    /// The script notified.
    Notified(NotificationId),
    /// A notification was taken.
    NotificationEnded(NotificationId),
    /// The script called `yield_control`.
    YieldRequested,
    /// The script is frozen. The number is that of the [`Effect::SetFlow`] that it obeyed.
    Frontier(u64),
    /// V8 has stopped, and this is how the script ended.
    EngineFinished(Ending),
    /// The engine is gone, or does not stop.
    EngineLost(CellError),
    /// Callbacks had time enough to end.
    GraceOver,
}

/// Something to be done for a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Stop V8.
    Interrupt,
    /// Tell the engine how to go on. Frozen scripts thaw.
    SetFlow(Flow, u64),
    /// Start this tool call at the host.
    StartTool(ToolCallId),
    /// Pass this notification to the host.
    StartNotification(NotificationId),
    /// Abort this tool call at the host.
    AbortTool(ToolCallId),
    /// From now on callbacks have a limited time to end: [`Input::GraceOver`] after it.
    StartGrace,
    /// Merge the stored values into the session.
    Commit,
    /// Answer a caller.
    Answer(Ticket, Answer),
    /// The cell is over: take it out of its session.
    Close,
}

/// What a caller gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The cell goes on.
    Running(Vec<ContentItem>),
    /// The cell is frozen; these calls were made since the last frontier.
    Pending(Vec<ContentItem>, Vec<ToolCallId>),
    /// The cell ended.
    Ended(Vec<ContentItem>, Ending),
    /// There is no result for this caller.
    Refused(Refusal),
}

/// Why a caller gets no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else observes.
    Busy,
    /// Somebody else terminates.
    Terminating,
    /// The caller gave up.
    Aborted,
    /// The final result was delivered before.
    Closed,
}

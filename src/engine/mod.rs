//! Everything that touches V8: the platform, the pool of engine threads, the globals of a cell, values, limits.
//!
//! The rooms above know an engine only by the two traits here. [`Engine::start`] runs one cell; what the cell does
//! comes back as [`Event`]s, and what it needs to go on is sent to it as [`Command`]s.

mod address_space;
mod buffers;
mod contain;
mod cpu_clock;
mod error;
mod features;
mod globals;
mod helpers;
mod hints;
mod inbox;
#[cfg(test)]
mod inbox_tests;
mod inspector;
mod isolate;
mod life;
mod limits;
mod message;
mod modules;
mod out_of_memory;
mod platform;
mod pool;
mod resizable_buffers;
mod run;
mod snapshot;
mod stack;
mod state;
mod stop;
mod thread;
mod timers;
mod tool_set;
mod typescript;
mod values;

pub(crate) use address_space::check_limit as check_address_space;
pub use features::{Console, ConsoleLevel, Features, NotificationKind};
pub use inspector::{DebuggerId, InspectedStart, Inspection, InspectorCommand, InspectorEvent};
pub use life::lost_engines;
pub use limits::CellLimits;
pub use message::{
    CellError, CellErrorCode, Command, EngineUsage, Event, EventSender, EventSink, Finished, Flow, JsonText,
    Lookout, LookoutPost, Outcome, StartCell, StoredMap, ToolCallId, ToolOutcome, notification_bytes,
};
pub use platform::v8_version;
pub use pool::PoolOptions;
pub(crate) use stop::OutputMeter;
pub use stop::StopReason;
pub use thread::ThreadEngine;
pub use tool_set::{ToolEntry, ToolKind, ToolSet};

/// Runs cells. Implementations differ in where the isolate lives; nobody above can tell them apart.
pub trait Engine: Send + Sync {
    /// Starts a cell. Its events arrive on `events`, the last one being [`Event::Finished`], or [`Event::Lost`] if the
    /// engine was lost. A sender that is dropped without either means the same.
    ///
    /// # Errors
    /// [`EngineUnavailable`] when no engine can be had; the cell was not started.
    fn start(&self, cell: StartCell, events: EventSender) -> Result<Box<dyn RunningCell>, EngineUnavailable>;

    /// Says that whoever uses this engine starts no cell any more. Those that run are not touched.
    fn close(&self) {}
}

/// One started cell, as seen from outside its engine.
pub trait RunningCell: Send + Sync {
    /// Sends what the cell waits for. Commands to a finished cell are dropped.
    fn send(&self, command: Command);
    /// Passes on what is said to the inspector of the cell. Nothing happens if the cell was started without one.
    fn inspect(&self, _command: InspectorCommand) {}
    /// Stops the script, wherever it is. The first reason wins; later ones have no effect.
    fn interrupt(&self, reason: StopReason);
    /// Says that so many items, of so many bytes, were collected: they no longer count against the output limit.
    fn output_delivered(&self, items: usize, bytes: usize);
    /// What the cell has used so far.
    fn usage(&self) -> EngineUsage;
    /// How far the engine is with the cell.
    fn progress(&self) -> Progress;
    /// Gives the engine up: it was told to stop and did not. Says whether it is lost; it may have stopped just before.
    fn give_up(&self) -> bool {
        true
    }
}

/// How far an engine is with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// No thread has taken it yet.
    Queued,
    /// Its script may be running.
    Running,
    /// V8 has stopped; what is left of its events may still be under way.
    Stopped,
    /// V8 can't go on, or can't be stopped. What the engine holds is lost.
    Lost,
}

/// No engine could be had for a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no engine is available: {reason}")]
pub struct EngineUnavailable {
    /// What went wrong.
    pub reason: String,
}

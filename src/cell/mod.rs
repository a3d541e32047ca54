//! The life of one cell: a pure state machine that decides every race, and the actor that drives it.
//!
//! [`Phase`] knows neither V8 nor time nor threads; the exhaustive tests run it alone. The actor feeds it with what
//! happens and carries out what it decides. Nobody else writes the output, the observer or the phase of a cell.

mod actor;
mod clock;
mod deadlines;
mod handle;
mod host;
mod id;
mod mailbox;
mod new_cell;
mod phase;
#[cfg(test)]
mod phase_tests;
mod result;
mod transition;

pub use clock::is_running as clock_is_running;
pub use handle::{CellHandle, Observation, Reply};
pub use host::{Host, NotificationId, ToolCall};
pub use id::{CellId, CellKey};
pub use new_cell::{CellHome, NewCell, PreparedCell};
pub use phase::Phase;
pub use result::{CellResult, CellStatus, CellUsage};
pub use transition::{Answer, Effect, Ending, Input, Refusal, Ticket, Watch};

//! Child processes, as their parent sees them: started ahead, given cells, watched, killed, replaced.

mod child;
mod known;
mod launch;
mod ledger;
mod loop_reader;
mod observer;
mod placement;
mod pool;
mod record;
mod serve;

pub use launch::Launch;
pub use loop_reader::LoopReader;
pub use observer::{ChildEvent, ChildObserver};
pub(super) use placement::Placement;
pub(super) use pool::{Order, Pool};
pub(super) use record::CellShared;

//! Why a script was stopped: one flag that the engine thread and everybody else share.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

/// Why V8 was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum StopReason {
    /// The script called `exit`: a success.
    Exit = 1,
    /// Somebody terminated the cell.
    Terminate = 2,
    /// The heap or `ArrayBuffer` limit.
    MemoryLimit = 3,
    /// The limit of JavaScript time.
    CpuLimit = 4,
    /// The limit of the cell's life.
    TimeLimit = 5,
    /// The limit of undelivered output.
    OutputLimit = 6,
    /// A defect of the engine itself.
    Defect = 7,
}

impl StopReason {
    const ALL: [Self; 7] = [
        Self::Exit,
        Self::Terminate,
        Self::MemoryLimit,
        Self::CpuLimit,
        Self::TimeLimit,
        Self::OutputLimit,
        Self::Defect,
    ];
}

/// Set once. After that the cell has no effect any more.
#[derive(Debug, Default)]
pub(super) struct StopFlag(AtomicU8);

impl StopFlag {
    /// Sets the reason if there is none yet. Says whether it was set now.
    pub(super) fn set(&self, reason: StopReason) -> bool {
        self.0.compare_exchange(0, reason as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The reason, once there is one.
    pub(super) fn get(&self) -> Option<StopReason> {
        let value = self.0.load(Ordering::Acquire);
        StopReason::ALL.into_iter().find(|reason| *reason as u8 == value)
    }
}

/// Output that was emitted and not delivered yet. The engine adds, the cell subtracts.
#[derive(Debug, Default)]
pub(crate) struct OutputMeter {
    bytes: AtomicUsize,
    items: AtomicUsize,
}

/// What an item costs beside its text. So many bytes of the limit make up one item that may be kept, however short.
const BYTES_PER_ITEM: usize = 256;
/// Items that may be kept whatever the limit.
const FREE_ITEMS: usize = 10_000;

impl OutputMeter {
    /// Adds an item unless that goes over the limit. Says whether it did.
    pub(crate) fn try_add(&self, bytes: usize, limit: usize) -> bool {
        let most_items = (limit / BYTES_PER_ITEM).max(FREE_ITEMS);
        try_add(&self.bytes, bytes, limit) && try_add(&self.items, 1, most_items)
    }

    /// Takes what was delivered off again.
    pub(crate) fn subtract(&self, items: usize, bytes: usize) {
        subtract(&self.bytes, bytes);
        subtract(&self.items, items);
    }
}

fn try_add(used: &AtomicUsize, more: usize, limit: usize) -> bool {
    let sum = |used: usize| used.checked_add(more).filter(|total| *total <= limit);
    used.fetch_update(Ordering::AcqRel, Ordering::Acquire, sum).is_ok()
}

fn subtract(used: &AtomicUsize, less: usize) {
    // A wrong count must not wrap round and refuse all output.
    let _ = used.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| Some(used.saturating_sub(less)));
}

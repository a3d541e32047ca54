//! The thread that tells cells of their deadlines.
//!
//! A cell sets its deadlines many times, and most never come. So setting one is an entry in a list, and the thread
//! wakes up only for the earliest.

use std::collections::BTreeMap;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::handle::CellHandle;
use super::id::CellKey;

type Alarms = BTreeMap<(Instant, CellKey), CellHandle>;

#[derive(Default)]
struct Clock {
    alarms: Mutex<Alarms>,
    earlier: Condvar,
}

/// It lives as long as the process. None if its thread could not be started.
static CLOCK: LazyLock<Option<&'static Clock>> = LazyLock::new(|| {
    let clock: &'static Clock = Box::leak(Box::default());
    let spawned = thread::Builder::new().name("codecell-clock".into()).spawn(|| clock.run());
    spawned.ok().map(|_| clock)
});

/// Whether deadlines are kept at all. Asked before a cell is started.
#[must_use]
pub fn is_running() -> bool {
    CLOCK.is_some()
}

/// Moves the alarm of a cell from one time to another.
pub(super) fn set(cell: &CellHandle, from: Option<Instant>, to: Option<Instant>) {
    let Some(clock) = *CLOCK else { return };
    let mut alarms = clock.alarms();
    if let Some(from) = from {
        alarms.remove(&(from, cell.key));
    }
    if let Some(to) = to {
        let is_earliest = alarms.first_key_value().is_none_or(|((first, _), _)| to < *first);
        alarms.insert((to, cell.key), cell.clone());
        if is_earliest {
            clock.earlier.notify_one();
        }
    }
}

impl Clock {
    fn alarms(&self) -> MutexGuard<'_, Alarms> {
        // Nothing that can panic runs under this lock, so the list is whole even if it is poisoned.
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            // The list is free again when the cell is told: it sets its next alarm.
            self.next().alarm();
        }
    }

    fn next(&self) -> CellHandle {
        let mut alarms = self.alarms();
        loop {
            let now = Instant::now();
            alarms = match alarms.first_entry() {
                Some(first) if first.key().0 <= now => return first.remove(),
                Some(first) => {
                    let left = first.key().0 - now;
                    self.earlier.wait_timeout(alarms, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.earlier.wait(alarms).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

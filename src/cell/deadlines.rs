//! The times at which a cell's actor must act by itself.

use std::time::{Duration, Instant};

/// What a time stands for. Ties are broken in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deadline {
    /// The observer's yield time.
    Yield,
    /// The cell's `wallMs`.
    Wall,
    /// The earliest time at which the cell can have used up its `cpuMs`.
    Cpu,
    /// V8 was told to stop, and should have stopped.
    Stop,
    /// Callbacks should have ended.
    Grace,
}

impl Deadline {
    const ALL: [Self; 5] = [Self::Yield, Self::Wall, Self::Cpu, Self::Stop, Self::Grace];
}

/// The deadlines of one cell; each kind at most once.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    times: [Option<Instant>; Deadline::ALL.len()],
}

impl Deadlines {
    /// Sets a deadline, in place of an earlier one of its kind.
    pub(super) fn set(&mut self, deadline: Deadline, after: Duration) {
        // A time that no clock can show is never.
        self.times[deadline as usize] = Instant::now().checked_add(after);
    }

    /// Takes a deadline away.
    pub(super) fn clear(&mut self, deadline: Deadline) {
        self.times[deadline as usize] = None;
    }

    /// The next time to wake up.
    pub(super) fn next(&self) -> Option<Instant> {
        self.times.iter().flatten().min().copied()
    }

    /// Takes a deadline that has passed.
    pub(super) fn take_passed(&mut self) -> Option<Deadline> {
        let now = Instant::now();
        let passed = Deadline::ALL
            .into_iter()
            .find(|deadline| self.times[*deadline as usize].is_some_and(|time| time <= now))?;
        self.clear(passed);
        Some(passed)
    }
}

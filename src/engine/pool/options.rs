//! How many threads stand ready, and for how long.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many engine threads of a process stand ready, each with a virgin isolate, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PoolOptions {
    /// Threads that stand ready at the most. With 0 nothing is kept.
    pub ready: usize,
    /// How long a thread stands ready before it ends. [`Duration::MAX`] is for ever.
    pub idle: Duration,
}

impl PoolOptions {
    /// What holds if nobody says anything else.
    pub const DEFAULT: Self = Self { ready: 2, idle: Duration::from_secs(30) };

    /// The options of this process.
    #[must_use]
    pub fn current() -> Self {
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::engine) fn set(self) {
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = self;
    }

    /// How long a thread that has stood ready since then goes on. None: for ever.
    pub(super) fn left(&self, since: Instant) -> Option<Duration> {
        let until = since.checked_add(self.idle)?;
        Some(until.saturating_duration_since(Instant::now()))
    }
}

static CURRENT: Mutex<PoolOptions> = Mutex::new(PoolOptions::DEFAULT);

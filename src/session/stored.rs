//! Stored values: what outlives a cell.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::StoredMap;

/// The committed values of a session.
#[derive(Debug)]
pub struct StoredValues(Mutex<Arc<StoredMap>>);

impl StoredValues {
    /// Starts with these.
    #[must_use]
    pub fn new(values: StoredMap) -> Self {
        Self(Mutex::new(Arc::new(values)))
    }

    fn lock(&self) -> MutexGuard<'_, Arc<StoredMap>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The values as they are now. Later commits do not change it.
    #[must_use]
    pub fn snapshot(&self) -> Arc<StoredMap> {
        Arc::clone(&self.lock())
    }

    /// Merges what a cell wrote, key by key, all at once.
    pub fn commit(&self, writes: StoredMap) {
        if !writes.is_empty() {
            Arc::make_mut(&mut self.lock()).extend(writes);
        }
    }
}

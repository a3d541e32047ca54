//! The stored values of sessions, as the parent has sent them: each value once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::{JsonText, StoredMap};
use crate::host::message::SessionNumber;

/// What cells of each session find. A cell keeps what it was started with.
#[derive(Default)]
pub(super) struct Stored(Mutex<HashMap<SessionNumber, Arc<StoredMap>>>);

impl Stored {
    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionNumber, Arc<StoredMap>>> {
        // Nothing that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, session: SessionNumber, key: String, value: JsonText) {
        let mut sessions = self.sessions();
        Arc::make_mut(sessions.entry(session).or_default()).insert(key, Arc::new(value));
    }

    pub(super) fn forget(&self, session: SessionNumber) {
        self.sessions().remove(&session);
    }

    pub(super) fn get(&self, session: SessionNumber) -> Arc<StoredMap> {
        self.sessions().get(&session).map(Arc::clone).unwrap_or_default()
    }
}

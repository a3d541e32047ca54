//! The stored values of sessions, as the parent has sent them: each value once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::{JsonText, StoredMap};
use crate::host::message::SessionNumber;

/// What cells of each session find. A cell keeps what it was started with.
#[derive(Default)]
pub(super) struct Stored(RefCell<HashMap<SessionNumber, Arc<StoredMap>>>);

impl Stored {
    pub(super) fn insert(&self, session: SessionNumber, key: String, value: JsonText) {
        let mut sessions = self.0.borrow_mut();
        Arc::make_mut(sessions.entry(session).or_default()).insert(key, Arc::new(value));
    }

    pub(super) fn forget(&self, session: SessionNumber) {
        self.0.borrow_mut().remove(&session);
    }

    pub(super) fn get(&self, session: SessionNumber) -> Arc<StoredMap> {
        self.0.borrow().get(&session).map(Arc::clone).unwrap_or_default()
    }
}

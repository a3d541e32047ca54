//! The sets of tools that the parent has sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use super::parent::Parent;
use crate::engine::{JsonText, ToolEntry, ToolSet};
use crate::host::message::{FromChild, ToolSetNumber};

/// What a child knows of tools. Descriptions stay with the parent until a script asks for them.
pub(super) struct Tools {
    sets: Mutex<HashMap<ToolSetNumber, Known>>,
    parent: Arc<Parent>,
}

struct Known {
    set: Arc<ToolSet>,
    catalogue: mpsc::Sender<JsonText>,
}

impl Tools {
    pub(super) fn new(parent: Arc<Parent>) -> Self {
        Self { sets: Mutex::default(), parent }
    }

    fn sets(&self) -> MutexGuard<'_, HashMap<ToolSetNumber, Known>> {
        // Nothing that can panic runs under this lock.
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, number: ToolSetNumber, entries: Vec<ToolEntry>) {
        let (catalogue, arrival) = mpsc::channel();
        let parent = Arc::clone(&self.parent);
        // Runs on the thread of the first script that looks. It sleeps until the parent has answered, or the process
        // ends.
        let ask = move || {
            parent.push(&FromChild::CatalogueWanted(number), Vec::new());
            parent.flush();
            arrival.recv().unwrap_or_else(|_| JsonText::from_serialised("[]"))
        };
        let set = Arc::new(ToolSet::new(entries, ask));
        self.sets().insert(number, Known { set, catalogue });
    }

    pub(super) fn forget(&self, number: ToolSetNumber) {
        self.sets().remove(&number);
    }

    pub(super) fn get(&self, number: ToolSetNumber) -> Option<Arc<ToolSet>> {
        self.sets().get(&number).map(|known| Arc::clone(&known.set))
    }

    pub(super) fn catalogue_has_come(&self, number: ToolSetNumber, catalogue: JsonText) {
        if let Some(known) = self.sets().get(&number) {
            let _ = known.catalogue.send(catalogue);
        }
    }
}

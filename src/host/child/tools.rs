//! The sets of tools that the parent has sent.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, mpsc};

use tokio::sync::mpsc::UnboundedSender;

use crate::engine::{JsonText, ToolEntry, ToolSet};
use crate::host::message::ToolSetNumber;

/// What a child knows of tools. Descriptions stay with the parent until a script asks for them.
pub(super) struct Tools {
    sets: RefCell<HashMap<ToolSetNumber, Known>>,
    /// Where the engine's threads say which descriptions they need.
    wanted: UnboundedSender<ToolSetNumber>,
}

struct Known {
    set: Arc<ToolSet>,
    catalogue: mpsc::Sender<JsonText>,
}

impl Tools {
    pub(super) fn new(wanted: UnboundedSender<ToolSetNumber>) -> Self {
        Self { sets: RefCell::default(), wanted }
    }

    pub(super) fn insert(&self, number: ToolSetNumber, entries: Vec<ToolEntry>) {
        let (catalogue, arrival) = mpsc::channel();
        let wanted = self.wanted.clone();
        // Runs on the thread of the first script that looks. It sleeps until the parent has answered, or the process
        // ends.
        let ask = move || {
            let _ = wanted.send(number);
            arrival.recv().unwrap_or_else(|_| JsonText::from_serialised("[]"))
        };
        let set = Arc::new(ToolSet::new(entries, ask));
        self.sets.borrow_mut().insert(number, Known { set, catalogue });
    }

    pub(super) fn forget(&self, number: ToolSetNumber) {
        self.sets.borrow_mut().remove(&number);
    }

    pub(super) fn get(&self, number: ToolSetNumber) -> Option<Arc<ToolSet>> {
        self.sets.borrow().get(&number).map(|known| Arc::clone(&known.set))
    }

    pub(super) fn catalogue_has_come(&self, number: ToolSetNumber, catalogue: JsonText) {
        if let Some(known) = self.sets.borrow().get(&number) {
            let _ = known.catalogue.send(catalogue);
        }
    }
}

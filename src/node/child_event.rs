//! What becomes of child processes, as JavaScript publishes it.

use serde::Serialize;

use super::bridge::Bridge;
use super::message::Message;
use crate::host::{ChildEvent, ChildObserver};

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Published<'a> {
    Started { pid: u32 },
    Ready { pid: u32, missing: Vec<&'static str> },
    Ended { pid: u32, reason: &'a str, lost_cells: usize },
}

impl ChildObserver for Bridge {
    fn child_event(&self, event: &ChildEvent) {
        if self.is_closed() {
            return;
        }
        let published = match event {
            ChildEvent::Started { pid } => Published::Started { pid: *pid },
            ChildEvent::Ready { pid, missing } => Published::Ready {
                pid: *pid,
                missing: missing.iter().map(|mechanism| mechanism.name()).collect(),
            },
            ChildEvent::Ended { pid, reason, lost_cells } => {
                Published::Ended { pid: *pid, reason, lost_cells: *lost_cells }
            }
        };
        // Strings and numbers always serialise.
        self.send(Message::Child { event: serde_json::to_string(&published).unwrap_or_default() });
    }
}

//! What a child was sent already, so that tools and stored values cross once, not with every cell.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::ledger::Violation;
use crate::engine::{JsonText, StoredMap, ToolSet};
use crate::host::frame::{Frame, FrameError};
use crate::host::message::{SessionNumber, ToChild, ToolSetNumber, encode_tools};

/// Tool sets before those that nobody has any more are looked for.
const FEW_TOOL_SETS: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Known {
    tools: HashMap<ToolSetNumber, KnownTools>,
    last_tools: u64,
    stored: HashMap<SessionNumber, Arc<StoredMap>>,
}

#[derive(Debug)]
struct KnownTools {
    set: Weak<ToolSet>,
    catalogue_sent: bool,
}

impl Known {
    /// The number of a tool set, and what must be sent before it can be used.
    pub(super) fn tools(&mut self, set: &Arc<ToolSet>) -> Result<(ToolSetNumber, Vec<Frame>), FrameError> {
        let same = |known: &KnownTools| std::ptr::eq(known.set.as_ptr(), Arc::as_ptr(set));
        if let Some((number, _)) = self.tools.iter().find(|(_, known)| same(known)) {
            return Ok((*number, Vec::new()));
        }
        let mut frames = Vec::new();
        if self.tools.len() >= FEW_TOOL_SETS {
            let gone = self.tools.extract_if(|_, known| known.set.strong_count() == 0);
            for (number, _) in gone.collect::<Vec<_>>() {
                frames.push(Frame::new(&ToChild::ForgetTools(number), Vec::new())?);
            }
        }
        self.last_tools += 1;
        let number = ToolSetNumber(self.last_tools);
        let entries = encode_tools(set.entries()).map_err(FrameError::Head)?;
        frames.push(Frame::new(&ToChild::Tools(number), entries)?);
        self.tools.insert(number, KnownTools { set: Arc::downgrade(set), catalogue_sent: false });
        Ok((number, frames))
    }

    /// The tool set whose descriptions a child asks for. It asks once for each.
    pub(super) fn catalogue(&mut self, number: ToolSetNumber) -> Result<Arc<ToolSet>, Violation> {
        const QUESTION: &str = "a question for descriptions";
        let known = self.tools.get_mut(&number).ok_or(Violation::Stranger(QUESTION))?;
        if std::mem::replace(&mut known.catalogue_sent, true) {
            return Err(Violation::Sequence(QUESTION));
        }
        // A cell that outlives its session's tool set finds no tools described.
        Ok(known.set.upgrade().unwrap_or_else(|| Arc::new(ToolSet::empty())))
    }

    /// What must be sent so that the child has these stored values of a session.
    pub(super) fn stored(
        &mut self,
        session: SessionNumber,
        stored: &Arc<StoredMap>,
    ) -> Result<Vec<Frame>, FrameError> {
        let before = self.stored.entry(session).or_default();
        if Arc::ptr_eq(before, stored) {
            return Ok(Vec::new());
        }
        let mut frames = Vec::new();
        // Values are never taken away. If some are missing all the same, the child starts afresh.
        if before.keys().any(|key| !stored.contains_key(key)) {
            frames.push(Frame::new(&ToChild::ForgetStored(session), Vec::new())?);
            *before = Arc::default();
        }
        let is_new = |(key, value): &(&String, &Arc<JsonText>)| {
            before.get(*key).is_none_or(|before| !Arc::ptr_eq(before, value))
        };
        for (key, value) in stored.iter().filter(is_new) {
            let tail = [key.as_bytes(), value.as_str().as_bytes()].concat();
            frames.push(Frame::new(&ToChild::StoredValue { session, key_bytes: key.len() }, tail)?);
        }
        *before = Arc::clone(stored);
        Ok(frames)
    }

    /// A session has ended: what must be sent so that the child forgets its values.
    pub(super) fn forget(&mut self, session: SessionNumber) -> Option<Frame> {
        self.stored.remove(&session)?;
        Frame::new(&ToChild::ForgetStored(session), Vec::new()).ok()
    }
}

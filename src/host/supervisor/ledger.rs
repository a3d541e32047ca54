//! What one cell of a child may say next. A child is not trusted: what it sends is compared with what it can have to
//! say, and with the limits of the cell.

use std::collections::HashSet;

use serde::de::IgnoredAny;

use crate::engine::{CellLimits, OutputMeter, ToolCallId, notification_bytes};
use crate::host::frame::FrameError;
use crate::host::message::CellEvent;

/// Rejections that an engine reports at the most.
const MOST_REJECTIONS: usize = 16;

/// What a child did that it can't do as long as it is well. It is killed for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Its bytes are no message.
    #[error("it sent {0}")]
    Frame(#[from] FrameError),
    /// It is of another build.
    #[error("it speaks version {0} of the protocol")]
    Protocol(u32),
    /// It said something at a time when that can't be said.
    #[error("it sent {0} when it could not")]
    Sequence(&'static str),
    /// It said something of a cell, or of a set of tools, that it does not have.
    #[error("it sent {0} of something that it does not have")]
    Stranger(&'static str),
    /// It sent more than it may.
    #[error("it sent more than {0} allows")]
    Limit(&'static str),
    /// It sent a text that is no UTF-8, or a JSON text that is none.
    #[error("it sent {0} that can't be read")]
    Text(&'static str),
}

/// What is known of one cell of a child.
#[derive(Debug)]
pub(super) struct Ledger {
    limits: CellLimits,
    tools: usize,
    started: bool,
    /// The call that comes next. None when all numbers are used up.
    next_call: Option<ToolCallId>,
    pending: HashSet<ToolCallId>,
    output: OutputMeter,
    stored_bytes: usize,
    /// The number of the last flow that the child was told.
    flow_number: u64,
}

impl Ledger {
    /// A cell that is about to be started, with so many tools.
    pub(super) fn new(limits: CellLimits, tools: usize) -> Self {
        Self {
            limits,
            tools,
            started: false,
            next_call: Some(ToolCallId::FIRST),
            pending: HashSet::new(),
            output: OutputMeter::default(),
            stored_bytes: 0,
            flow_number: 0,
        }
    }

    /// Looks at the size of a tail before it is read.
    pub(super) fn admit_tail(&self, event: &CellEvent, bytes: u64) -> Result<(), Violation> {
        let limits = &self.limits;
        let (most, limit) = match event {
            CellEvent::Content(_) => (limits.output_bytes, "limits.outputBytes"),
            CellEvent::Notify(_) | CellEvent::ToolCall { has_input: true, .. } => {
                (limits.message_bytes, "limits.messageBytes")
            }
            CellEvent::Stored { .. } => (limits.stored_bytes, "limits.storedBytes"),
            _ => (0, "this message"),
        };
        if usize::try_from(bytes).is_ok_and(|bytes| bytes <= most) {
            Ok(())
        } else {
            Err(Violation::Limit(limit))
        }
    }

    /// Takes note of an event, if the cell can have said it.
    pub(super) fn record(&mut self, event: &CellEvent, tail: &str) -> Result<(), Violation> {
        match event {
            CellEvent::Started => {
                let again = std::mem::replace(&mut self.started, true);
                return if again { Err(Violation::Sequence("a second start")) } else { Ok(()) };
            }
            // A cell that is stopped before it runs has an end, and nothing else.
            CellEvent::Finished { unhandled_rejections, .. } => {
                let few = unhandled_rejections.len() <= MOST_REJECTIONS;
                return if few { Ok(()) } else { Err(Violation::Limit("a report of rejections")) };
            }
            CellEvent::Lost(_) => return Ok(()),
            _ if !self.started => return Err(Violation::Sequence("an event before the start")),
            _ => {}
        }
        match event {
            CellEvent::Content(_) => self.record_output(tail.len()),
            CellEvent::Notify(_) => self.record_output(notification_bytes(tail)),
            CellEvent::ToolCall { id, tool, has_input } => {
                self.record_call(*id, *tool)?;
                if *has_input { check_json(tail, "the input of a tool") } else { Ok(()) }
            }
            CellEvent::Frontier(number) if *number > self.flow_number => {
                Err(Violation::Sequence("a frontier"))
            }
            CellEvent::Stored { key_bytes } => self.record_stored(*key_bytes, tail),
            _ => Ok(()),
        }
    }

    fn record_output(&self, bytes: usize) -> Result<(), Violation> {
        let fits = self.output.try_add(bytes, self.limits.output_bytes);
        if fits { Ok(()) } else { Err(Violation::Limit("limits.outputBytes")) }
    }

    fn record_call(&mut self, id: ToolCallId, tool: usize) -> Result<(), Violation> {
        if self.next_call != Some(id) {
            return Err(Violation::Sequence("a tool call"));
        }
        if tool >= self.tools {
            return Err(Violation::Stranger("a call"));
        }
        if self.pending.len() >= self.limits.pending_tool_calls {
            return Err(Violation::Limit("limits.pendingToolCalls"));
        }
        self.next_call = id.next();
        self.pending.insert(id);
        Ok(())
    }

    fn record_stored(&mut self, key_bytes: usize, tail: &str) -> Result<(), Violation> {
        let Some((_, value)) = tail.split_at_checked(key_bytes) else {
            return Err(Violation::Text("a stored value"));
        };
        self.stored_bytes = self.stored_bytes.saturating_add(tail.len());
        if self.stored_bytes > self.limits.stored_bytes {
            return Err(Violation::Limit("limits.storedBytes"));
        }
        check_json(value, "a stored value")
    }

    /// The child is told that a call has ended. It sees that later: until then it counts more calls than this ledger.
    pub(super) fn settle(&mut self, id: ToolCallId) {
        self.pending.remove(&id);
    }

    /// The child is told that output was collected.
    pub(super) fn deliver(&self, items: usize, bytes: usize) {
        self.output.subtract(items, bytes);
    }

    /// The child is told how to run on.
    pub(super) fn set_flow(&mut self, number: u64) {
        self.flow_number = self.flow_number.max(number);
    }
}

/// Node parses it later, and must not fail. No tree is built of it.
fn check_json(text: &str, what: &'static str) -> Result<(), Violation> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(Violation::Text(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{EngineUsage, NotificationKind, Outcome};
    use crate::host::message::ItemKind;

    fn started(limits: CellLimits) -> Ledger {
        let mut ledger = Ledger::new(limits, 2);
        ledger.record(&CellEvent::Started, "").unwrap();
        ledger
    }

    fn call(number: u32, tool: usize) -> CellEvent {
        CellEvent::ToolCall { id: ToolCallId::new(number).unwrap(), tool, has_input: true }
    }

    #[test]
    fn nothing_but_an_end_comes_before_the_start() {
        let mut ledger = Ledger::new(CellLimits::default(), 2);
        for event in [
            CellEvent::Notify(NotificationKind::Notify),
            CellEvent::YieldRequested,
            CellEvent::Frontier(0),
            call(1, 0),
        ] {
            assert!(matches!(ledger.record(&event, "{}"), Err(Violation::Sequence(_))), "{event:?}");
        }
        let end = CellEvent::Finished {
            outcome: Outcome::Terminated,
            unhandled_rejections: Vec::new(),
            usage: EngineUsage::default(),
        };
        assert_eq!(ledger.record(&end, ""), Ok(()));
        assert_eq!(ledger.record(&CellEvent::Started, ""), Ok(()));
        assert!(ledger.record(&CellEvent::Started, "").is_err());
    }

    #[test]
    fn calls_come_in_order_to_tools_that_exist_and_not_too_many_at_once() {
        let mut ledger = started(CellLimits { pending_tool_calls: 2, ..CellLimits::default() });
        assert_eq!(ledger.record(&call(2, 0), "{}"), Err(Violation::Sequence("a tool call")));
        assert_eq!(ledger.record(&call(1, 2), "{}"), Err(Violation::Stranger("a call")));
        assert_eq!(ledger.record(&call(1, 0), "{}"), Ok(()));
        assert_eq!(ledger.record(&call(1, 0), "{}"), Err(Violation::Sequence("a tool call")));
        assert_eq!(ledger.record(&call(2, 1), "{}"), Ok(()));
        assert_eq!(ledger.record(&call(3, 1), "{}"), Err(Violation::Limit("limits.pendingToolCalls")));
        ledger.settle(ToolCallId::FIRST);
        assert_eq!(ledger.record(&call(3, 1), "{}"), Ok(()));
    }

    #[test]
    fn texts_that_node_would_parse_are_json() {
        let mut ledger = started(CellLimits::default());
        assert_eq!(ledger.record(&call(1, 0), "{"), Err(Violation::Text("the input of a tool")));
        let stored = CellEvent::Stored { key_bytes: 1 };
        assert_eq!(ledger.record(&stored, "k{\"a\":\"\\ud800\"}"), Ok(()));
        assert_eq!(ledger.record(&stored, "kundefined"), Err(Violation::Text("a stored value")));
        assert_eq!(
            ledger.record(&CellEvent::Stored { key_bytes: 1 }, "ä1"),
            Err(Violation::Text("a stored value"))
        );
        assert_eq!(
            ledger.record(&CellEvent::Stored { key_bytes: 9 }, "k1"),
            Err(Violation::Text("a stored value"))
        );
    }

    #[test]
    fn output_stays_within_its_limit_until_it_is_delivered() {
        let mut ledger = started(CellLimits { output_bytes: 10, ..CellLimits::default() });
        let text = CellEvent::Content(ItemKind::Text);
        assert_eq!(ledger.record(&text, "12345678"), Ok(()));
        assert_eq!(ledger.record(&text, "123"), Err(Violation::Limit("limits.outputBytes")));
        ledger.deliver(1, 8);
        assert_eq!(ledger.record(&text, "123"), Ok(()));
    }

    #[test]
    fn a_tail_is_refused_by_its_size_before_it_is_read() {
        let limits =
            CellLimits { output_bytes: 10, message_bytes: 20, stored_bytes: 30, ..CellLimits::default() };
        let ledger = started(limits);
        let cases = [
            (CellEvent::Content(ItemKind::Audio), 10),
            (CellEvent::Notify(NotificationKind::Notify), 20),
            (call(1, 0), 20),
            (CellEvent::Stored { key_bytes: 0 }, 30),
            (CellEvent::YieldRequested, 0),
        ];
        for (event, most) in cases {
            assert_eq!(ledger.admit_tail(&event, most), Ok(()), "{event:?}");
            assert!(ledger.admit_tail(&event, most + 1).is_err(), "{event:?}");
            assert!(ledger.admit_tail(&event, u64::MAX).is_err(), "{event:?}");
        }
    }

    #[test]
    fn a_frontier_answers_a_flow_that_was_set() {
        let mut ledger = started(CellLimits::default());
        assert_eq!(ledger.record(&CellEvent::Frontier(0), ""), Ok(()));
        assert!(ledger.record(&CellEvent::Frontier(1), "").is_err());
        ledger.set_flow(1);
        assert_eq!(ledger.record(&CellEvent::Frontier(1), ""), Ok(()));
    }
}

//! What is measured: one exec through a session, as a host written in Rust would do it.

use std::sync::Arc;
use std::sync::mpsc;

use codecell::cell::{
    CellHandle, CellKey, CellStatus, Ending, Host, NotificationId, Observation, Ticket, ToolCall, Watch,
};
use codecell::engine::{JsonText, StoredMap, ThreadEngine, ToolCallId, ToolEntry, ToolKind, ToolSet};
use codecell::session::{Exec, Session, SessionLimits};

struct NoTools;

impl Host for NoTools {
    fn opened(&self, _cell: CellHandle) {}
    fn call_tool(&self, _call: ToolCall) {}
    fn abort_tool(&self, _cell: CellKey, _id: ToolCallId) {}
    fn notify(
        &self,
        _cell: CellKey,
        _id: NotificationId,
        _kind: codecell::engine::NotificationKind,
        _text: String,
    ) {
    }
    fn closed(&self, _cell: CellKey) {}
}

/// A session, and the tools that its cells have.
pub struct Design {
    session: Session,
    tools: Arc<ToolSet>,
}

impl Design {
    /// A session with this many tools.
    pub fn new(tools: usize) -> Self {
        let entries = (0..tools).map(|tool| {
            let name = format!("tool_{tool}");
            ToolEntry { identifier: name.clone(), name, kind: ToolKind::Function }
        });
        let tools = Arc::new(ToolSet::new(entries.collect(), || JsonText::from_serialised("[]")));
        let session = Session::new(
            ThreadEngine::shared(),
            Arc::new(NoTools),
            SessionLimits::default(),
            StoredMap::new(),
        );
        Self { session, tools }
    }

    /// Runs one script to its end.
    pub fn exec(&self, source: &str) {
        let (reply, answer) = mpsc::channel();
        let observation = Observation {
            ticket: Ticket(1),
            watch: Watch::Yield,
            yield_after: None,
            reply: Box::new(move |result| {
                let _ = reply.send(result);
                None
            }),
        };
        let exec = Exec {
            source: source.into(),
            line_offset: 0,
            features: codecell::engine::Features::default(),
            tools: Arc::clone(&self.tools),
            observation,
            inspected: None,
        };
        self.session.exec(exec).unwrap();
        let result = answer.recv().unwrap().unwrap();
        assert!(matches!(result.status, CellStatus::Ended(Ending::Completed { .. })));
    }
}

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use codecell::cell::{
    CellHandle, CellKey, CellStatus, Ending, Host, NotificationId, Observation, Ticket, ToolCall, Watch,
};
use codecell::engine::{
    JsonText, StoredMap, ThreadEngine, ToolCallId, ToolEntry, ToolKind, ToolOutcome, ToolSet,
};
use codecell::session::{Exec, Session, SessionLimits};
use serde_json::Value;

/// The result of the first call is the input of the second.
const SCRIPT: &str = "await tools.t({ value: await tools.t({}) })";

/// A text that a tool answers with is read by the cell and comes back as the same value, or the call rejects.
///
/// # Panics
/// When that does not hold, or nothing comes of it.
pub fn json(text: &str) {
    let (inputs, received) = mpsc::channel();
    let host = Arc::new(Tool { answer: text.to_owned(), cell: OnceLock::new(), inputs: Mutex::new(inputs) });
    let limits = SessionLimits::default();
    let session = Session::new(ThreadEngine::shared(), host, limits, StoredMap::new());
    let completed = run(&session);
    let back = second(&received);
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            assert!(completed, "JSON is read: {text}");
            let back = back.unwrap_or_else(|| panic!("it comes back: {text}"));
            let back: Value = serde_json::from_str(&back).unwrap_or_else(|error| panic!("{error}: {back}"));
            assert!(equal(&back["value"], &value), "{back} is {value}");
        }
        // Not everything that V8 takes is taken here: numbers beyond all bounds, and halves of characters.
        Err(_) => assert_eq!(completed, back.is_some(), "a text that is no JSON rejects the call: {text}"),
    }
}

/// Runs the script to its end. Says whether it completed.
fn run(session: &Session) -> bool {
    let (answers, answered) = mpsc::channel();
    let tools = ToolSet::new(
        vec![ToolEntry { identifier: "t".into(), name: "t".into(), kind: ToolKind::Function }],
        || JsonText::from_serialised("[]"),
    );
    let reply = Box::new(move |answer| {
        let _ = answers.send(answer);
        None
    });
    let exec = Exec {
        source: SCRIPT.into(),
        line_offset: 0,
        features: codecell::engine::Features::default(),
        tools: Arc::new(tools),
        observation: Observation { ticket: Ticket(1), watch: Watch::Yield, yield_after: None, reply },
        inspected: None,
    };
    session.exec(exec).unwrap_or_else(|error| panic!("{error}"));
    match answered.recv_timeout(Duration::from_mins(1)) {
        Ok(Ok(result)) => matches!(result.status, CellStatus::Ended(Ending::Completed { .. })),
        Ok(Err(refusal)) => panic!("{refusal:?}"),
        Err(error) => panic!("the cell never answered: {error}"),
    }
}

fn second(received: &Receiver<Option<JsonText>>) -> Option<String> {
    let _first = received.try_recv();
    received.try_recv().ok().flatten().map(JsonText::into_string)
}

/// Whether both are the same to JavaScript, which has no numbers but floating-point ones.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap_or(f64::NAN), other.as_f64().unwrap_or(f64::NAN));
            // serde_json's own reading may be off by the last bit.
            (one - other).abs() <= one.abs() * 1e-15 + f64::MIN_POSITIVE
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| equal(one, other)))
        }
        _ => one == other,
    }
}

/// Answers every call with the same text, and keeps what it was given.
struct Tool {
    answer: String,
    cell: OnceLock<CellHandle>,
    inputs: Mutex<Sender<Option<JsonText>>>,
}

impl Host for Tool {
    fn opened(&self, cell: CellHandle) {
        let _ = self.cell.set(cell);
    }

    fn call_tool(&self, call: ToolCall) {
        if let Ok(inputs) = self.inputs.lock() {
            let _ = inputs.send(call.input);
        }
        if let Some(cell) = self.cell.get() {
            cell.tool_ended(call.id, ToolOutcome::Value(JsonText::from_serialised(self.answer.as_str())));
        }
    }

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

//! What crosses to JavaScript: flat lists of numbers, strings and nulls, which N-API makes fast.

use napi::bindgen_prelude::{Either3, Null};
use serde::Serialize;

use crate::cell::{CellKey, CellResult, CellStatus, Ending, NotificationId, Refusal, Ticket, ToolCall};
use crate::engine::{CellError, ConsoleLevel, InspectorEvent, NotificationKind, ToolCallId};
use crate::model::ContentItem;

/// One field of a message.
pub(super) type Field = Either3<f64, String, Null>;

/// One message. The layout of each is described in `js/bridge.js`.
pub(super) enum Message {
    Answer {
        ticket: Ticket,
        result: CellResult,
    },
    /// Content of the answer that will come for this ticket.
    Content {
        ticket: Ticket,
        items: Vec<ContentItem>,
    },
    Missing {
        ticket: Ticket,
        cell: String,
    },
    Closed {
        ticket: Ticket,
    },
    Failure {
        ticket: Ticket,
        code: &'static str,
        text: String,
    },
    ToolCall(ToolCall),
    AbortTool {
        cell: CellKey,
        id: ToolCallId,
    },
    Notify {
        cell: CellKey,
        id: NotificationId,
        kind: NotificationKind,
        text: String,
    },
    EngineLost {
        cell: CellKey,
        lost: u64,
        held: usize,
    },
    Inspector {
        cell: CellKey,
        event: InspectorEvent,
    },
    CellClosed {
        cell: CellKey,
    },
    /// What became of a child process, as JSON.
    Child {
        event: String,
    },
}

const ANSWER: f64 = 0.0;
const FAILURE: f64 = 1.0;
const TOOL_CALL: f64 = 2.0;
const ABORT_TOOL: f64 = 3.0;
const NOTIFY: f64 = 4.0;
const CELL_CLOSED: f64 = 5.0;
const CHILD: f64 = 6.0;
const ENGINE_LOST: f64 = 7.0;
const CONTENT: f64 = 8.0;
const TO_DEBUGGER: f64 = 9.0;
const INSPECTION_OVER: f64 = 10.0;

/// Content that travels at once, at the most: JavaScript needs about a millisecond for it.
const MOST_ITEMS: usize = 1_024;
const MOST_BYTES: usize = 1024 * 1024;

/// A number that JavaScript holds exactly: keys and tickets stay far below 2^53.
#[allow(clippy::cast_precision_loss)]
pub(super) fn number(value: u64) -> f64 {
    value as f64
}

/// A number of JavaScript as a key or ticket. What is none becomes 0, which names nothing.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(super) fn whole(value: f64) -> u64 {
    // A cast from a float saturates, and makes NaN 0.
    value as u64
}

impl Message {
    /// Whether the message settles a promise that keeps the program alive.
    pub(super) fn settles(&self) -> bool {
        matches!(
            self,
            Self::Answer { .. } | Self::Missing { .. } | Self::Closed { .. } | Self::Failure { .. }
        )
    }

    /// Takes out of an answer what is to travel before it, if it has much content.
    pub(super) fn split(&mut self) -> Vec<Self> {
        let Self::Answer { ticket, result } = self else { return Vec::new() };
        let is_small = result.content.len() <= MOST_ITEMS
            && result.content.iter().map(ContentItem::bytes).sum::<usize>() <= MOST_BYTES;
        if is_small {
            return Vec::new();
        }
        let (mut parts, mut items, mut bytes) = (Vec::new(), Vec::new(), 0);
        for item in std::mem::take(&mut result.content) {
            if items.len() == MOST_ITEMS || bytes > MOST_BYTES {
                parts.push(Self::Content { ticket: *ticket, items: std::mem::take(&mut items) });
                bytes = 0;
            }
            bytes += item.bytes();
            items.push(item);
        }
        result.content = items;
        parts
    }

    /// Items of content in it, and one for itself.
    pub(super) fn weight(&self) -> usize {
        1 + match self {
            Self::Answer { result, .. } => result.content.len(),
            Self::Content { items, .. } => items.len(),
            _ => 0,
        }
    }

    /// The answer for a caller who gets no result.
    pub(super) fn refusal(ticket: Ticket, cell: &str, refusal: Refusal) -> Self {
        let (code, text) = match refusal {
            Refusal::Closed => {
                return Self::Missing { ticket, cell: cell.to_owned() };
            }
            Refusal::Busy => ("CELL_BUSY", format!("exec cell {cell} already has an active observer")),
            Refusal::Terminating => ("CELL_TERMINATING", format!("exec cell {cell} is already terminating")),
            Refusal::Aborted => ("ABORTED", String::from("the wait was aborted")),
        };
        Self::Failure { ticket, code, text }
    }

    /// The fields, as JavaScript reads them.
    pub(super) fn into_fields(self) -> Vec<Field> {
        let key = |cell: CellKey| Field::A(number(cell.number()));
        match self {
            Self::Answer { ticket, result } => answer_fields(ticket, result),
            Self::Content { ticket, items } => {
                let heads: Vec<_> = items.iter().map(ItemHead::new).collect();
                let mut fields = json_fields(CONTENT, ticket, &heads);
                fields.extend(items.into_iter().map(text_field));
                fields
            }
            Self::Missing { ticket, cell } => {
                head_fields(ticket, &Head { status: "missing", cell_id: Some(&cell), ..Head::default() })
            }
            Self::Closed { ticket } => head_fields(ticket, &Head { status: "closed", ..Head::default() }),
            Self::Failure { ticket, code, text } => {
                vec![Field::A(FAILURE), Field::A(number(ticket.0)), Field::B(code.into()), Field::B(text)]
            }
            Self::ToolCall(call) => vec![
                Field::A(TOOL_CALL),
                key(call.cell),
                Field::A(call.id.get().into()),
                Field::A(number(call.tool as u64)),
                call.input.map_or(Field::C(Null), |input| Field::B(input.into_string())),
            ],
            Self::AbortTool { cell, id } => {
                vec![Field::A(ABORT_TOOL), key(cell), Field::A(id.get().into())]
            }
            Self::Notify { cell, id, kind, text } => vec![
                Field::A(NOTIFY),
                key(cell),
                Field::A(id.number().into()),
                Field::B(text),
                level(kind).map_or(Field::C(Null), |level| Field::B(level.into())),
            ],
            Self::EngineLost { cell, lost, held } => {
                vec![Field::A(ENGINE_LOST), key(cell), Field::A(number(lost)), Field::A(number(held as u64))]
            }
            Self::Inspector { cell, event: InspectorEvent::Message { debugger, text, is_answer } } => vec![
                Field::A(TO_DEBUGGER),
                key(cell),
                Field::A(debugger.get().into()),
                Field::A(f64::from(u8::from(is_answer))),
                Field::B(text),
            ],
            Self::Inspector { cell, event: InspectorEvent::Closed } => {
                vec![Field::A(INSPECTION_OVER), key(cell)]
            }
            Self::CellClosed { cell } => vec![Field::A(CELL_CLOSED), key(cell)],
            Self::Child { event } => vec![Field::A(CHILD), Field::B(event)],
        }
    }
}

/// The level of what a console has written, as it is told to JavaScript.
fn level(kind: NotificationKind) -> Option<&'static str> {
    match kind {
        NotificationKind::Notify => None,
        NotificationKind::Console(ConsoleLevel::Debug) => Some("debug"),
        NotificationKind::Console(ConsoleLevel::Info) => Some("info"),
        NotificationKind::Console(ConsoleLevel::Log) => Some("log"),
        NotificationKind::Console(ConsoleLevel::Warn) => Some("warn"),
        NotificationKind::Console(ConsoleLevel::Error) => Some("error"),
    }
}

/// A result without its large strings, which follow it as fields of their own.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageHead>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorHead<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unhandled_rejections: Vec<ErrorHead<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_tool_call_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Vec<ItemHead>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsageHead {
    cpu_ms: f64,
    wall_ms: f64,
    tool_calls: u32,
    tool_errors: u32,
    peak_heap_bytes: usize,
}

#[derive(Serialize)]
struct ErrorHead<'a> {
    code: &'static str,
    name: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum ItemHead {
    Text,
    Image { detail: &'static str },
    Audio,
}

impl ItemHead {
    fn new(item: &ContentItem) -> Self {
        match item {
            ContentItem::Text { .. } => Self::Text,
            ContentItem::Image { detail, .. } => Self::Image { detail: detail.as_str() },
            ContentItem::Audio { .. } => Self::Audio,
        }
    }
}

impl<'a> ErrorHead<'a> {
    fn new(error: &'a CellError) -> Self {
        Self {
            code: error.code.as_str(),
            name: &error.name,
            message: &error.message,
            stack: error.stack.as_deref(),
            frame: error.frame.as_deref(),
            line: error.position.map(|position| position.line),
            column: error.position.map(|position| position.column),
        }
    }
}

fn head_fields(ticket: Ticket, head: &Head<'_>) -> Vec<Field> {
    json_fields(ANSWER, ticket, head)
}

fn json_fields(kind: f64, ticket: Ticket, json: &impl Serialize) -> Vec<Field> {
    // Strings and numbers always serialise.
    let json = serde_json::to_string(json).unwrap_or_default();
    vec![Field::A(kind), Field::A(number(ticket.0)), Field::B(json)]
}

fn answer_fields(ticket: Ticket, result: CellResult) -> Vec<Field> {
    let usage = UsageHead {
        cpu_ms: result.usage.cpu.as_secs_f64() * 1000.0,
        wall_ms: result.usage.wall.as_secs_f64() * 1000.0,
        tool_calls: result.usage.tool_calls,
        tool_errors: result.usage.tool_errors,
        peak_heap_bytes: result.usage.peak_heap_bytes,
    };
    let mut head = Head {
        cell_id: Some(result.cell_id.as_str()),
        usage: Some(usage),
        content: Some(result.content.iter().map(ItemHead::new).collect()),
        ..Head::default()
    };
    match &result.status {
        CellStatus::Running => head.status = "running",
        CellStatus::Pending(calls) => {
            head.status = "pending";
            head.pending_tool_call_ids = Some(calls.iter().map(ToString::to_string).collect());
        }
        CellStatus::Ended(Ending::Completed { unhandled_rejections }) => {
            head.status = "completed";
            head.unhandled_rejections = unhandled_rejections.iter().map(ErrorHead::new).collect();
        }
        CellStatus::Ended(Ending::Failed { error, unhandled_rejections }) => {
            head.status = "failed";
            head.error = Some(ErrorHead::new(error));
            head.unhandled_rejections = unhandled_rejections.iter().map(ErrorHead::new).collect();
        }
        CellStatus::Ended(Ending::Terminated) => head.status = "terminated",
    }
    let mut fields = head_fields(ticket, &head);
    fields.extend(result.content.into_iter().map(text_field));
    fields
}

fn text_field(item: ContentItem) -> Field {
    Field::B(match item {
        ContentItem::Text { text } => text,
        ContentItem::Image { image_url, .. } => image_url,
        ContentItem::Audio { audio_url } => audio_url,
    })
}

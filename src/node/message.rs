//! What crosses to JavaScript: flat lists of numbers, strings and nulls, which N-API makes fast.

use napi::bindgen_prelude::{Either3, Null};
use serde::Serialize;

use crate::cell::{CellKey, CellResult, CellStatus, Ending, NotificationId, Refusal, Ticket, ToolCall};
use crate::engine::{CellError, InspectorEvent, ToolCallId};
use crate::model::ContentItem;

/// One field of a message.
pub(super) type Field = Either3<f64, String, Null>;

/// One message. The layout of each is described in `js/bridge.js`.
pub(super) enum Message {
    Answer {
        ticket: Ticket,
        result: CellResult,
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
const TO_DEBUGGER: f64 = 8.0;
const INSPECTION_OVER: f64 = 9.0;

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
            Self::Notify { cell, id, text } => {
                vec![Field::A(NOTIFY), key(cell), Field::A(id.number().into()), Field::B(text)]
            }
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
    // Strings and numbers always serialise.
    let head = serde_json::to_string(head).unwrap_or_default();
    vec![Field::A(ANSWER), Field::A(number(ticket.0)), Field::B(head)]
}

fn answer_fields(ticket: Ticket, result: CellResult) -> Vec<Field> {
    let usage = UsageHead {
        cpu_ms: result.usage.cpu.as_secs_f64() * 1000.0,
        wall_ms: result.usage.wall.as_secs_f64() * 1000.0,
        tool_calls: result.usage.tool_calls,
        tool_errors: result.usage.tool_errors,
        peak_heap_bytes: result.usage.peak_heap_bytes,
    };
    let content = result.content.iter().map(|item| match item {
        ContentItem::Text { .. } => ItemHead::Text,
        ContentItem::Image { detail, .. } => ItemHead::Image { detail: detail.as_str() },
        ContentItem::Audio { .. } => ItemHead::Audio,
    });
    let mut head = Head {
        cell_id: Some(result.cell_id.as_str()),
        usage: Some(usage),
        content: Some(content.collect()),
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
    fields.extend(result.content.into_iter().map(|item| {
        Field::B(match item {
            ContentItem::Text { text } => text,
            ContentItem::Image { image_url, .. } => image_url,
            ContentItem::Audio { audio_url } => audio_url,
        })
    }));
    fields
}

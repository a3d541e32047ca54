//! The options of a session, as the JavaScript layer passes them on: checked, as JSON.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::error::{CodedError, invalid_argument};
use crate::engine::{CellLimits, JsonText, StoredMap};
use crate::session::SessionLimits;

/// The options of a session.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options {
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    stored_values: Vec<(String, String)>,
    pub(super) default_yield_time_ms: f64,
    pub(super) max_yield_time_ms: Option<f64>,
}

/// The limits that were given; the others have their defaults.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    heap_bytes: Option<usize>,
    array_buffer_bytes: Option<usize>,
    cpu_ms: Option<f64>,
    wall_ms: Option<f64>,
    active_cells: Option<usize>,
    pending_tool_calls: Option<usize>,
    timers: Option<usize>,
    output_bytes: Option<usize>,
    message_bytes: Option<usize>,
    stored_bytes: Option<usize>,
    source_bytes: Option<usize>,
    tool_grace_ms: Option<f64>,
}

impl Options {
    /// Reads the options.
    pub(super) fn parse(json: &str) -> Result<Self, CodedError> {
        serde_json::from_str(json)
            .map_err(|error| invalid_argument(format!("the options can't be read: {error}")))
    }

    /// The limits, with defaults for those that were not given.
    pub(super) fn limits(&self) -> SessionLimits {
        let given = &self.limits;
        let default = SessionLimits::default();
        let cell = CellLimits {
            heap_bytes: given.heap_bytes.unwrap_or(default.cell.heap_bytes),
            array_buffer_bytes: given.array_buffer_bytes.unwrap_or(default.cell.array_buffer_bytes),
            cpu: given.cpu_ms.and_then(milliseconds),
            wall: given.wall_ms.and_then(milliseconds),
            pending_tool_calls: given.pending_tool_calls.unwrap_or(default.cell.pending_tool_calls),
            timers: given.timers.unwrap_or(default.cell.timers),
            output_bytes: given.output_bytes.unwrap_or(default.cell.output_bytes),
            message_bytes: given.message_bytes.unwrap_or(default.cell.message_bytes),
            stored_bytes: given.stored_bytes.unwrap_or(default.cell.stored_bytes),
        };
        SessionLimits {
            cell,
            active_cells: given.active_cells.unwrap_or(default.active_cells),
            source_bytes: given.source_bytes.unwrap_or(default.source_bytes),
            tool_grace: given.tool_grace_ms.and_then(milliseconds).unwrap_or(default.tool_grace),
        }
    }

    /// The stored values that the session starts with.
    pub(super) fn take_stored_values(&mut self) -> StoredMap {
        std::mem::take(&mut self.stored_values)
            .into_iter()
            .map(|(key, text)| (key, Arc::new(JsonText::from_serialised(text))))
            .collect()
    }
}

/// A time, or none for one that no clock can show.
fn milliseconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value / 1000.0).ok()
}

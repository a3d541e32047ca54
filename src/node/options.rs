//! The options of a session, as the JavaScript layer passes them on: checked, as JSON.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use napi::Env;
use serde::Deserialize;

use super::bridge::Bridge;
use super::error::{CodedError, invalid_argument, not_started};
use crate::engine::{CellLimits, Engine, Features, InspectedStart, JsonText, StoredMap, ThreadEngine};
#[cfg(unix)]
use crate::host::{Launch, ProcessEngine, ProcessOptions};
use crate::session::SessionLimits;

/// The options of a session.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options {
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    pub(super) features: Features,
    #[serde(default)]
    stored_values: Vec<(String, String)>,
    #[serde(default)]
    child: Option<ProcessIsolation>,
    /// When scripts start, if cells can be debugged.
    #[serde(default)]
    pub(super) inspect: Option<InspectedStart>,
    pub(super) default_yield_time_ms: f64,
    pub(super) max_yield_time_ms: Option<f64>,
}

/// How to use child processes. Absent: the cells run on threads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProcessIsolation {
    launcher: PathBuf,
    addon: PathBuf,
    time_zone: Option<String>,
    /// The version of the libuv whose event loop can read what children say, if it can.
    libuv: Option<String>,
    cells_per_child: Option<usize>,
    strict: Option<bool>,
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

    /// The engine that the session runs its cells on. Children tell `observer` what becomes of them.
    pub(super) fn engine(&self, env: &Env, observer: &Arc<Bridge>) -> Result<Arc<dyn Engine>, CodedError> {
        let Some(child) = &self.child else {
            let engine = ThreadEngine::shared();
            engine.warm_up();
            return Ok(engine);
        };
        child.engine(env, observer)
    }

    /// The stored values that the session starts with.
    pub(super) fn take_stored_values(&mut self) -> StoredMap {
        std::mem::take(&mut self.stored_values)
            .into_iter()
            .map(|(key, text)| (key, Arc::new(JsonText::from_serialised(text))))
            .collect()
    }
}

impl ProcessIsolation {
    #[cfg(unix)]
    fn engine(&self, env: &Env, observer: &Arc<Bridge>) -> Result<Arc<dyn Engine>, CodedError> {
        let default = ProcessOptions::default();
        let options = ProcessOptions {
            cells_per_child: self.cells_per_child.unwrap_or(default.cells_per_child),
            strict: self.strict.unwrap_or(default.strict),
        };
        let launch = Launch {
            launcher: self.launcher.clone(),
            addon: self.addon.clone(),
            time_zone: self.time_zone.clone(),
        };
        let loop_reader = self.libuv.as_deref().and_then(|version| observer.loop_reader(env, version));
        let observer = Arc::downgrade(observer);
        let engine = ProcessEngine::open(launch, options, observer, loop_reader)
            .map_err(|error| not_started(&error.into()))?;
        Ok(Arc::new(engine))
    }

    #[cfg(not(unix))]
    fn engine(&self, _env: &Env, _observer: &Arc<Bridge>) -> Result<Arc<dyn Engine>, CodedError> {
        let reason =
            "isolation: 'process' needs the sockets of a Unix; on this system use 'thread'".to_owned();
        Err(not_started(&crate::engine::EngineUnavailable { reason }.into()))
    }
}

/// A time, or none for one that no clock can show.
pub(super) fn milliseconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value / 1000.0).ok()
}

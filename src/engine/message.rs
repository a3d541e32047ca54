//! What crosses between an engine and the cell that drives it. Plain data: the process engine sends the same.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::inspector::{Inspection, InspectorEvent};
use super::{CellLimits, Features, NotificationKind, ToolSet};
use crate::model::ContentItem;

/// Takes the events of one cell, on the thread of whoever sends them.
pub trait EventSink: Send + Sync {
    /// Takes an event.
    fn event(&self, event: Event);
    /// Nobody is left who could send one.
    fn engine_gone(&self);
    /// What the engine's thread may look out for while it waits.
    fn lookout(&self) -> Option<Arc<dyn Lookout>> {
        None
    }
}

/// A place where messages arrive, those for the cell among them. An engine that waits for its cell may wait there: then
/// no other thread must wake up only to wake it.
pub trait Lookout: Send + Sync {
    /// Takes the place. None if another thread has it, or if nothing will arrive any more.
    fn take(&self) -> Option<Box<dyn LookoutPost + '_>>;
    /// Has the thread that is there come back. Called by another one.
    fn recall(&self);
}

/// The place, until it is dropped.
pub trait LookoutPost {
    /// Passes on what arrives, until something has arrived, or until `due`, or until the thread is recalled. It may
    /// return earlier.
    fn look(&mut self, due: Option<Instant>);
}

/// Where an engine sends the events of one cell. When the last clone is dropped, the cell is told: without an
/// [`Event::Finished`] before, its engine was lost.
#[derive(Clone)]
pub struct EventSender(Arc<LastSender>);

struct LastSender(Arc<dyn EventSink>);

impl Drop for LastSender {
    fn drop(&mut self) {
        self.0.engine_gone();
    }
}

impl EventSender {
    /// A sender to this sink.
    #[must_use]
    pub fn new(sink: Arc<dyn EventSink>) -> Self {
        Self(Arc::new(LastSender(sink)))
    }

    /// Sends an event. Nothing happens if the cell is over.
    pub fn send(&self, event: Event) {
        self.0.0.event(event);
    }

    /// See [`EventSink::lookout`].
    pub(super) fn lookout(&self) -> Option<Arc<dyn Lookout>> {
        self.0.0.lookout()
    }
}

impl fmt::Debug for EventSender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EventSender")
    }
}

/// A JSON text. It is never parsed here: one V8 wrote it, the other will read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct JsonText(Box<str>);

impl JsonText {
    /// Takes a text that a JSON serialiser made.
    #[must_use]
    pub fn from_serialised(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_string()
    }

    /// Its size as UTF-8.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// Stored values: what `store` wrote, by key.
pub type StoredMap = BTreeMap<String, Arc<JsonText>>;

/// Names one tool call of a cell. Calls are numbered from 1, in call order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ToolCallId(NonZeroU32);

impl ToolCallId {
    /// The first call of a cell.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The call numbered `number`, if that is a number that a call can have.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The id of the call after this one. None when the numbers are used up.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// Its number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for ToolCallId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "tool-{}", self.0)
    }
}

/// Everything that an engine needs to run a cell.
#[derive(Debug, Clone)]
pub struct StartCell {
    /// The module text, without the pragma line.
    pub source: String,
    /// Lines of the given text that precede `source`, so that positions are those of the given text.
    pub line_offset: u32,
    /// The tools that the script finds on `tools`.
    pub tools: Arc<ToolSet>,
    /// What `load` finds.
    pub stored: Arc<StoredMap>,
    /// What the cell may use.
    pub limits: CellLimits,
    /// How the cell runs until its first observer says otherwise.
    pub flow: Flow,
    /// What the script finds beyond the language.
    pub features: Features,
    /// That it can be debugged. None: it can't, and pays nothing for it.
    pub inspection: Option<Inspection>,
}

/// Whether a script runs on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flow {
    /// Tool results and timers resume the script as they come.
    Run,
    /// The script freezes when it can go on only after a tool or a timer, and says so with [`Event::Frontier`].
    Step,
}

/// What a cell sends to its engine.
#[derive(Debug)]
pub enum Command {
    /// A tool call has ended.
    ToolSettled {
        /// Which call.
        id: ToolCallId,
        /// How it ended.
        outcome: ToolOutcome,
    },
    /// From now on the script runs like this. Thaws a frozen script. The number tells this command from earlier ones.
    Flow(Flow, u64),
}

/// How a tool call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolOutcome {
    /// The tool returned nothing.
    Undefined,
    /// The tool returned a value.
    Value(JsonText),
    /// The tool failed; the script's promise rejects with a `ToolError` of this message.
    Failed(String),
}

/// What a cell does.
#[derive(Debug)]
pub enum Event {
    /// The script is about to run.
    Started,
    /// The script emitted a content item.
    Content(ContentItem),
    /// The script called `notify`, or wrote to a console that is told of.
    Notify(NotificationKind, String),
    /// The script called a tool.
    ToolCall {
        /// Which call.
        id: ToolCallId,
        /// The tool's place in the cell's [`ToolSet`].
        tool: usize,
        /// The argument. None: the script gave none.
        input: Option<JsonText>,
    },
    /// The script called `yield_control`.
    YieldRequested,
    /// The script is frozen: it can go on only after a tool or a timer. Only with [`Flow::Step`]. The number is that
    /// of the [`Command::Flow`] that it obeys; 0 if there was none.
    Frontier(u64),
    /// The inspector of the cell speaks.
    Inspector(InspectorEvent),
    /// V8 has stopped. Nothing of the cell runs any more.
    Finished(Box<Finished>),
    /// The engine was lost with the script in it, for this reason. Nothing comes after it.
    Lost(String),
}

/// The end of a script.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// What it stored.
    pub writes: StoredMap,
    /// Rejections that the script did not handle.
    pub unhandled_rejections: Vec<CellError>,
    /// What it used, its whole life.
    pub usage: EngineUsage,
}

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The module's promise was fulfilled, or the script called `exit`.
    Completed,
    /// The script failed, or met a limit.
    Failed(CellError),
    /// It was stopped from outside, by [`super::StopReason::Terminate`].
    Terminated,
}

/// What a cell has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EngineUsage {
    /// Time that its JavaScript ran.
    pub cpu: Duration,
    /// The largest heap that was seen.
    pub peak_heap_bytes: usize,
}

/// Why a script failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// The stable code.
    pub code: CellErrorCode,
    /// The JavaScript class name, or the type of a thrown value that is no error.
    pub name: String,
    /// The message.
    pub message: String,
    /// The stack as V8 formats it, cut to the script's own frames.
    pub stack: Option<String>,
    /// Where it happened in the text that was given.
    pub position: Option<Position>,
    /// The lines of the script around that place.
    pub frame: Option<String>,
}

impl CellError {
    /// An error that has no place in the script.
    #[must_use]
    pub fn without_place(code: CellErrorCode, name: &str, message: impl Into<String>) -> Self {
        Self { code, name: name.into(), message: message.into(), stack: None, position: None, frame: None }
    }
}

/// A place in the text that was given to `exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// 1-based line; the pragma line counts.
    pub line: u32,
    /// 1-based column.
    pub column: u32,
}

/// The stable code of a [`CellError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellErrorCode {
    /// The script threw, or its promise was rejected.
    ScriptError,
    /// The script did not compile, or imports what does not exist.
    SyntaxError,
    /// The heap or `ArrayBuffer` limit.
    MemoryLimit,
    /// The limit of JavaScript time.
    CpuLimit,
    /// The limit of the cell's life.
    TimeLimit,
    /// The limit of undelivered output.
    OutputLimit,
    /// The engine crashed or cannot be stopped.
    EngineLost,
}

impl CellErrorCode {
    /// The code as the contract spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ScriptError => "SCRIPT_ERROR",
            Self::SyntaxError => "SYNTAX_ERROR",
            Self::MemoryLimit => "MEMORY_LIMIT",
            Self::CpuLimit => "CPU_LIMIT",
            Self::TimeLimit => "TIME_LIMIT",
            Self::OutputLimit => "OUTPUT_LIMIT",
            Self::EngineLost => "ENGINE_LOST",
        }
    }
}

/// What a notification counts against the output limit until the host has taken it. Each is an event of the host's
/// loop, so a short one costs more than its text.
#[must_use]
pub fn notification_bytes(text: &str) -> usize {
    const COST: usize = 1024;
    text.len() + COST
}

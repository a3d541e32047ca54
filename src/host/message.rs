//! What the supervisor and a child say to each other. Heads of frames; what each carries as its tail is said with it.

use serde::{Deserialize, Serialize};

use crate::engine::{
    CellError, CellLimits, EngineUsage, Features, Flow, NotificationKind, Outcome, PoolOptions, StopReason,
    ToolCallId, ToolEntry,
};
use crate::model::ImageDetail;

/// Both ends must be of the same one. They are, unless somebody has mixed up two builds.
pub const PROTOCOL: u32 = 2;

/// Names a cell to a child. A supervisor uses each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellNumber(pub u64);

/// Names a set of tools that a child was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ToolSetNumber(pub u64);

/// Names a session, to those who share its stored values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SessionNumber(pub u64);

/// From the supervisor to a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToChild {
    /// How many threads of the child stand ready, and for how long, from now on.
    Pool(PoolOptions),
    /// A set of tools that cells may be started with. Tail: [`encode_tools`].
    Tools(ToolSetNumber),
    /// No cell will be started with these tools any more.
    ForgetTools(ToolSetNumber),
    /// The answer to [`FromChild::CatalogueWanted`]. Tail: the JSON text.
    Catalogue(ToolSetNumber),
    /// A stored value of a session, new or changed. Tail: the key and the JSON text.
    StoredValue {
        /// Whose.
        session: SessionNumber,
        /// Where the key ends.
        key_bytes: usize,
    },
    /// The stored values of this session are of no use any more.
    ForgetStored(SessionNumber),
    /// Starts a cell. Tail: the source.
    Start {
        /// Its name.
        cell: CellNumber,
        /// Whose stored values it finds.
        session: SessionNumber,
        /// The tools that it finds.
        tools: ToolSetNumber,
        /// See [`crate::engine::StartCell`].
        line_offset: u32,
        /// What it may use.
        limits: CellLimits,
        /// How it runs at first.
        flow: Flow,
        /// See [`crate::engine::StartCell`].
        features: Features,
        /// Whether it runs only in a sandbox that lacks nothing.
        strict: bool,
    },
    /// A tool call has ended. Tail: the JSON text of a value, or the message of a failure.
    ToolSettled {
        /// Whose call.
        cell: CellNumber,
        /// Which call.
        id: ToolCallId,
        /// How.
        outcome: OutcomeKind,
    },
    /// See [`crate::engine::Command::Flow`].
    Flow {
        /// Whose.
        cell: CellNumber,
        /// How it runs from now on.
        flow: Flow,
        /// The number of the command.
        number: u64,
    },
    /// Stops a script.
    Interrupt {
        /// Whose.
        cell: CellNumber,
        /// Why.
        reason: StopReason,
    },
    /// Output that no longer counts.
    OutputDelivered {
        /// Whose.
        cell: CellNumber,
        /// How many items.
        items: usize,
        /// Of how many bytes.
        bytes: usize,
    },
}

/// Tools as a tail: there may be more of them than a head holds.
///
/// # Errors
/// Never, for strings and kinds.
pub fn encode_tools(entries: &[ToolEntry]) -> Result<Vec<u8>, postcard::Error> {
    postcard::to_stdvec(entries)
}

/// The tools of a tail.
///
/// # Errors
/// When it was not made by [`encode_tools`].
pub fn decode_tools(tail: &[u8]) -> Result<Vec<ToolEntry>, postcard::Error> {
    postcard::from_bytes(tail)
}

/// How a tool call ended, without what it ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutcomeKind {
    /// It returned nothing.
    Undefined,
    /// It returned a value.
    Value,
    /// It failed.
    Failed,
}

/// From a child to the supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromChild {
    /// The child is ready for cells. Its first message.
    Ready {
        /// [`PROTOCOL`], as the child knows it.
        protocol: u32,
        /// What of its sandbox the system refused.
        missing: Vec<Mechanism>,
    },
    /// A script has looked at `ALL_TOOLS`.
    CatalogueWanted(ToolSetNumber),
    /// What a cell has used so far.
    Usage(CellNumber, EngineUsage),
    /// The child is well. Told as long as it has cells.
    Alive,
    /// A cell did something.
    Event(CellNumber, CellEvent),
}

/// What a cell did; see [`crate::engine::Event`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellEvent {
    /// The script is about to run.
    Started,
    /// It emitted an item. Tail: its text or URL.
    Content(ItemKind),
    /// It told the host something. Tail: the text.
    Notify(NotificationKind),
    /// It called a tool. Tail: the input, if there is one.
    ToolCall {
        /// Which call.
        id: ToolCallId,
        /// The tool's place in the tool set.
        tool: usize,
        /// Whether there is an input.
        has_input: bool,
    },
    /// It called `yield_control`.
    YieldRequested,
    /// It is frozen.
    Frontier(u64),
    /// It has stored a value. Told when it ends, before its end. Tail: the key and the JSON text.
    Stored {
        /// Where the key ends.
        key_bytes: usize,
    },
    /// V8 has stopped.
    Finished {
        /// How the script ended.
        outcome: Outcome,
        /// Rejections that it did not handle.
        unhandled_rejections: Vec<CellError>,
        /// What it used.
        usage: EngineUsage,
    },
    /// It was not run, or its engine was lost, while the child is well.
    Lost(LostBecause),
}

/// Why a child does not run a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LostBecause {
    /// No engine could be had, or the one that it had was lost.
    Engine,
    /// The sandbox is not complete, and the cell asks for that.
    Sandbox,
}

/// What kind of content item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemKind {
    /// Text.
    Text,
    /// A picture.
    Image(ImageDetail),
    /// A sound.
    Audio,
}

/// A part of a child's sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mechanism {
    /// Descriptors that were inherited are closed.
    Descriptors,
    /// The child dies with the thread that started it, by `PR_SET_PDEATHSIG`.
    ParentDeath,
    /// It can gain no rights, by `PR_SET_NO_NEW_PRIVS`.
    NoNewPrivileges,
    /// Resource limits: no new descriptors, no files, no core.
    ResourceLimits,
    /// No files, no network, by landlock.
    Landlock,
    /// No system calls but those that V8 needs, by seccomp.
    Seccomp,
}

impl Mechanism {
    /// Its name, as it is told to users.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Descriptors => "descriptors",
            Self::ParentDeath => "parent-death",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::ResourceLimits => "resource-limits",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
        }
    }
}

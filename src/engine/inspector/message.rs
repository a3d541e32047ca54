//! What crosses between the debuggers of a cell and its engine. The texts are messages of the Chrome `DevTools` protocol,
//! which V8 reads and writes.

use std::num::NonZeroU32;

use serde::Deserialize;

/// Names one debugger of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DebuggerId(NonZeroU32);

impl DebuggerId {
    /// The debugger with this number, if that is a number that a debugger can have.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// Its number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

/// That a cell can be debugged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What a debugger calls the cell.
    pub name: String,
    /// When its script starts.
    pub start: InspectedStart,
}

/// When a script that can be debugged starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InspectedStart {
    /// At once.
    AtOnce,
    /// When a debugger says `Runtime.runIfWaitingForDebugger`.
    WhenTold,
    /// Likewise, and it pauses at its first line.
    Paused,
}

/// What is said to the inspector of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InspectorCommand {
    /// A debugger is there.
    Attach(DebuggerId),
    /// It says this.
    Message(DebuggerId, String),
    /// It has gone. A script that it has paused goes on.
    Detach(DebuggerId),
    /// Debuggers have taken so many bytes of what was sent to them.
    Taken(usize),
}

/// What the inspector of a cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InspectorEvent {
    /// This, to a debugger.
    Message {
        /// Which one.
        debugger: DebuggerId,
        /// The message.
        text: String,
        /// Whether it answers a message of the debugger's.
        is_answer: bool,
    },
    /// Nothing more: the script has ended.
    Closed,
}

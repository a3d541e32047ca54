//! What a script finds beyond the language and the helpers.

use serde::{Deserialize, Serialize};

/// What a cell is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Features {
    /// Whether a script that is no JavaScript is tried as TypeScript, without its types.
    pub typescript: bool,
    /// Whether there is a `console`, and where it writes.
    pub console: Console,
}

/// Where a script's `console` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Console {
    /// There is none.
    #[default]
    Off,
    /// To the output of the cell, as text items.
    Output,
    /// To the host, as [`super::Event::Notify`].
    Events,
}

/// How important a method of `console` takes what it writes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConsoleLevel {
    /// `debug`.
    Debug,
    /// `info`.
    Info,
    /// `log`, and what is like it.
    Log,
    /// `warn`, and a failed `assert`.
    Warn,
    /// `error`, and `trace`.
    Error,
}

/// What told the host something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NotificationKind {
    /// The helper `notify`.
    Notify,
    /// A method of `console`.
    Console(ConsoleLevel),
}

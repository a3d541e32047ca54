//! Why a cell could not be started.

use crate::cell::CellId;
use crate::engine::EngineUnavailable;

/// A fault of the caller, or of the machine. No cell was started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The session was closed.
    #[error("the session is closed")]
    Closed,
    /// As many cells as allowed are alive.
    #[error(
        "{limit} cells are alive, as many as limits.activeCells allows: {}. Terminate one, or wait for one whose \
         result nobody has taken yet",
        listed(ids)
    )]
    TooManyCells {
        /// The limit.
        limit: usize,
        /// The cells.
        ids: Vec<CellId>,
    },
    /// The source is longer than allowed.
    #[error(
        "the source has {bytes} bytes, more than limits.sourceBytes, which is {limit}. Pass data through tools or \
         stored values, or raise the limit"
    )]
    SourceTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// No engine could be had.
    #[error(transparent)]
    Engine(#[from] EngineUnavailable),
}

impl SessionError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "SESSION_CLOSED",
            Self::TooManyCells { .. } => "TOO_MANY_CELLS",
            Self::SourceTooLong { .. } => "INVALID_INPUT",
            Self::Engine(_) => "ENGINE_UNAVAILABLE",
        }
    }
}

fn listed(ids: &[CellId]) -> String {
    const SHOWN: usize = 8;
    let mut text = ids.iter().take(SHOWN).map(CellId::as_str).collect::<Vec<_>>().join(", ");
    if ids.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

//! The tools of a cell, as its script sees them: names and kinds. Descriptions are made only when asked for.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::JsonText;

/// What a tool takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToolKind {
    /// One JSON object; absent becomes `{}`.
    Function,
    /// One string.
    Freeform,
}

/// One tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolEntry {
    /// Its property on `tools`, and its export of `tools.js`.
    pub identifier: String,
    /// The key under which the host gave it; error messages use it.
    pub name: String,
    /// What it takes.
    pub kind: ToolKind,
}

type Catalogue = LazyLock<JsonText, Box<dyn FnOnce() -> JsonText + Send>>;

/// All tools of a cell. Made once and shared by every cell that has the same tools.
pub struct ToolSet {
    entries: Vec<ToolEntry>,
    by_identifier: HashMap<String, usize>,
    catalogue: Catalogue,
}

impl ToolSet {
    /// Takes the tools, and a function that makes the text of `ALL_TOOLS` when a script first asks for it.
    #[must_use]
    pub fn new(entries: Vec<ToolEntry>, catalogue: impl FnOnce() -> JsonText + Send + 'static) -> Self {
        let by_identifier =
            entries.iter().enumerate().map(|(index, entry)| (entry.identifier.clone(), index)).collect();
        Self { entries, by_identifier, catalogue: LazyLock::new(Box::new(catalogue)) }
    }

    /// No tools at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Vec::new(), || JsonText::from_serialised("[]"))
    }

    /// The tools, in the order of `ALL_TOOLS`.
    #[must_use]
    pub fn entries(&self) -> &[ToolEntry] {
        &self.entries
    }

    /// The place of the tool with this identifier.
    #[must_use]
    pub fn find(&self, identifier: &str) -> Option<usize> {
        self.by_identifier.get(identifier).copied()
    }

    /// The text of `ALL_TOOLS`: an array of `{ name, description }`.
    #[must_use]
    pub fn catalogue(&self) -> &JsonText {
        &self.catalogue
    }
}

impl fmt::Debug for ToolSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ToolSet").field("entries", &self.entries).finish_non_exhaustive()
    }
}

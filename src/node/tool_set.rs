//! The tools of a session or of one exec.

use std::collections::HashMap;
use std::sync::Arc;

use napi_derive::napi;

use super::error::{CodedError, invalid_argument};
use crate::engine::{self, JsonText, ToolSet};
use crate::model::{self, ExecDescriptionOptions, Namespaces};

/// What JavaScript holds of a set of tools.
#[napi]
pub struct NativeToolSet {
    pub(super) tools: Arc<ToolSet>,
    entries: Arc<[model::ToolEntry]>,
    namespaces: Arc<Namespaces>,
}

#[napi]
impl NativeToolSet {
    /// Takes tools as a JSON array sorted by name, and the descriptions of their namespaces.
    ///
    /// # Errors
    /// `TOOL_NAME_COLLISION` if two tools have the same identifier; `INVALID_ARGUMENT` if the JSON is not of the form.
    #[napi(constructor, catch_unwind)]
    pub fn new(tools: String, namespaces: String) -> Result<Self, CodedError> {
        let entries: Vec<model::ToolEntry> = serde_json::from_str(&tools)
            .map_err(|error| invalid_argument(format!("tools can't be read: {error}")))?;
        let namespaces: Namespaces = serde_json::from_str(&namespaces)
            .map_err(|error| invalid_argument(format!("namespaces can't be read: {error}")))?;
        let mut names = HashMap::new();
        for entry in &entries {
            let identifier = model::tool_identifier(&entry.name);
            if let Some(other) = names.insert(identifier.clone(), &entry.name) {
                return Err(napi::Error::new(
                    "TOOL_NAME_COLLISION",
                    format!(
                        "the tools {other:?} and {:?} would both be tools.{identifier}: rename one of them",
                        entry.name
                    ),
                ));
            }
        }
        let engine_entries = entries.iter().map(|entry| engine::ToolEntry {
            identifier: model::tool_identifier(&entry.name),
            name: entry.name.clone(),
            kind: match entry.kind {
                model::ToolKind::Function => engine::ToolKind::Function,
                model::ToolKind::Freeform => engine::ToolKind::Freeform,
            },
        });
        let engine_entries = engine_entries.collect();
        let entries: Arc<[model::ToolEntry]> = entries.into();
        let namespaces = Arc::new(namespaces);
        let catalogue = {
            let (entries, namespaces) = (Arc::clone(&entries), Arc::clone(&namespaces));
            move || JsonText::from_serialised(model::all_tools_json(&entries, &namespaces))
        };
        Ok(Self { tools: Arc::new(ToolSet::new(engine_entries, catalogue)), entries, namespaces })
    }

    /// The description of the tool `exec` that offers these tools.
    #[napi(catch_unwind)]
    pub fn exec_description(
        &self,
        default_yield_ms: f64,
        declare_tools: bool,
        console_output: bool,
    ) -> String {
        let options = ExecDescriptionOptions {
            default_yield_ms: super::message::whole(default_yield_ms),
            declare_tools,
            console_output,
        };
        model::exec_description(&self.entries, &self.namespaces, options)
    }
}

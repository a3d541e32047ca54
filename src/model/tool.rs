//! A tool, as far as descriptions need to know it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a tool takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolKind {
    /// One JSON object.
    #[default]
    Function,
    /// One string.
    Freeform,
}

/// A tool without its function: the fields of the contract's `Tool`, and the key it was given under.
///
/// All but the name may be absent. Other fields are ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolEntry {
    /// The raw name: the key under which the tool was given.
    pub name: String,
    /// What it does, for the model.
    #[serde(default)]
    pub description: Option<String>,
    /// What it takes.
    #[serde(default)]
    pub kind: ToolKind,
    /// JSON schema of its input. Not looked at for a freeform tool.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// JSON schema of its result.
    #[serde(default)]
    pub output_schema: Option<Value>,
    /// Left out of the `exec` description, though callable and in `ALL_TOOLS`.
    #[serde(default)]
    pub deferred: bool,
    /// The heading that it stands under. Blank is none.
    #[serde(default)]
    pub namespace: Option<String>,
}

impl ToolEntry {
    /// Its namespace without surrounding white space, or `None` if that is empty.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        non_blank(self.namespace.as_deref())
    }
}

/// A text without surrounding white space, or `None` if nothing is left.
pub(super) fn non_blank(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_the_contract_form() {
        let tool: ToolEntry = serde_json::from_value(json!({
            "name": "a-b",
            "description": "d",
            "kind": "freeform",
            "inputSchema": false,
            "outputSchema": { "type": "string" },
            "deferred": true,
            "namespace": " ns ",
            "execute": null,
        }))
        .unwrap();
        assert_eq!(tool.kind, ToolKind::Freeform);
        assert_eq!(tool.input_schema, Some(json!(false)));
        assert!(tool.deferred);
        assert_eq!(tool.namespace(), Some("ns"));

        let bare: ToolEntry = serde_json::from_value(json!({ "name": "x" })).unwrap();
        assert_eq!(bare, ToolEntry { name: "x".into(), ..ToolEntry::default() });
    }
}

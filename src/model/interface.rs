//! How the inputs of `exec` and `wait` are described to a provider.

use serde_json::{Value, json};

/// The Lark grammar of `exec`, for models with freeform tools: a pragma line and source, or plain source.
#[must_use]
pub const fn exec_grammar() -> &'static str {
    r"start: PRAGMA NEWLINE SOURCE | SOURCE

PRAGMA: /[ \t]*\/\/ @exec:[^\r\n]*/
NEWLINE: /\r?\n/
SOURCE: /[\s\S]+/
"
}

/// The JSON schema of `exec`'s input, `{ source }`, for models without freeform tools.
#[must_use]
pub fn exec_input_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "source": {
                "type": "string",
                "description": "Raw JavaScript source text, optionally with a first-line pragma.",
            },
        },
        "required": ["source"],
        "additionalProperties": false,
    })
}

/// The JSON schema of `wait`'s input.
#[must_use]
pub fn wait_input_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "cell_id": {
                "type": "string",
                "description": "Id of the running exec cell.",
            },
            "yield_time_ms": {
                "type": "number",
                "description": "Milliseconds to wait for the result before yielding again.",
            },
            "max_tokens": {
                "type": "number",
                "description": "Token budget of this call's output.",
            },
            "terminate": {
                "type": "boolean",
                "description": "Whether to stop the cell instead of waiting for it.",
            },
        },
        "required": ["cell_id"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::schema_to_typescript;
    use super::*;

    #[test]
    fn grammar_is_lark() {
        let grammar = exec_grammar();
        assert!(grammar.starts_with("start: "));
        for terminal in ["PRAGMA: /", "NEWLINE: /", "SOURCE: /"] {
            assert!(grammar.contains(terminal));
        }
    }

    #[test]
    fn inputs() {
        let exec = schema_to_typescript(&exec_input_schema());
        assert!(exec.contains("\n  source: string;\n"));
        let wait = schema_to_typescript(&wait_input_schema());
        for line in [
            "  cell_id: string;",
            "  yield_time_ms?: number;",
            "  max_tokens?: number;",
            "  terminate?: boolean;",
        ] {
            assert!(wait.contains(line), "{wait}");
        }
        assert_eq!(wait_input_schema()["additionalProperties"], false);
    }
}

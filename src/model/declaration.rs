//! A tool as a TypeScript declaration.

use serde_json::Value;

use super::identifier::tool_identifier;
use super::schema::{schema_to_typescript, structured_content_to_typescript};
use super::tool::{ToolKind, non_blank};

/// Renders `declare const tools: { name(args: IN): Promise<OUT>; };`.
///
/// The name becomes an identifier. A freeform tool has `input: string` instead of `args`. A schema that is
/// absent gives `unknown`. The result of an MCP tool (see [`is_mcp_tool`]) is `CallToolResult<T>`, where `T`
/// is the type of its `structuredContent`, or plain `CallToolResult` if that is unknown.
///
/// Long only where schemas are: each type has at most 16 000 bytes.
#[must_use]
pub fn render_tool_declaration(
    name: &str,
    kind: ToolKind,
    input_schema: Option<&Value>,
    output_schema: Option<&Value>,
) -> String {
    let parameter = match kind {
        ToolKind::Freeform => "input: string".to_owned(),
        ToolKind::Function => format!("args: {}", type_of(input_schema)),
    };
    let result = if is_mcp_tool(output_schema) {
        match output_schema.map(structured_content_to_typescript) {
            Some(content) if content != "unknown" => format!("CallToolResult<{content}>"),
            _ => "CallToolResult".to_owned(),
        }
    } else {
        type_of(output_schema)
    };
    let identifier = match tool_identifier(name) {
        // Bare, it would declare a constructor.
        new if new == "new" => format!("\"{new}\""),
        other => other,
    };
    format!("declare const tools: {{ {identifier}({parameter}): Promise<{result}>; }};")
}

/// The full text about a tool: its description, and its declaration in a fenced block.
///
/// ````text
/// Finds pages.
///
/// exec tool declaration:
/// ```ts
/// declare const tools: { search(args: { query: string; }): Promise<unknown>; };
/// ```
/// ````
///
/// White space around the description is dropped; a blank description is left out.
#[must_use]
pub fn tool_description(
    name: &str,
    description: Option<&str>,
    kind: ToolKind,
    input_schema: Option<&Value>,
    output_schema: Option<&Value>,
) -> String {
    let declaration = render_tool_declaration(name, kind, input_schema, output_schema);
    let block = format!("exec tool declaration:\n```ts\n{declaration}\n```");
    match non_blank(description) {
        Some(description) => format!("{description}\n\n{block}"),
        None => block,
    }
}

/// Whether a tool answers with an MCP `CallToolResult`, judged by the shape of its output schema.
///
/// That is: `content` is an array of objects, `isError` a boolean, and `_meta` an object.
#[must_use]
pub fn is_mcp_tool(output_schema: Option<&Value>) -> bool {
    let Some(properties) = output_schema.and_then(|schema| schema.get("properties")) else {
        return false;
    };
    let content = properties.get("content");
    has_type(content, "array")
        && has_type(content.and_then(|content| content.get("items")), "object")
        && has_type(properties.get("isError"), "boolean")
        && has_type(properties.get("_meta"), "object")
}

fn has_type(schema: Option<&Value>, name: &str) -> bool {
    schema.and_then(|schema| schema.get("type")).is_some_and(|value| value == name)
}

fn type_of(schema: Option<&Value>) -> String {
    schema.map_or_else(|| "unknown".to_owned(), schema_to_typescript)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// The output schema of an MCP tool.
    pub fn mcp_schema(structured_content: Option<Value>) -> Value {
        let mut schema = json!({
            "type": "object",
            "properties": {
                "content": { "type": "array", "items": { "type": "object" } },
                "isError": { "type": "boolean" },
                "_meta": { "type": "object" },
            },
        });
        if let Some(content) = structured_content {
            schema["properties"]["structuredContent"] = content;
        }
        schema
    }

    #[test]
    fn plain_tools() {
        assert_eq!(
            render_tool_declaration("echo-tool", ToolKind::Function, None, None),
            "declare const tools: { echo_tool(args: unknown): Promise<unknown>; };"
        );
        assert_eq!(
            render_tool_declaration(
                "apply_patch",
                ToolKind::Freeform,
                Some(&json!({ "type": "object" })),
                None
            ),
            "declare const tools: { apply_patch(input: string): Promise<unknown>; };"
        );
        assert_eq!(
            render_tool_declaration(
                "get",
                ToolKind::Function,
                Some(&json!({ "properties": { "city": { "type": "string" } }, "required": ["city"] })),
                Some(&json!({ "properties": { "ok": { "type": "boolean" } }, "required": ["ok"] })),
            ),
            "declare const tools: { get(args: { city: string; }): Promise<{ ok: boolean; }>; };"
        );
        assert!(render_tool_declaration("new", ToolKind::Function, None, None).contains("\"new\"(args"));
    }

    #[test]
    fn mcp_tools() {
        let input = json!({
            "type": "object",
            "properties": { "message": { "type": "string" }, "env_var": { "type": "string" } },
            "required": ["message"],
        });
        let output = mcp_schema(Some(json!({
            "type": "object",
            "properties": {
                "echo": { "type": "string" },
                "env": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
            },
            "required": ["echo", "env"],
        })));
        let text =
            render_tool_declaration("mcp__rmcp__echo", ToolKind::Function, Some(&input), Some(&output));
        assert_eq!(
            text,
            "declare const tools: { mcp__rmcp__echo(args: { env_var?: string; message: string; }): Promise<CallToolResult<{ echo: string; env: string | null; }>>; };"
        );

        let result = json!({
            "properties": { "id": { "type": "string" }, "score": { "type": "number" } },
            "required": ["id", "score"],
        });
        let output = mcp_schema(Some(json!({
            "properties": {
                "results": { "type": "array", "items": { "$ref": "#/definitions/Result~1item~0v1" } },
            },
            "required": ["results"],
            "definitions": { "Result/item~v1": result },
        })));
        assert!(
            render_tool_declaration("s", ToolKind::Function, None, Some(&output))
                .contains("Promise<CallToolResult<{ results: Array<{ id: string; score: number; }>; }>>")
        );

        for content in [None, Some(json!(true)), Some(json!({}))] {
            let output = mcp_schema(content);
            assert!(
                render_tool_declaration("x", ToolKind::Function, None, Some(&output))
                    .ends_with("Promise<CallToolResult>; };")
            );
        }
    }

    #[test]
    fn shape_of_mcp() {
        let schema = mcp_schema(None);
        assert!(is_mcp_tool(Some(&schema)));
        assert!(!is_mcp_tool(None));
        assert!(!is_mcp_tool(Some(&json!(true))));
        for (pointer, value) in [
            ("/properties/content", json!({ "type": "array" })),
            ("/properties/content/items", json!(true)),
            ("/properties/content/type", json!("object")),
            ("/properties/isError", json!(true)),
            ("/properties/_meta/type", json!(["object"])),
        ] {
            let mut other = schema.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            assert!(!is_mcp_tool(Some(&other)), "{pointer}");
        }
    }

    #[test]
    fn full_text() {
        assert_eq!(
            tool_description("foo", Some(" bar\n"), ToolKind::Function, None, None),
            "bar\n\nexec tool declaration:\n```ts\ndeclare const tools: { foo(args: unknown): Promise<unknown>; };\n```"
        );
        for blank in [None, Some(""), Some(" \n")] {
            assert!(
                tool_description("foo", blank, ToolKind::Function, None, None)
                    .starts_with("exec tool declaration:\n")
            );
        }
    }
}

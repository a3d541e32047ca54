//! Functions without state: the room `model`, as JavaScript calls it.

use std::time::Duration;

use napi_derive::napi;
use serde::Serialize;
use serde_json::Value;

use super::error::{CodedError, invalid_argument, invalid_input};
use super::message::whole;
use crate::engine::v8_version;
use crate::model::{self, ContentItem, ModelStatus, ToolEntry};

fn parse(what: &str, json: &str) -> Result<Value, CodedError> {
    serde_json::from_str(json).map_err(|error| invalid_argument(format!("{what} can't be read: {error}")))
}

fn parse_content(json: &str) -> Result<Vec<ContentItem>, CodedError> {
    serde_json::from_str(json).map_err(|error| invalid_argument(format!("content can't be read: {error}")))
}

fn to_json(value: &impl Serialize) -> Result<String, CodedError> {
    serde_json::to_string(value).map_err(invalid_argument)
}

/// Splits a source from its pragma: JSON of `{ code, yieldTimeMs?, maxOutputTokens? }`.
///
/// # Errors
/// `INVALID_INPUT` with a message for the model.
#[napi(catch_unwind)]
pub fn parse_exec_source(text: String) -> Result<String, CodedError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Parsed<'a> {
        code: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        yield_time_ms: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        max_output_tokens: Option<u64>,
    }
    let source = model::parse_exec_source(&text).map_err(invalid_input)?;
    to_json(&Parsed {
        code: source.code,
        yield_time_ms: source.yield_time_ms,
        max_output_tokens: source.max_output_tokens,
    })
}

/// The TypeScript declaration of a tool, given as JSON.
///
/// # Errors
/// `INVALID_ARGUMENT` if the JSON is no tool.
#[napi(catch_unwind)]
pub fn render_tool_declaration(name: String, tool: String) -> Result<String, CodedError> {
    let mut tool = parse("the tool", &tool)?;
    if let Some(fields) = tool.as_object_mut() {
        fields.insert("name".into(), name.into());
    }
    let tool: ToolEntry = serde_json::from_value(tool)
        .map_err(|error| invalid_argument(format!("the tool can't be read: {error}")))?;
    let (input, output) = (tool.input_schema.as_ref(), tool.output_schema.as_ref());
    Ok(model::render_tool_declaration(&tool.name, tool.kind, input, output))
}

/// The TypeScript type for a JSON schema, given as JSON.
///
/// # Errors
/// `INVALID_ARGUMENT` if it is no JSON.
#[napi(catch_unwind)]
pub fn schema_to_type_script(schema: String) -> Result<String, CodedError> {
    match serde_json::from_str(&schema) {
        Ok(schema) => Ok(model::schema_to_typescript(&schema)),
        // Valid JSON, but deeper than anybody reads.
        Err(error) if error.to_string().starts_with("recursion limit") => Ok("unknown".to_owned()),
        Err(error) => Err(invalid_argument(format!("the schema can't be read: {error}"))),
    }
}

/// The identifier under which a tool stands on `tools`.
#[napi(catch_unwind)]
pub fn tool_identifier(name: String) -> String {
    model::tool_identifier(&name)
}

/// Truncates content, as JSON, to a token budget.
///
/// # Errors
/// `INVALID_ARGUMENT` if it is no content.
#[napi(catch_unwind)]
pub fn truncate_content(content: String, max_tokens: f64) -> Result<String, CodedError> {
    to_json(&model::truncate_content(parse_content(&content)?, whole(max_tokens)))
}

/// What a model reads of a result: header, truncated output, error text; as JSON.
///
/// # Errors
/// `INVALID_ARGUMENT` if the content or the status is none.
#[napi(catch_unwind)]
pub fn model_output(
    status: String,
    cell_id: String,
    content: String,
    error_text: Option<String>,
    max_tokens: Option<f64>,
    wall_ms: f64,
) -> Result<String, CodedError> {
    let cell_id = cell_id.as_str();
    let status = match status.as_str() {
        "running" | "pending" => ModelStatus::Running { cell_id },
        "completed" => ModelStatus::Completed,
        "failed" => ModelStatus::Failed,
        "terminated" => ModelStatus::Terminated,
        "missing" => ModelStatus::Missing { cell_id },
        other => return Err(invalid_argument(format!("there is no status {other:?}"))),
    };
    let wall = Duration::try_from_secs_f64(wall_ms / 1000.0).unwrap_or_default();
    let content = parse_content(&content)?;
    to_json(&model::model_output(status, content, error_text.as_deref(), max_tokens.map(whole), wall))
}

/// The description of the tool `wait`.
#[napi(catch_unwind)]
pub fn wait_description(default_yield_ms: f64) -> String {
    model::wait_description(whole(default_yield_ms))
}

/// The Lark grammar of the tool `exec`.
#[napi(catch_unwind)]
pub fn exec_grammar() -> String {
    model::exec_grammar().to_owned()
}

/// The JSON schema of the tool `exec`, as JSON.
#[napi(catch_unwind)]
pub fn exec_input_schema() -> String {
    model::exec_input_schema().to_string()
}

/// The JSON schema of the tool `wait`, as JSON.
#[napi(catch_unwind)]
pub fn wait_input_schema() -> String {
    model::wait_input_schema().to_string()
}

/// The versions of this package and of its V8.
#[napi(catch_unwind)]
pub fn versions() -> Vec<String> {
    vec![env!("CARGO_PKG_VERSION").to_owned(), v8_version().to_owned()]
}

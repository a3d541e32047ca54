//! What a model reads and writes.
//!
//! A model knows two tools, `exec` and `wait`. This room holds every text that passes between it and
//! them: the pragma of a source, the status header and the truncation of an answer, the description of
//! the tools, and the TypeScript that stands for a JSON schema.
//!
//! Everything here is pure: no V8, no Node, no clock, no state. It imports nothing from the other rooms.

pub mod audio;
pub mod code_frame;
pub mod content;
pub mod declaration;
pub mod description;
pub mod guide;
pub mod identifier;
pub mod interface;
pub mod output;
pub mod pragma;
pub mod schema;
pub mod tool;
pub mod truncate;
pub mod typescript;

pub use code_frame::code_frame;
pub use content::{ContentItem, ImageDetail};
pub use declaration::{is_mcp_tool, render_tool_declaration, tool_description};
pub use description::{ExecDescriptionOptions, Namespaces, all_tools_json, exec_description};
pub use guide::wait_description;
pub use identifier::tool_identifier;
pub use interface::{exec_grammar, exec_input_schema, wait_input_schema};
pub use output::{ModelStatus, model_output};
pub use pragma::{ExecSource, PragmaError, parse_exec_source};
pub use schema::{schema_to_typescript, structured_content_to_typescript};
pub use tool::{ToolEntry, ToolKind};
pub use truncate::{DEFAULT_MAX_TOKENS, truncate_content};

//! The whole description of `exec`, and the list that scripts see as `ALL_TOOLS`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::declaration::{is_mcp_tool, tool_description};
use super::guide::{HIDDEN_TOOLS, MCP_TYPES, exec_guide};
use super::identifier::tool_identifier;
use super::tool::{ToolEntry, non_blank};

/// The description of each namespace that has one, by its name.
pub type Namespaces = BTreeMap<String, Option<String>>;

/// What an `exec` description depends on besides the tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecDescriptionOptions {
    /// The yield time where the pragma says nothing, in milliseconds.
    pub default_yield_ms: u64,
    /// Whether every tool that is not deferred is described, with its TypeScript declaration.
    pub declare_tools: bool,
    /// Whether `console.log` appends to the output.
    pub console_output: bool,
}

impl Default for ExecDescriptionOptions {
    fn default() -> Self {
        Self { default_yield_ms: 10_000, declare_tools: true, console_output: false }
    }
}

/// Describes `exec` to a model.
///
/// In this order, with a blank line between: how `exec` works; a hint at `ALL_TOOLS`, if some tool is not
/// described here; the shared MCP types, if tools are declared and one of them, deferred ones included, is an
/// MCP tool; the tools. Those without a namespace come first, then each namespace under its heading, sorted
/// by raw name.
#[must_use]
pub fn exec_description(
    tools: &[ToolEntry],
    namespaces: &Namespaces,
    options: ExecDescriptionOptions,
) -> String {
    let mut sections = vec![exec_guide(options.default_yield_ms, options.console_output)];
    if tools.iter().any(|tool| tool.deferred || !options.declare_tools) {
        sections.push(HIDDEN_TOOLS.to_owned());
    }
    if options.declare_tools {
        if tools.iter().any(|tool| is_mcp_tool(tool.output_schema.as_ref())) {
            sections.push(MCP_TYPES.to_owned());
        }
        push_reference(&mut sections, tools, namespaces);
    }
    sections.join("\n\n")
}

fn push_reference(sections: &mut Vec<String>, tools: &[ToolEntry], namespaces: &Namespaces) {
    let mut shown: Vec<_> = tools.iter().filter(|tool| !tool.deferred).collect();
    shown.sort_by_key(|tool| (tool.namespace(), &tool.name));
    let mut current = None;
    for tool in shown {
        if tool.namespace() != current {
            current = tool.namespace();
            if let Some(namespace) = current {
                let heading = format!("## {}", one_line(namespace));
                sections.push(match namespace_text(namespaces, namespace) {
                    Some(text) => format!("{heading}\n{text}"),
                    None => heading,
                });
            }
        }
        sections.push(format!("{}\n{}", tool_heading(&tool.name), full_text(tool)));
    }
}

/// The JSON text of `ALL_TOOLS`: an array of `{ name, description }`, sorted by raw name.
///
/// `name` is the identifier on `tools`. The description starts with that of the namespace, because a list
/// has no headings, and ends with the declaration. Deferred tools are included.
#[must_use]
pub fn all_tools_json(tools: &[ToolEntry], namespaces: &Namespaces) -> String {
    let mut sorted: Vec<_> = tools.iter().collect();
    sorted.sort_by_key(|tool| &tool.name);
    let entry = |tool: &ToolEntry| {
        let text = full_text(tool);
        let namespace = tool.namespace().and_then(|name| namespace_text(namespaces, name));
        let description = match namespace {
            Some(namespace) => format!("{namespace}\n\n{text}"),
            None => text,
        };
        CatalogueEntry { name: tool_identifier(&tool.name), description }
    };
    let entries: Vec<_> = sorted.into_iter().map(entry).collect();
    // Strings always serialise.
    serde_json::to_string(&entries).unwrap_or_default()
}

/// One entry of `ALL_TOOLS`.
#[derive(Serialize)]
struct CatalogueEntry {
    name: String,
    description: String,
}

fn full_text(tool: &ToolEntry) -> String {
    tool_description(
        &tool.name,
        tool.description.as_deref(),
        tool.kind,
        tool.input_schema.as_ref(),
        tool.output_schema.as_ref(),
    )
}

fn namespace_text<'text>(namespaces: &'text Namespaces, name: &str) -> Option<&'text str> {
    non_blank(namespaces.get(name)?.as_deref())
}

fn tool_heading(raw_name: &str) -> String {
    let identifier = tool_identifier(raw_name);
    if identifier == raw_name {
        format!("### `{identifier}`")
    } else {
        format!("### `{identifier}` (`{}`)", one_line(raw_name))
    }
}

/// A heading ends with its line, so a name in it has none.
fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::declaration::tests::mcp_schema;
    use super::*;

    fn tool(name: &str, namespace: Option<&str>) -> ToolEntry {
        ToolEntry {
            name: name.to_owned(),
            description: Some(format!("Does {name}.")),
            namespace: namespace.map(str::to_owned),
            ..ToolEntry::default()
        }
    }

    fn describe(tools: &[ToolEntry], namespaces: &Namespaces) -> String {
        exec_description(tools, namespaces, ExecDescriptionOptions::default())
    }

    #[test]
    fn without_tools_there_is_only_the_guide() {
        assert_eq!(describe(&[], &Namespaces::new()), exec_guide(10_000, false));
    }

    #[test]
    fn one_tool() {
        let foo = ToolEntry { description: Some("bar".to_owned()), ..tool("foo", None) };
        let text = describe(&[foo], &Namespaces::new());
        assert!(text.ends_with(
            "\n\n### `foo`\nbar\n\nexec tool declaration:\n```ts\ndeclare const tools: { foo(args: unknown): Promise<unknown>; };\n```"
        ));
        assert!(!text.contains(HIDDEN_TOOLS));
        assert!(!text.contains("Shared MCP Types"));
    }

    #[test]
    fn tools_stand_under_their_namespaces() {
        let namespaces = Namespaces::from([
            ("beta".to_owned(), Some(" About beta.\n".to_owned())),
            ("alpha".to_owned(), None),
            ("unused".to_owned(), Some("No tools.".to_owned())),
        ]);
        let text = describe(
            &[
                tool("z-1", Some("beta")),
                tool("b", Some("alpha")),
                tool("zz", None),
                tool("a", Some("beta")),
                tool("y", Some(" ")),
            ],
            &namespaces,
        );
        let headings: Vec<_> = text.lines().filter(|line| line.starts_with("##")).collect();
        assert_eq!(
            headings,
            ["### `y`", "### `zz`", "## alpha", "### `b`", "## beta", "### `a`", "### `z_1` (`z-1`)",]
        );
        assert!(text.contains("\n\n## beta\nAbout beta.\n\n### `a`\nDoes a.\n\n"));
        assert!(text.contains("\n\n## alpha\n\n### `b`\n"));
    }

    #[test]
    fn deferred_tools_are_hinted_at() {
        let deferred =
            ToolEntry { deferred: true, output_schema: Some(mcp_schema(None)), ..tool("hidden-tool", None) };
        let text = describe(&[deferred.clone(), tool("shown", None)], &Namespaces::new());
        assert!(!text.contains("hidden"));
        assert!(text.contains("### `shown`"));
        assert_eq!(text.matches(HIDDEN_TOOLS).count(), 1);
        // Its type may come up in ALL_TOOLS.
        assert_eq!(text.matches("Shared MCP Types:").count(), 1);
        let positions = [HIDDEN_TOOLS, MCP_TYPES, "### `shown`"].map(|part| text.find(part));
        assert!(positions.is_sorted() && positions[0].is_some());
    }

    #[test]
    fn undeclared_tools_are_hinted_at() {
        let options = ExecDescriptionOptions { declare_tools: false, ..ExecDescriptionOptions::default() };
        let mcp = ToolEntry { output_schema: Some(mcp_schema(None)), ..tool("x", Some("ns")) };
        assert_eq!(
            exec_description(&[mcp], &Namespaces::new(), options),
            format!("{}\n\n{HIDDEN_TOOLS}", exec_guide(10_000, false))
        );
    }

    #[test]
    fn headings_stay_on_their_line() {
        let text = describe(&[tool("a\n## b", Some("n\ns"))], &Namespaces::new());
        assert!(text.contains("\n\n## n s\n\n### `a____b` (`a ## b`)\n"));
    }

    #[test]
    fn all_tools_is_sorted_and_complete() {
        let namespaces = Namespaces::from([("ns".to_owned(), Some("\nNamespace. ".to_owned()))]);
        let deferred = ToolEntry { deferred: true, ..tool("b-tool", Some("ns")) };
        let text = all_tools_json(&[tool("c", Some("other")), deferred, tool("a", None)], &namespaces);
        let list: serde_json::Value = serde_json::from_str(&text).unwrap();
        let names: Vec<_> =
            list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["a", "b_tool", "c"]);
        assert!(
            list[1]["description"]
                .as_str()
                .unwrap()
                .starts_with("Namespace.\n\nDoes b-tool.\n\nexec tool declaration:\n```ts\n")
        );
        assert!(list[2]["description"].as_str().unwrap().starts_with("Does c.\n\n"));
        assert_eq!(all_tools_json(&[], &namespaces), "[]");
    }
}

use codecell::model::{ToolKind, render_tool_declaration, schema_to_typescript, tool_identifier};
use serde_json::Value;

/// The longest type that is rendered, in bytes.
const MAX_TEXT: usize = 16_000;

/// Every schema is rendered, within a budget, always in the same way, and what it says stays within its place.
///
/// # Panics
/// When that does not hold.
pub fn schema(text: &str) {
    let identifier = tool_identifier(text);
    assert!(!identifier.is_empty() && !identifier.contains(|character: char| character.is_whitespace()));
    let Ok(schema) = serde_json::from_str::<Value>(text) else { return };
    let rendered = schema_to_typescript(&schema);
    assert!(!rendered.is_empty() && rendered.len() <= MAX_TEXT, "{} bytes", rendered.len());
    assert_eq!(rendered, schema_to_typescript(&schema), "it is the same each time");
    assert_balanced(&rendered);
    for kind in [ToolKind::Function, ToolKind::Freeform] {
        let declaration = render_tool_declaration(text, kind, Some(&schema), Some(&schema));
        assert!(declaration.contains(&identifier), "a tool is declared under its identifier");
        assert_balanced(&declaration);
    }
}

/// Outside of strings and comments every bracket is closed: no name and no description gets out of its place.
fn assert_balanced(text: &str) {
    let mut open = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' => loop {
                match rest.next() {
                    Some('\\') => drop(rest.next()),
                    Some('"') => break,
                    Some('\n') | None => panic!("a string ends in its line: {text}"),
                    Some(_) => {}
                }
            },
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|next| *next != '\n').is_some() {},
            '{' | '(' | '[' | '<' => open.push(character),
            // The arrow of a function is no bracket.
            '=' if rest.peek() == Some(&'>') => drop(rest.next()),
            '}' | ')' | ']' | '>' => {
                let opened = open.pop();
                let fits = matches!(
                    (opened, character),
                    (Some('{'), '}') | (Some('('), ')') | (Some('['), ']') | (Some('<'), '>')
                );
                assert!(fits, "{opened:?} is closed by {character:?}: {text}");
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} is left open: {text}");
}

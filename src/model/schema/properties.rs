//! What holds for every schema.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Any JSON, though mostly made of words that mean something in a schema.
pub fn keyword_soup() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "string",
            "number",
            "integer",
            "object",
            "array",
            "null",
            "boolean",
            "#",
            "#/$defs/a",
            "#/$defs/b",
            "#/properties/a",
            "#/anyOf/0",
            "a",
            "b",
            "*/ ` ``` // ",
            "x\u{2028}y\rz",
        ])
        .prop_map(str::to_owned),
        "(?s).{0,6}",
    ];
    let keyword = prop_oneof![
        9 => prop::sample::select(vec![
            "$ref", "const", "enum", "anyOf", "oneOf", "allOf", "type", "properties", "$defs", "$id",
            "additionalProperties", "required", "items", "prefixItems", "description", "a", "b",
        ])
        .prop_map(str::to_owned),
        1 => "(?s).{0,6}",
    ];
    let leaf = prop_oneof![
        4 => word.prop_map(Value::from),
        1 => Just(json!(null)),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 120, 6, move |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..5).prop_map(Value::from),
            3 => btree_map(keyword.clone(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Whether brackets outside strings and comments are balanced and no line ends where none may.
fn is_well_formed(text: &str) -> bool {
    let mut open = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => loop {
                match characters.next() {
                    Some('"') => break,
                    Some('\\') => _ = characters.next(),
                    None | Some('\n' | '\r' | '\u{2028}' | '\u{2029}') => return false,
                    Some(_) => {}
                }
            },
            '/' if characters.next_if_eq(&'/').is_some() => {
                let end = characters.find(|next| matches!(next, '\n' | '\r' | '\u{2028}' | '\u{2029}'));
                if end != Some('\n') {
                    return false;
                }
            }
            '(' | '[' | '{' | '<' => open.push(character),
            ')' | ']' | '}' | '>' => {
                let opened = open.pop();
                if !matches!(
                    (opened, character),
                    (Some('('), ')') | (Some('['), ']') | (Some('{'), '}') | (Some('<'), '>')
                ) {
                    return false;
                }
            }
            '\r' | '\u{2028}' | '\u{2029}' => return false,
            _ => {}
        }
    }
    open.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_schema_gives_a_small_well_formed_type(schema in keyword_soup()) {
        let text = schema_to_typescript(&schema);
        prop_assert!(!text.is_empty());
        prop_assert!(text.len() <= MAX_TEXT);
        prop_assert!(is_well_formed(&text), "{}", text);
    }
}

/// An object with one member. `json!` would copy the member, and recurse as deep as it is.
fn object(name: &str, member: Value) -> Value {
    Value::Object([(name.to_owned(), member)].into_iter().collect())
}

#[test]
fn deep_schemas_do_not_overflow_the_stack() {
    // Deeper than a parsed text can be. Not so deep that dropping the value would overflow.
    for wrap in [
        |inner| object("items", inner),
        |inner| object("properties", object("a", inner)),
        |inner| object("anyOf", Value::Array(vec![inner])),
        |inner| object("const", inner),
        |inner| object("additionalProperties", inner),
        |inner| object("type", Value::Array(vec![inner])),
    ] {
        let schema = (0..500).fold(json!({ "type": "string" }), |inner, _| wrap(inner));
        // Half of what a thread has by default, and enough even without optimisation.
        let text = std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(1 << 20)
                .spawn_scoped(scope, || schema_to_typescript(&schema))
                .unwrap()
                .join()
                .unwrap()
        });
        assert!(text.len() <= MAX_TEXT && is_well_formed(&text));
    }
}

#[test]
fn what_serde_can_parse_is_rendered_to_the_bottom() {
    let text = format!("{}{{\"type\":\"string\"}}{}", "{\"items\":".repeat(126), "}".repeat(126));
    let schema: Value = serde_json::from_str(&text).unwrap();
    let rendered = schema_to_typescript(&schema);
    assert_eq!(rendered.matches("Array<").count(), 126);
    assert!(rendered.contains("string"));
}

#[test]
fn chains_of_references_end() {
    let mut definitions = serde_json::Map::new();
    for index in 0..200 {
        definitions.insert(format!("d{index}"), json!({ "$ref": format!("#/$defs/d{}", index + 1) }));
    }
    let schema = json!({ "$ref": "#/$defs/d0", "$defs": definitions });
    assert_eq!(schema_to_typescript(&schema), "unknown");
}

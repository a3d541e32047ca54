//! What schemas are rendered as, case by case.

use serde_json::{Value, json};

use super::*;

fn check(schema: &Value, expected: &str) {
    assert_eq!(schema_to_typescript(schema), expected, "{schema}");
}

#[test]
fn booleans_and_other_values() {
    check(&json!(true), "unknown");
    check(&json!(false), "never");
    for schema in [json!(null), json!(1), json!("string"), json!([]), json!({})] {
        check(&schema, "unknown");
    }
}

#[test]
fn objects() {
    let city = json!({ "city": { "type": "string" } });
    check(
        &json!({ "type": "object", "properties": city, "required": ["city"], "additionalProperties": false }),
        "{ city: string; }",
    );
    check(
        &json!({ "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"] }),
        "{ ok: boolean; }",
    );
    check(&json!({ "type": "object", "additionalProperties": false }), "{}");
    check(&json!({ "type": "object" }), "{ [key: string]: unknown; }");
    check(&json!({ "required": ["a"] }), "{ [key: string]: unknown; }");
    check(
        &json!({ "properties": { "b-c": true, "a": { "type": "integer" } }, "additionalProperties": { "type": "null" } }),
        "{ a?: number; \"b-c\"?: unknown; [key: string]: null; }",
    );
    check(&json!({ "properties": {}, "additionalProperties": true }), "{ [key: string]: unknown; }");
}

#[test]
fn arrays() {
    check(&json!({ "type": "array" }), "unknown[]");
    check(&json!({ "items": { "type": "string" } }), "Array<string>");
    check(&json!({ "type": "array", "items": {} }), "Array<unknown>");
    let pair = json!([{ "type": "string" }, { "type": "number" }]);
    check(&json!({ "prefixItems": pair }), "[string, number]");
    check(&json!({ "prefixItems": pair, "items": false }), "[string, number]");
    check(&json!({ "prefixItems": pair, "items": true }), "Array<unknown>");
    check(&json!({ "items": pair }), "[string, number]");
    check(&json!({ "items": false }), "Array<never>");
}

#[test]
fn types_and_literals() {
    check(&json!({ "type": ["string", "null", "string"] }), "string | null");
    check(&json!({ "type": ["integer", "number"] }), "number");
    check(&json!({ "type": ["array", 1] }), "unknown[] | unknown");
    check(&json!({ "type": "date" }), "unknown");
    check(&json!({ "type": [] }), "unknown");
    check(&json!({ "type": "string", "enum": ["a", 1, null] }), "\"a\" | 1 | null");
    check(&json!({ "type": "string", "enum": [] }), "string");
    check(&json!({ "const": { "a": [-1] } }), "{\"a\":[-1]}");
    check(&json!({ "const": null, "enum": ["a"] }), "null");
}

#[test]
fn combinations() {
    let string = json!({ "type": "string" });
    let number = json!({ "type": "number" });
    check(&json!({ "anyOf": [string, number] }), "string | number");
    check(&json!({ "oneOf": [string, string, number] }), "string | number");
    check(&json!({ "anyOf": [], "oneOf": [], "allOf": [], "type": "string" }), "string");
    check(
        &json!({
            "allOf": [
                { "$ref": "#/$defs/either" },
                { "type": "object", "properties": { "value": string } },
            ],
            "$defs": { "either": { "oneOf": [string, number] } },
        }),
        "(string | number) & { value?: string; }",
    );
}

#[test]
fn references() {
    check(
        &json!({ "$ref": "#/$defs/a", "enum": ["A"], "$defs": { "a": { "type": "string" } } }),
        "(string) & (\"A\")",
    );
    check(&json!({ "$ref": "#/$defs/Foo%20Bar", "$defs": { "Foo Bar": { "type": "string" } } }), "string");
    check(
        &json!({ "$ref": "#/$defs/a", "description": "d", "$defs": { "a": { "type": "string" } } }),
        "string",
    );
    check(&json!({ "$ref": "https://x", "type": "null" }), "null");
    check(&json!({ "$ref": "#/nowhere" }), "unknown");
    check(&json!({ "$ref": 1, "type": "string" }), "string");
    check(&json!({ "$ref": "#" }), "unknown");
}

#[test]
fn nested_resource() {
    check(
        &json!({
            "$defs": { "value": { "type": "string" } },
            "type": "object",
            "properties": {
                "nested": {
                    "$id": "https://example.com/nested",
                    "type": "object",
                    "properties": { "value": { "$ref": "#/$defs/value" } },
                },
            },
        }),
        "{ nested?: { value?: unknown; }; }",
    );
    check(
        &json!({
            "$id": "https://example.com/root",
            "$ref": "#/$defs/value",
            "$defs": { "value": { "type": "string" } },
        }),
        "string",
    );
}

#[test]
fn descriptions() {
    let weather = json!({
        "type": "array",
        "description": "look up weather for a given list of locations",
        "items": {
            "type": "object",
            "properties": { "location": { "type": "string" } },
            "required": ["location"],
        },
    });
    check(
        &json!({ "type": "object", "properties": { "weather": weather }, "required": ["weather"] }),
        "{\n  // look up weather for a given list of locations\n  weather: Array<{ location: string; }>;\n}",
    );
    check(
        &json!({
            "properties": {
                "a": { "description": "one\u{2028}two\r\n\nthree", "type": "string" },
                "b": { "properties": { "c": { "description": "deep" } } },
                "d": { "description": " " },
            },
            "additionalProperties": {},
        }),
        "{\n  // one\n  // two\n  // three\n  a?: string;\n  b?: {\n  // deep\n  c?: unknown;\n};\n  d?: unknown;\n  [key: string]: unknown;\n}",
    );
}

#[test]
fn recursion_shows_one_nested_level() {
    let clauses = json!({ "type": "array", "items": { "$ref": "#/$defs/Clause" } });
    let text = schema_to_typescript(&json!({
        "type": "object",
        "properties": { "clauses": clauses },
        "$defs": {
            "Clause": {
                "type": "object",
                "properties": {
                    "query": {
                        "oneOf": [
                            { "type": "string" },
                            { "type": "object", "properties": { "clauses": clauses } },
                        ],
                    },
                },
            },
        },
    }));
    let nested = "clauses?: Array<{ query?: string | { clauses?: Array<{";
    assert!(text.contains(nested), "{text}");
    assert_eq!(
        text,
        "{ clauses?: Array<{ query?: string | { clauses?: Array<{ query?: string | { clauses?: Array<unknown>; }; }>; }; }>; }"
    );
}

#[test]
fn thirty_two_references() {
    let properties: serde_json::Map<String, Value> = (0..34)
        .map(|index| (format!("p{index:02}"), json!({ "$ref": "#/$defs/text" })))
        .chain([("a_dangling".to_owned(), json!({ "$ref": "#/$defs/none" }))])
        .collect();
    let text = schema_to_typescript(&json!({
        "properties": properties,
        "$defs": { "text": { "type": "string" } },
    }));
    assert_eq!(text.matches("string").count(), 32);
    assert_eq!(text.matches("unknown").count(), 3);
    assert!(text.ends_with("p31?: string; p32?: unknown; p33?: unknown; }"));
}

#[test]
fn size_budgets() {
    let of_length = |length: usize| json!({ "const": "x".repeat(length - 2) });
    assert_eq!(schema_to_typescript(&of_length(16_000)).len(), 16_000);
    check(&of_length(16_001), "unknown");
    // Thrown away by its sibling, and yet too much work.
    let wasteful = json!({ "items": { "$ref": "#/$defs/a" }, "$defs": { "a": of_length(70_000) } });
    check(&wasteful, "unknown");
    let fans_out = json!({
        "$ref": "#/$defs/a",
        "$defs": {
            "a": { "anyOf": [{ "$ref": "#/$defs/b" }, { "$ref": "#/$defs/b" }] },
            "b": { "prefixItems": [{ "$ref": "#/$defs/a" }, of_length(12_000)] },
        },
    });
    check(&fans_out, "unknown");
}

#[test]
fn structured_content() {
    let schema = json!({
        "properties": {
            "structuredContent": {
                "type": "object",
                "properties": {
                    "results": { "type": "array", "items": { "$ref": "#/definitions/Result~1item~0v1" } },
                },
                "required": ["results"],
                "definitions": {
                    "Result/item~v1": {
                        "type": "object",
                        "properties": { "id": { "type": "string" }, "score": { "type": "number" } },
                        "required": ["id", "score"],
                    },
                },
            },
        },
    });
    assert_eq!(
        structured_content_to_typescript(&schema),
        "{ results: Array<{ id: string; score: number; }>; }"
    );
    assert_eq!(structured_content_to_typescript(&json!(true)), "unknown");
}

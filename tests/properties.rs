//! What holds for every text, and for all bytes, with those that proptest makes. The fuzz targets in `fuzz/` look for more of them.

#[path = "../fuzz/src/lib.rs"]
mod properties;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;

/// Values that JSON can say, with keys that mean something to JavaScript or to a schema.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    let key = prop_oneof![
        "(__proto__|constructor|prototype|then|toJSON|length|0|42)",
        "(type|properties|items|anyOf|allOf|enum|const|[$]ref|[$]id|required|description)",
        ".{0,8}",
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            btree_map(key.clone(), inner, 0..8).prop_map(Value::from_iter),
        ]
    })
}

/// Texts that are JSON, almost JSON, or nothing like it.
fn json_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => value().prop_map(|value| value.to_string()),
        2 => (value(), any::<prop::sample::Index>(), ".?").prop_map(|(value, place, insert)| {
            let mut text: Vec<char> = value.to_string().chars().collect();
            let at = place.index(text.len());
            text.splice(at..=at, insert.chars());
            text.into_iter().collect()
        }),
        1 => ".*",
    ]
}

fn source() -> impl Strategy<Value = String> {
    let pragma = prop_oneof![
        json_text(),
        r#"\{("(yield_time_ms|max_output_tokens|other)": (-?[0-9]{1,20}(\.[0-9]+)?(e[0-9])?|null|"1"|\[\]),? ?){0,3}\}"#,
    ];
    let line = prop_oneof!["[ \t]{0,2}// @exec: ?", "[ \t]?//? ?@[a-z]{4}:?", ".{0,3}"];
    let end = prop_oneof!["\r?\n", "\u{2028}", ""];
    (line, pragma, end, ".*").prop_map(|(line, pragma, end, code)| format!("{line}{pragma}{end}{code}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_source_is_parted_from_its_pragma_or_refused(text in source()) {
        properties::pragma(&text);
    }

    #[test]
    fn every_schema_is_rendered_and_stays_in_its_place(text in json_text()) {
        properties::schema(&text);
    }
}

/// Bytes that are often messages, or begin like some: small numbers say which, and how long the rest is.
fn message_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = || prop_oneof![3 => 0_u8..12, 1 => any::<u8>()];
    let framed = (vec(byte(), 0..200), vec(any::<u8>(), 0..100)).prop_map(|(head, tail)| {
        let sizes = [u32::try_from(head.len()).unwrap_or(0).to_le_bytes().to_vec(), vec![0; 8]];
        let mut bytes = sizes.concat();
        bytes[4] = u8::try_from(tail.len()).unwrap_or(0);
        [bytes, head, tail].concat()
    });
    let several = vec(framed, 1..4).prop_map(|frames| frames.concat());
    (any::<u8>(), prop_oneof![vec(byte(), 0..300), several]).prop_map(|(piece, mut bytes)| {
        bytes.insert(0, piece);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn what_comes_over_the_socket_is_messages_or_is_refused(bytes in message_bytes()) {
        properties::wire(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn json_passes_through_a_cell_unchanged(text in json_text()) {
        properties::json(&text);
    }
}

//! JSON values as TypeScript literal types.

use serde_json::Value;

use super::text::quoted;

/// Writes a value as the type that holds nothing else, or `None` if it nests deeper than `levels`.
///
/// An object becomes an object type, an array a tuple. The JSON text of both is a type already; only the
/// strings in it need care.
pub fn literal_type(value: &Value, levels: u32) -> Option<String> {
    let mut text = String::new();
    write_literal(value, levels, &mut text)?;
    Some(text)
}

fn write_literal(value: &Value, levels: u32, text: &mut String) -> Option<()> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(value) => text.push_str(&quoted(value)),
        Value::Array(items) => {
            let levels = levels.checked_sub(1)?;
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_literal(item, levels, text)?;
            }
            text.push(']');
        }
        Value::Object(members) => {
            let levels = levels.checked_sub(1)?;
            text.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&quoted(name));
                text.push(':');
                write_literal(member, levels, text)?;
            }
            text.push('}');
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literals() {
        for (value, expected) in [
            (json!(null), "null"),
            (json!(true), "true"),
            (json!(-1), "-1"),
            (json!(1.5e300), "1.5e+300"),
            (json!(u64::MAX), "18446744073709551615"),
            (json!("a\"b\\\n\u{2028}"), r#""a\"b\\\n\u2028""#),
            (json!([1, ["x"], {}]), r#"[1,["x"],{}]"#),
            (json!({ "a": 1, "\u{2029}": [] }), r#"{"a":1,"\u2029":[]}"#),
        ] {
            assert_eq!(literal_type(&value, 9).as_deref(), Some(expected));
        }
        assert_eq!(literal_type(&json!([[1]]), 1), None);
        assert_eq!(literal_type(&json!([[1]]), 2).as_deref(), Some("[[1]]"));
    }
}

//! Strings, property names and comments that cannot break out of their place.

use serde_json::Value;

use super::super::identifier::is_plain_identifier;

/// A JavaScript string literal on one line.
pub fn quoted(text: &str) -> String {
    // JSON but for two characters, which end a line in older JavaScript.
    Value::from(text).to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// A property name, in quotes unless it is a plain identifier.
pub fn property_name(name: &str) -> String {
    if is_plain_identifier(name) { name.to_owned() } else { quoted(name) }
}

/// The lines of a schema's description that are not blank, trimmed.
///
/// Parted at everything that ends a line in JavaScript, and so ends a `//` comment.
pub fn comment_lines(schema: &Value) -> impl Iterator<Item = &str> {
    schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or("")
        .split(['\n', '\r', '\u{2028}', '\u{2029}'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names() {
        assert_eq!(property_name("a_1$"), "a_1$");
        assert_eq!(property_name("1a"), "\"1a\"");
        assert_eq!(property_name(""), "\"\"");
        assert_eq!(property_name("é"), "\"é\"");
        assert_eq!(property_name("a\u{2028}\"b"), "\"a\\u2028\\\"b\"");
    }

    #[test]
    fn comments_are_parted_at_every_line_end() {
        let schema = json!({ "description": " a\r\n\n b\u{2028}c\u{2029} \rd " });
        assert_eq!(comment_lines(&schema).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!(comment_lines(&json!({ "description": 1 })).count(), 0);
        assert_eq!(comment_lines(&json!(true)).count(), 0);
    }
}

//! The identifier under which a tool stands on `tools`.

/// Turns a tool's raw name into a JavaScript identifier.
///
/// A letter of ASCII, `_` and `$` stay; a digit stays unless it comes first. Every other character becomes
/// one `_`, and so does the empty name. Two names can give the same identifier; the session refuses that.
///
/// # Example
/// `echo-tool` becomes `echo_tool`, and `1x` becomes `_x`.
#[must_use]
pub fn tool_identifier(name: &str) -> String {
    if name.is_empty() {
        return "_".to_owned();
    }
    name.chars()
        .enumerate()
        .map(|(index, character)| {
            let allowed = matches!(character, '_' | '$' | 'a'..='z' | 'A'..='Z')
                || (index > 0 && character.is_ascii_digit());
            if allowed { character } else { '_' }
        })
        .collect()
}

/// Whether a name is its own identifier, so that TypeScript needs no quotes around it.
#[must_use]
pub fn is_plain_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| matches!(first, '_' | '$') || first.is_ascii_alphabetic())
        && characters.all(|other| matches!(other, '_' | '$') || other.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn examples() {
        for (raw, identifier) in [
            ("hidden-dynamic-tool", "hidden_dynamic_tool"),
            ("echo-tool", "echo_tool"),
            ("1x", "_x"),
            ("", "_"),
            ("$a_1", "$a_1"),
            ("a.b c", "a_b_c"),
            ("日本", "__"),
            ("mcp__rmcp__echo", "mcp__rmcp__echo"),
        ] {
            assert_eq!(tool_identifier(raw), identifier);
        }
    }

    proptest! {
        #[test]
        fn is_an_identifier_and_stays_one(name in ".*") {
            let identifier = tool_identifier(&name);
            prop_assert!(is_plain_identifier(&identifier));
            prop_assert_eq!(tool_identifier(&identifier), identifier.clone());
            prop_assert_eq!(is_plain_identifier(&name), identifier == name);
        }
    }
}

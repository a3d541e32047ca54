//! The source text of `exec`, and the pragma that may stand on its first line.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// What a first line must begin with, after blanks, to be a pragma.
const MARKER: &str = "// @exec:";
const YIELD_TIME: &str = "yield_time_ms";
const MAX_OUTPUT_TOKENS: &str = "max_output_tokens";
/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// An `exec` source, parted from its pragma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecSource<'text> {
    /// The JavaScript to run: the text without its pragma line.
    pub code: &'text str,
    /// Lines of the given text that stand before `code`: 1 with a pragma, else 0.
    /// The engine adds it, so that stack traces count lines as the model does.
    pub line_offset: u32,
    /// Milliseconds until the cell yields, if the pragma says. At most 2^53 − 1.
    pub yield_time_ms: Option<u64>,
    /// Tokens that the output may take, if the pragma says. At most 2^53 − 1.
    pub max_output_tokens: Option<u64>,
}

/// What is wrong with an `exec` source. The messages are meant for the model.
#[derive(Debug, thiserror::Error)]
pub enum PragmaError {
    /// Nothing but white space was given.
    #[error(
        "exec expects raw JavaScript source text (non-empty). Provide JS only, optionally with first-line `// @exec: {{\"yield_time_ms\": 10000, \"max_output_tokens\": 1000}}`."
    )]
    EmptySource,
    /// Nothing but white space follows the pragma line.
    #[error("exec pragma must be followed by JavaScript source on subsequent lines")]
    MissingSource,
    /// The pragma has no JSON, or JSON that is no object.
    #[error(
        "exec pragma must be a JSON object with supported fields `yield_time_ms` and `max_output_tokens`"
    )]
    NotAnObject,
    /// The pragma is no JSON.
    #[error(
        "exec pragma must be valid JSON with supported fields `yield_time_ms` and `max_output_tokens`: {0}"
    )]
    InvalidJson(#[source] serde_json::Error),
    /// The pragma has a field that does not exist.
    #[error("exec pragma only supports `yield_time_ms` and `max_output_tokens`; got `{0}`")]
    UnknownField(String),
    /// A field is a string, negative, a fraction, ….
    #[error(
        "exec pragma fields `yield_time_ms` and `max_output_tokens` must be non-negative safe integers: {0}"
    )]
    InvalidType(#[source] serde_json::Error),
    /// A field is larger than 2^53 − 1.
    #[error("exec pragma field `{0}` must be a non-negative safe integer")]
    TooLarge(&'static str),
}

/// Parts a source from its pragma.
///
/// Only the first line can be a pragma, and only if it begins, after blanks, with exactly `// @exec:`.
/// Any other text is code, unchanged. A field that is `null` counts as absent. A number is judged by its
/// value, as JavaScript does: `1e3` and `1000.0` are 1000. Of a field given twice, the last one counts.
///
/// # Errors
/// [`PragmaError`], if there is no code or the pragma is not right.
///
/// # Example
/// ```text
/// // @exec: {"yield_time_ms": 500}
/// text("hello")
/// ```
/// is the code `text("hello")` with `yield_time_ms` 500 and `line_offset` 1.
pub fn parse_exec_source(text: &str) -> Result<ExecSource<'_>, PragmaError> {
    if text.trim().is_empty() {
        return Err(PragmaError::EmptySource);
    }
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Some(directive) = first.trim_start().strip_prefix(MARKER) else {
        return Ok(ExecSource { code: text, line_offset: 0, yield_time_ms: None, max_output_tokens: None });
    };
    if rest.trim().is_empty() {
        return Err(PragmaError::MissingSource);
    }
    let fields = parse_directive(directive.trim())?;
    Ok(ExecSource {
        code: rest,
        line_offset: 1,
        yield_time_ms: fields.yield_time_ms,
        max_output_tokens: fields.max_output_tokens,
    })
}

#[derive(Default)]
struct Fields {
    yield_time_ms: Option<u64>,
    max_output_tokens: Option<u64>,
}

fn parse_directive(directive: &str) -> Result<Fields, PragmaError> {
    if directive.is_empty() {
        return Err(PragmaError::NotAnObject);
    }
    // First as anything, so that bad JSON is told from good JSON of another kind.
    serde_json::from_str::<IgnoredAny>(directive).map_err(PragmaError::InvalidJson)?;
    if !directive.starts_with('{') {
        return Err(PragmaError::NotAnObject);
    }
    let Members(members) = serde_json::from_str(directive).map_err(PragmaError::InvalidJson)?;

    if let Some((unknown, _)) =
        members.iter().find(|(name, _)| name != YIELD_TIME && name != MAX_OUTPUT_TOKENS)
    {
        return Err(PragmaError::UnknownField(unknown.clone()));
    }
    let mut yield_time_ms = Number::Absent;
    let mut max_output_tokens = Number::Absent;
    for (name, value) in members {
        let number = Number::read(value).map_err(PragmaError::InvalidType)?;
        if name == YIELD_TIME {
            yield_time_ms = number;
        } else {
            max_output_tokens = number;
        }
    }
    Ok(Fields {
        yield_time_ms: yield_time_ms.within_range(YIELD_TIME)?,
        max_output_tokens: max_output_tokens.within_range(MAX_OUTPUT_TOKENS)?,
    })
}

/// A field's value, before its range is judged.
enum Number {
    Absent,
    Safe(u64),
    TooLarge,
}

impl Number {
    fn read(value: Value) -> Result<Self, serde_json::Error> {
        if value.is_null() {
            return Ok(Self::Absent);
        }
        if value.is_u64() {
            return Ok(Self::from_integer(u64::deserialize(value)?));
        }
        match value.as_f64() {
            Some(number) if number >= 0.0 && number.fract() == 0.0 => {
                // Printing a whole float and reading it back is exact. What does not fit is too large.
                Ok(format!("{:.0}", number.abs()).parse().map_or(Self::TooLarge, Self::from_integer))
            }
            // Fails for everything that is left, with a message that names the type.
            _ => Ok(Self::from_integer(u64::deserialize(value)?)),
        }
    }

    fn from_integer(number: u64) -> Self {
        if number <= MAX_SAFE_INTEGER { Self::Safe(number) } else { Self::TooLarge }
    }

    fn within_range(self, field: &'static str) -> Result<Option<u64>, PragmaError> {
        match self {
            Self::Absent => Ok(None),
            Self::Safe(number) => Ok(Some(number)),
            Self::TooLarge => Err(PragmaError::TooLarge(field)),
        }
    }
}

/// The members of a JSON object in the order of the text, so that the *first* unknown one is named.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str) -> String {
        parse_exec_source(text).unwrap_err().to_string()
    }

    fn options(json: &str) -> (Option<u64>, Option<u64>) {
        let text = format!("// @exec: {json}\nx");
        let source = parse_exec_source(&text).unwrap();
        assert_eq!((source.code, source.line_offset), ("x", 1));
        (source.yield_time_ms, source.max_output_tokens)
    }

    #[test]
    fn plain_source_is_unchanged() {
        for text in [
            "text(1)",
            "  text(1)\n",
            "//@exec: {}\nx",
            "\n// @exec: {}\nx",
            "// @EXEC: {}\nx",
            "text(1) // @exec: {}\nx",
        ] {
            let source = parse_exec_source(text).unwrap();
            assert_eq!(source.code, text);
            assert_eq!(source.line_offset, 0);
            assert_eq!((source.yield_time_ms, source.max_output_tokens), (None, None));
        }
    }

    #[test]
    fn pragma_is_taken_off() {
        assert_eq!(
            parse_exec_source(" \t// @exec:{\"yield_time_ms\": 5, \"max_output_tokens\": 0}\r\n\nx\n")
                .unwrap(),
            ExecSource { code: "\nx\n", line_offset: 1, yield_time_ms: Some(5), max_output_tokens: Some(0) }
        );
        assert_eq!(options("{}"), (None, None));
        assert_eq!(options(r#"{"yield_time_ms":null,"max_output_tokens":null}"#), (None, None));
        assert_eq!(options(r#"{"yield_time_ms":9007199254740991}"#), (Some(9_007_199_254_740_991), None));
    }

    #[test]
    fn whole_floats_are_integers() {
        assert_eq!(options(r#"{"yield_time_ms":1e3}"#), (Some(1000), None));
        assert_eq!(options(r#"{"yield_time_ms":1000.0}"#), (Some(1000), None));
        assert_eq!(options(r#"{"max_output_tokens":-0}"#), (None, Some(0)));
    }

    #[test]
    fn last_duplicate_counts() {
        assert_eq!(options(r#"{"yield_time_ms":1,"yield_time_ms":2}"#), (Some(2), None));
        assert_eq!(options(r#"{"yield_time_ms":1,"yield_time_ms":null}"#), (None, None));
    }

    #[test]
    fn empty_source() {
        let expected = "exec expects raw JavaScript source text (non-empty). Provide JS only, optionally with first-line `// @exec: {\"yield_time_ms\": 10000, \"max_output_tokens\": 1000}`.";
        assert_eq!(message(""), expected);
        assert_eq!(message(" \r\n\t"), expected);
    }

    #[test]
    fn pragma_without_source_precedes_the_json_checks() {
        let expected = "exec pragma must be followed by JavaScript source on subsequent lines";
        assert_eq!(message("// @exec: {}"), expected);
        assert_eq!(message("// @exec: not json\n \r\n"), expected);
    }

    #[test]
    fn pragma_that_is_no_object() {
        let expected =
            "exec pragma must be a JSON object with supported fields `yield_time_ms` and `max_output_tokens`";
        for json in ["", " \r", "1", "null", "[]", "\"x\"", "true"] {
            assert_eq!(message(&format!("// @exec: {json}\nx")), expected);
        }
    }

    #[test]
    fn pragma_that_is_no_json() {
        assert_eq!(
            message("// @exec: {oops\nx"),
            "exec pragma must be valid JSON with supported fields `yield_time_ms` and `max_output_tokens`: key must be a string at line 1 column 2"
        );
        assert!(message("// @exec: {} {}\nx").contains("valid JSON"));
        let deep = "[".repeat(10_000);
        assert!(message(&format!("// @exec: {deep}\nx")).contains("valid JSON"));
    }

    #[test]
    fn first_unknown_field_is_named() {
        assert_eq!(
            message("// @exec: {\"yield_time_ms\": \"bad\", \"zeta\": 1, \"alpha\": 2}\nx"),
            "exec pragma only supports `yield_time_ms` and `max_output_tokens`; got `zeta`"
        );
    }

    #[test]
    fn wrong_types() {
        let start =
            "exec pragma fields `yield_time_ms` and `max_output_tokens` must be non-negative safe integers: ";
        for (value, end) in [
            ("-1", "invalid value: integer `-1`, expected u64"),
            ("1.5", "invalid type: floating point `1.5`, expected u64"),
            ("-2.0", "invalid type: floating point `-2.0`, expected u64"),
            ("\"5\"", "invalid type: string \"5\", expected u64"),
            ("true", "invalid type: boolean `true`, expected u64"),
            ("[]", "invalid type: sequence, expected u64"),
        ] {
            for field in [YIELD_TIME, MAX_OUTPUT_TOKENS] {
                assert_eq!(
                    message(&format!("// @exec: {{\"{field}\": {value}}}\nx")),
                    format!("{start}{end}")
                );
            }
        }
    }

    #[test]
    fn unsafe_integers() {
        for value in ["9007199254740992", "18446744073709551616", "1e300"] {
            for field in [YIELD_TIME, MAX_OUTPUT_TOKENS] {
                assert_eq!(
                    message(&format!("// @exec: {{\"{field}\": {value}}}\nx")),
                    format!("exec pragma field `{field}` must be a non-negative safe integer")
                );
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(?s)([ \t]*// @exec:[{}\\[\\]\":,a-z0-9_.-]*(\r?\n)?)?.{0,40}") {
            if let Ok(source) = parse_exec_source(&text) {
                prop_assert!(text.ends_with(source.code));
                prop_assert!(!source.code.trim().is_empty());
            }
        }
    }
}

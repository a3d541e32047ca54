//! What can be said of a text without parsing it.

use super::TextPosition;

/// At least as many as the text has tokens. Each character that is no part of a word counts, also within texts and
/// comments: what those are, only a parser knows.
pub(super) fn most_tokens(source: &str) -> usize {
    let mut tokens = 0;
    let mut word_goes_on = false;
    for byte in source.bytes() {
        let is_word = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
        tokens += match byte {
            _ if is_word && word_goes_on => 0,
            // As in `0in`, which is a number and a word.
            b'0'..=b'9' => 2,
            // The rest of a character. Its first byte has counted: it may be a space that parts words.
            0x80..=0xbf => 0,
            _ => usize::from(!byte.is_ascii_whitespace()),
        };
        word_goes_on = is_word;
    }
    tokens
}

/// The place of a byte of the text.
pub(super) fn position(source: &str, offset: usize) -> TextPosition {
    let before = source.get(..offset).unwrap_or(source);
    let line_start = before
        .rfind(is_line_end)
        .map_or(0, |end| end + before[end..].chars().next().map_or(1, char::len_utf8));
    // A carriage return and a line feed end one line, not two.
    let lines =
        before.chars().filter(|character| is_line_end(*character)).count() - before.matches("\r\n").count();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
    TextPosition { line: number(lines), column: number(before[line_start..].encode_utf16().count()) }
}

/// What ends a line in JavaScript.
pub(super) fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// The place of the first character at or after `from` that is neither space nor comment.
pub(super) fn skip_trivia(source: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = source.get(at..).unwrap_or_default();
        at += rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
        let rest = &source[at..];
        if rest.starts_with("//") {
            at += rest.find(is_line_end).unwrap_or(rest.len());
        } else if let Some(comment) = rest.strip_prefix("/*") {
            at += comment.find("*/").map_or(rest.len(), |end| end + 4);
        } else {
            return at;
        }
    }
}

/// The first character at or after `from` that is neither space nor comment.
pub(super) fn next_character(source: &str, from: usize) -> Option<char> {
    source[skip_trivia(source, from)..].chars().next()
}

/// The end of the word that begins at `from`.
pub(super) fn end_of_word(source: &str, from: usize) -> usize {
    let rest = &source[from..];
    from + rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len())
}

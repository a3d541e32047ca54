use codecell::model::parse_exec_source;

const MOST: u64 = (1 << 53) - 1;

/// A source is parted from its pragma, or refused with words; its code is never changed.
///
/// # Panics
/// When that does not hold.
pub fn pragma(text: &str) {
    let is_pragma = text.lines().next().unwrap_or_default().trim_start().starts_with("// @exec:");
    match parse_exec_source(text) {
        Ok(source) => {
            assert!(text.ends_with(source.code), "the code is the end of the text");
            assert!(!source.code.trim().is_empty(), "there is code");
            let before = &text[..text.len() - source.code.len()];
            assert_eq!(before.matches('\n').count(), source.line_offset as usize, "lines keep their numbers");
            assert_eq!(source.line_offset == 1, is_pragma, "the first line is cut off if it is a pragma");
            for number in [source.yield_time_ms, source.max_output_tokens].into_iter().flatten() {
                assert!(
                    is_pragma && number <= MOST,
                    "numbers come from a pragma, and JavaScript can hold them"
                );
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(is_pragma || text.trim().is_empty(), "only a pragma is refused, and nothing: {message}");
            assert!(message.starts_with("exec "), "the model is told by whom: {message}");
            assert!(message.len() <= text.len() + 300, "no message grows beyond what it is about");
        }
    }
}

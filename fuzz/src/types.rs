use codecell::model::typescript::{Allocator, TypesError, blank_types, stack_bytes};

/// Types are taken out of a text without moving anything, or it is refused with its place; nothing else happens.
///
/// # Panics
/// When that does not hold.
pub fn types(text: &str) {
    let stack = match stack_bytes(text) {
        Ok(stack) => stack,
        Err(error) => return assert_eq!(error, TypesError::TooLong, "a text may be too long, nothing else"),
    };
    let source = text.to_owned();
    let thread = std::thread::Builder::new()
        .stack_size(stack)
        .spawn(move || blank_types(&source, &Allocator::default()));
    let outcome = match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => panic!("the parser has panicked: {text:?}"),
        Err(error) => panic!("there is no thread: {error}"),
    };
    let lines = u32::try_from(line_ends(text).len()).unwrap_or(u32::MAX);
    match outcome {
        Ok(None) | Err(TypesError::TooLong) => {}
        Ok(Some(blanked)) => {
            assert_ne!(blanked, text, "something was taken out");
            assert_eq!(blanked.encode_utf16().count(), text.encode_utf16().count(), "columns stay: {text:?}");
            assert_eq!(line_ends(&blanked), line_ends(text), "lines stay: {text:?}");
        }
        Err(TypesError::Syntax { position, .. } | TypesError::Unsupported { position, .. }) => {
            assert!((1..=lines + 1).contains(&position.line), "{position:?} is in {text:?}");
            assert!(position.column >= 1, "{position:?}");
        }
    }
}

/// Where the lines end, in UTF-16 units.
fn line_ends(text: &str) -> Vec<usize> {
    let is_end = |unit: u16| matches!(unit, 0x0a | 0x0d | 0x2028 | 0x2029);
    text.encode_utf16().enumerate().filter(|(_, unit)| is_end(*unit)).map(|(at, _)| at).collect()
}

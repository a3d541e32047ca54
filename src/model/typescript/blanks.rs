//! A text some parts of which are blanked out.

use super::text::is_line_end;

/// Keeps, for each byte of a text, what it becomes.
pub(super) struct Blanks<'source> {
    source: &'source str,
    /// 0 for a byte that stays, otherwise the ASCII character that takes its place.
    bytes: Vec<u8>,
    any: bool,
}

impl<'source> Blanks<'source> {
    pub(super) fn new(source: &'source str) -> Self {
        Self { source, bytes: Vec::new(), any: false }
    }

    /// Blanks a part out. Ends of lines in it stay.
    pub(super) fn blank(&mut self, start: usize, end: usize) {
        if !self.any {
            self.bytes = vec![0; self.source.len()];
            self.any = true;
        }
        if let Some(part) = self.bytes.get_mut(start..end) {
            part.fill(b' ');
        }
    }

    /// Puts a character in the place of the one at `at`, which is blanked out otherwise.
    pub(super) fn put(&mut self, at: usize, character: u8) {
        if let Some(byte) = self.bytes.get_mut(at) {
            *byte = character;
        }
    }

    /// Whether a line ends in this part once it is blanked out.
    pub(super) fn has_line_end(&self, start: usize, end: usize) -> bool {
        self.source.get(start..end).is_some_and(|part| part.contains(is_line_end))
    }

    /// The text. None if nothing was blanked out.
    pub(super) fn finish(self) -> Option<String> {
        if !self.any {
            return None;
        }
        let mut text = String::with_capacity(self.source.len());
        for (at, character) in self.source.char_indices() {
            let bytes = &self.bytes[at..at + character.len_utf8()];
            if bytes[0] == 0 || is_line_end(character) {
                text.push(character);
                continue;
            }
            let replacement = bytes.iter().find(|byte| **byte != b' ').copied().unwrap_or(b' ');
            text.push(char::from(replacement));
            // Columns count UTF-16 units, of which some characters have two.
            text.extend(std::iter::repeat_n(' ', character.len_utf16() - 1));
        }
        Some(text)
    }
}

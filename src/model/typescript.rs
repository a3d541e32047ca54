//! TypeScript made JavaScript: its types are blanked out, and everything else stays where it is.

mod blanks;
mod eraser;
mod text;

pub use oxc_allocator::Allocator;
use oxc_ast_visit::Visit as _;
use oxc_parser::Parser;
use oxc_span::SourceType;

use eraser::Eraser;

/// A place in a text. Line and column count from 1, columns in UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextPosition {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// Why a text can't be made JavaScript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypesError {
    /// It is not TypeScript either.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Where the parser gave up.
        position: TextPosition,
    },
    /// It says something that is more than a type.
    #[error("{construct} can't be run: types are taken out of a script, nothing else is compiled. {advice}")]
    Unsupported {
        /// What it is, as in "TypeScript's `enum`".
        construct: &'static str,
        /// What to write instead.
        advice: &'static str,
        /// Where it begins.
        position: TextPosition,
    },
    /// It may be nested too deep to be parsed.
    #[error(
        "the script is too long, or nested too deep, to be read as TypeScript: write it as JavaScript, without types"
    )]
    TooLong,
}

/// Stack that one token of a text may take: parser and eraser recurse at most once for each.
const STACK_BYTES_PER_TOKEN: usize = if cfg!(debug_assertions) { 16 } else { 3 } * 1024;
/// Stack that everything else takes.
const STACK_BYTES_AT_LEAST: usize = 1024 * 1024;
/// Most tokens that a text with types may have. The stack is then what the heap of a cell may take by default.
const MOST_TOKENS: usize = 40_000;
/// Most stack that is asked for.
const STACK_BYTES_AT_MOST: usize = MOST_TOKENS * STACK_BYTES_PER_TOKEN + STACK_BYTES_AT_LEAST;

/// The stack that [`blank_types`] needs for a text, in bytes, however deep it is nested. Neither parser nor eraser looks
/// how much is left, and an overflow would end the process.
///
/// # Errors
/// [`TypesError::TooLong`] for some 40 000 tokens and more.
pub fn stack_bytes(source: &str) -> Result<usize, TypesError> {
    let bytes = text::most_tokens(source) * STACK_BYTES_PER_TOKEN + STACK_BYTES_AT_LEAST;
    if bytes > STACK_BYTES_AT_MOST { Err(TypesError::TooLong) } else { Ok(bytes) }
}

/// The text with spaces for its types: lines and columns, counted in UTF-16 units, stay the same. None if there is
/// nothing to take out.
///
/// It must run on a thread with [`stack_bytes`] of stack. What the parser makes is put into `memory`; the parser panics
/// when that is full. It reads parts of a text again and again to find out what they are, and takes more memory each
/// time: memory that can't grow is what bounds its time, too.
///
/// # Errors
/// When the text is no TypeScript module, or has a construct that is more than a type.
pub fn blank_types(source: &str, memory: &Allocator) -> Result<Option<String>, TypesError> {
    let parsed = Parser::new(memory, source, SourceType::ts().with_module(true)).parse();
    let failure = parsed.diagnostics.errors().map(|error| {
        let offset = error.labels.iter().map(|label| label.offset() as usize).min();
        (offset.unwrap_or(source.len()), error.message.to_string())
    });
    // The first in the text is what the others follow from.
    if let Some((offset, message)) = failure.min_by_key(|(offset, _)| *offset) {
        return Err(TypesError::Syntax { message, position: text::position(source, offset) });
    }
    let mut eraser = Eraser::new(source);
    eraser.visit_program(&parsed.program);
    eraser.finish()
}

#[cfg(test)]
mod tests;

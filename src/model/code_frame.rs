//! The lines of a script around an error, as a model reads them.

use std::fmt::Write as _;

/// Characters of a line that are shown at the most.
const LONGEST_LINE: usize = 120;

/// The line of an error with the one before and the one after it, and a mark under the column.
///
/// `line` and `column` are 1-based. `first_line` is the number of the source's first line. None if the source has no
/// such line. Of a long line, the part around the column is shown.
///
/// ```
/// # use codecell::model::code_frame;
/// let frame = code_frame("const a = 1\na.b.c\ntext(a)", 1, 2, 5).unwrap();
/// assert_eq!(frame, "  1 | const a = 1\n> 2 | a.b.c\n    |     ^\n  3 | text(a)");
/// ```
#[must_use]
pub fn code_frame(source: &str, first_line: u32, line: u32, column: u32) -> Option<String> {
    let index = usize::try_from(line.checked_sub(first_line)?).ok()?;
    let before = index.saturating_sub(1);
    let lines: Vec<&str> = source.lines().skip(before).take(index - before + 2).collect();
    let marked = index - before;
    if marked >= lines.len() {
        return None;
    }
    let last = line + u32::from(lines.len() > marked + 1);
    let width = last.to_string().len();
    let column = usize::try_from(column.saturating_sub(1)).ok()?;
    // All lines are cut alike, so that they stay aligned.
    let start = if column < LONGEST_LINE { 0 } else { column - LONGEST_LINE / 2 };
    let mut frame = String::new();
    for (offset, text) in lines.iter().enumerate() {
        let number = line + u32::try_from(offset).ok()? - u32::try_from(marked).ok()?;
        let mark = if offset == marked { '>' } else { ' ' };
        let shown: String = text.chars().skip(start).take(LONGEST_LINE).collect();
        // Writing to a String can't fail.
        let _ = writeln!(frame, "{}", format!("{mark} {number:width$} | {shown}").trim_end());
        if offset == marked {
            let _ = writeln!(frame, "  {:width$} | {:>2$}", "", '^', column - start + 1);
        }
    }
    frame.truncate(frame.trim_end().len());
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_line_have_one_neighbour() {
        assert_eq!(code_frame("a\nb", 1, 1, 1).unwrap(), "> 1 | a\n    | ^\n  2 | b");
        assert_eq!(code_frame("a\nb", 1, 2, 1).unwrap(), "  1 | a\n> 2 | b\n    | ^");
    }

    #[test]
    fn lines_are_numbered_from_the_given_one() {
        assert_eq!(code_frame("a\nb", 9, 10, 1).unwrap(), "   9 | a\n> 10 | b\n     | ^");
        assert_eq!(code_frame("a\nb", 2, 1, 1), None);
        assert_eq!(code_frame("a\nb", 1, 3, 1), None);
    }

    #[test]
    fn of_a_long_line_the_part_around_the_column_is_shown() {
        let source = format!("{}boom{}", "x".repeat(1000), "y".repeat(1000));
        let frame = code_frame(&source, 1, 1, 1001).unwrap();
        let (line, mark) = frame.split_once('\n').unwrap();
        assert_eq!(line.len(), LONGEST_LINE + "> 1 | ".len());
        assert_eq!(&line[mark.find('^').unwrap()..][..4], "boom");
    }
}

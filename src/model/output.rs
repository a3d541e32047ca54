//! The answer of `exec` and `wait`: a status header, then the output within its token budget.

use std::time::Duration;

use super::content::ContentItem;
use super::truncate::{DEFAULT_MAX_TOKENS, truncate_content};

/// How a cell stands, as far as a model is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelStatus<'cell> {
    /// Still running: `wait` resumes it.
    Running {
        /// The id to give to `wait`.
        cell_id: &'cell str,
    },
    /// Ended without an error.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended by `terminate`.
    Terminated,
    /// No such cell, or its final result was already delivered.
    Missing {
        /// The id that was asked for.
        cell_id: &'cell str,
    },
}

impl ModelStatus<'_> {
    /// Whether the tool call counts as a success: not for a failed or missing cell.
    #[must_use]
    pub const fn success(&self) -> bool {
        !matches!(self, Self::Failed | Self::Missing { .. })
    }

    fn line(&self) -> String {
        match self {
            Self::Running { cell_id } => format!("Script running with cell ID {cell_id}"),
            Self::Completed => "Script completed".to_owned(),
            Self::Failed | Self::Missing { .. } => "Script failed".to_owned(),
            Self::Terminated => "Script terminated".to_owned(),
        }
    }
}

/// Builds the whole answer of one tool call.
///
/// The first item is the header and is never truncated. The content follows in order. A failed cell ends
/// with one text item, `Script error:` and `error_text`; a missing one with its own error. `error_text` of
/// any other status is left out. Content and error share `max_tokens` (default 10 000).
///
/// `wall` is how long *this* tool call took; it is shown in seconds, rounded to one decimal.
#[must_use]
pub fn model_output(
    status: ModelStatus<'_>,
    mut content: Vec<ContentItem>,
    error_text: Option<&str>,
    max_tokens: Option<u64>,
    wall: Duration,
) -> Vec<ContentItem> {
    match status {
        ModelStatus::Failed => content.extend(error_text.map(error_item)),
        ModelStatus::Missing { cell_id } => {
            content.push(error_item(&format!("exec cell {cell_id} not found")));
        }
        ModelStatus::Running { .. } | ModelStatus::Completed | ModelStatus::Terminated => {}
    }
    let mut output = truncate_content(content, max_tokens.unwrap_or(DEFAULT_MAX_TOKENS));
    output.insert(0, header(status, wall));
    output
}

fn error_item(error_text: &str) -> ContentItem {
    ContentItem::text(format!("Script error:\n{error_text}"))
}

fn header(status: ModelStatus<'_>, wall: Duration) -> ContentItem {
    // Whole numbers, so that a half is always rounded up.
    let tenths = (wall.as_nanos() + 50_000_000) / 100_000_000;
    ContentItem::text(format!(
        "{}\nWall time {}.{} seconds\nOutput:\n",
        status.line(),
        tenths / 10,
        tenths % 10
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(items: &[ContentItem]) -> Vec<&str> {
        items
            .iter()
            .map(|item| match item {
                ContentItem::Text { text } => text.as_str(),
                _ => "(media)",
            })
            .collect()
    }

    #[test]
    fn headers() {
        for (status, line, success) in [
            (ModelStatus::Running { cell_id: "7" }, "Script running with cell ID 7", true),
            (ModelStatus::Completed, "Script completed", true),
            (ModelStatus::Failed, "Script failed", false),
            (ModelStatus::Terminated, "Script terminated", true),
        ] {
            let output = model_output(status, Vec::new(), None, None, Duration::from_millis(1249));
            assert_eq!(texts(&output), [format!("{line}\nWall time 1.2 seconds\nOutput:\n")]);
            assert_eq!(status.success(), success);
        }
    }

    #[test]
    fn wall_time_is_rounded() {
        for (millis, shown) in [(0, "0.0"), (49, "0.0"), (50, "0.1"), (250, "0.3"), (59_960, "60.0")] {
            let output =
                model_output(ModelStatus::Completed, Vec::new(), None, None, Duration::from_millis(millis));
            assert!(texts(&output)[0].contains(&format!("Wall time {shown} seconds")));
        }
    }

    #[test]
    fn error_comes_last_and_output_is_kept() {
        let output = model_output(
            ModelStatus::Failed,
            vec![ContentItem::text("a"), ContentItem::text("")],
            Some("Error: boom\n    at x"),
            None,
            Duration::ZERO,
        );
        assert_eq!(texts(&output)[1..], ["a", "", "Script error:\nError: boom\n    at x"]);
    }

    #[test]
    fn missing_cell() {
        let status = ModelStatus::Missing { cell_id: "999999" };
        let output = model_output(status, Vec::new(), None, None, Duration::ZERO);
        assert_eq!(
            texts(&output),
            ["Script failed\nWall time 0.0 seconds\nOutput:\n", "Script error:\nexec cell 999999 not found"]
        );
        assert!(!status.success());
    }

    #[test]
    fn error_is_truncated_with_the_output_and_the_header_is_not() {
        let output = model_output(
            ModelStatus::Failed,
            vec![ContentItem::text("x".repeat(100))],
            Some("boom"),
            Some(0),
            Duration::ZERO,
        );
        let texts = texts(&output);
        assert_eq!(texts.len(), 2);
        assert!(texts[0].starts_with("Script failed\n"));
        assert!(texts[1].starts_with("Warning: truncated output (original token count: 30)\n"));
    }

    #[test]
    fn default_budget_is_ten_thousand_tokens() {
        let run = |length| {
            model_output(
                ModelStatus::Completed,
                vec![ContentItem::text("x".repeat(length))],
                None,
                None,
                Duration::ZERO,
            )[1]
            .bytes()
        };
        assert_eq!(run(40_000), 40_000);
        assert_ne!(run(40_001), 40_001);
    }
}

//! Keeping output within a token budget. A token is taken to be four bytes of UTF-8.

use super::audio::audio_tokens;
use super::content::ContentItem;

/// The budget where neither the model nor the host gives one, in tokens.
pub const DEFAULT_MAX_TOKENS: u64 = 10_000;
const BYTES_PER_TOKEN: usize = 4;

/// Cuts content down to a budget of `max_tokens`.
///
/// *Text only*: if all of it, joined by newlines, fits, the items come back unchanged. Otherwise one text
/// item is left: a warning with the original size, the first half of the budget, a mark that tells how much
/// is missing, and the last half.
///
/// *With images or audio*: items keep their order and use the budget up. The text that no longer fits is
/// cut in its middle; later texts are left out. An image is always kept and costs nothing. A sound costs 10
/// tokens a second (see [`audio_tokens`]) and is left out if that is too much. What was left out is counted
/// in text items at the end.
///
/// Warning, marks and counts come on top of the budget: less than 200 bytes in all.
#[must_use]
pub fn truncate_content(content: Vec<ContentItem>, max_tokens: u64) -> Vec<ContentItem> {
    let texts: Option<Vec<&str>> = content
        .iter()
        .map(|item| match item {
            ContentItem::Text { text } => Some(text.as_str()),
            ContentItem::Image { .. } | ContentItem::Audio { .. } => None,
        })
        .collect();
    match texts {
        Some(texts) => match truncate_texts(&texts, max_tokens) {
            Some(text) => vec![ContentItem::Text { text }],
            None => content,
        },
        None => truncate_mixed(content, max_tokens),
    }
}

/// The one text that stands for all, or `None` if they fit.
fn truncate_texts(texts: &[&str], max_tokens: u64) -> Option<String> {
    let newlines = texts.len().saturating_sub(1);
    let total = texts.iter().map(|text| text.len()).sum::<usize>() + newlines;
    let budget = budget_bytes(max_tokens);
    if total <= budget {
        return None;
    }
    let joined = texts.join("\n");
    Some(format!(
        "Warning: truncated output (original token count: {})\nTotal output lines: {}\n\n{}",
        total.div_ceil(BYTES_PER_TOKEN),
        joined.lines().count(),
        truncate_middle(&joined, budget)
    ))
}

fn truncate_mixed(content: Vec<ContentItem>, max_tokens: u64) -> Vec<ContentItem> {
    let mut remaining = max_tokens;
    let mut omitted_texts = 0_u64;
    let mut omitted_audios = 0_u64;
    let mut kept = Vec::with_capacity(content.len());
    for item in content {
        match item {
            ContentItem::Image { .. } => kept.push(item),
            ContentItem::Audio { ref audio_url } => {
                let cost = audio_tokens(audio_url);
                if cost <= remaining {
                    remaining -= cost;
                    kept.push(item);
                } else {
                    omitted_audios += 1;
                }
            }
            ContentItem::Text { .. } if remaining == 0 => omitted_texts += 1,
            ContentItem::Text { ref text } => {
                let cost = u64::try_from(text.len().div_ceil(BYTES_PER_TOKEN)).unwrap_or(u64::MAX);
                if cost <= remaining {
                    remaining -= cost;
                    kept.push(item);
                } else {
                    kept.push(ContentItem::text(truncate_middle(text, budget_bytes(remaining))));
                    remaining = 0;
                }
            }
        }
    }
    for (omitted, kind) in [(omitted_texts, "text"), (omitted_audios, "audio")] {
        if omitted > 0 {
            kept.push(ContentItem::text(format!("[omitted {omitted} {kind} items ...]")));
        }
    }
    kept
}

/// Keeps the first and the last half of `budget` bytes of a longer text, on character boundaries.
fn truncate_middle(text: &str, budget: usize) -> String {
    let budget = budget.min(text.len());
    let head = budget / 2;
    let tail = budget - head;
    let head_end = text.floor_char_boundary(head);
    let tail_start = text.ceil_char_boundary(text.len() - tail);
    let removed = (text.len() - budget).div_ceil(BYTES_PER_TOKEN);
    format!("{}…{removed} tokens truncated…{}", &text[..head_end], &text[tail_start..])
}

fn budget_bytes(tokens: u64) -> usize {
    usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::audio::tests::wav_url;
    use super::super::content::ImageDetail;
    use super::*;

    fn text(text: &str) -> ContentItem {
        ContentItem::text(text)
    }

    fn image() -> ContentItem {
        ContentItem::Image {
            image_url: format!("data:image/png;base64,{}", "A".repeat(9_000)),
            detail: ImageDetail::High,
        }
    }

    fn audio(millis: u32) -> ContentItem {
        ContentItem::Audio { audio_url: wav_url(millis, 1, None) }
    }

    #[test]
    fn forty_digits_in_five_tokens() {
        assert_eq!(
            truncate_content(vec![text(&"0123456789".repeat(4))], 5),
            [text(
                "Warning: truncated output (original token count: 10)\nTotal output lines: 1\n\n0123456789…5 tokens truncated…0123456789"
            )]
        );
    }

    #[test]
    fn texts_that_fit_stay_apart() {
        let items = vec![text("abc"), text("defg")];
        assert_eq!(truncate_content(items.clone(), 2), items);
        assert_eq!(
            truncate_content(items, 1),
            [text(
                "Warning: truncated output (original token count: 2)\nTotal output lines: 2\n\nab…1 tokens truncated…fg"
            )]
        );
        assert_eq!(truncate_content(Vec::new(), 0), []);
        assert_eq!(truncate_content(vec![text("")], 0), [text("")]);
        let huge = vec![text("x"), image()];
        assert_eq!(truncate_content(huge.clone(), u64::MAX), huge);
    }

    #[test]
    fn budget_of_nothing() {
        assert_eq!(
            truncate_content(vec![text("hello\nworld")], 0),
            [text(
                "Warning: truncated output (original token count: 3)\nTotal output lines: 2\n\n…3 tokens truncated…"
            )]
        );
    }

    #[test]
    fn characters_are_not_cut() {
        assert_eq!(
            truncate_middle("ééééé", 7),
            "é…1 tokens truncated…éé",
            "3 bytes of head hold one é, 4 of tail two"
        );
    }

    #[test]
    fn mixed_media() {
        assert_eq!(
            truncate_content(
                vec![text("12345678"), image(), text(&"x".repeat(100)), image(), text("late"), text(""),],
                4
            ),
            [
                text("12345678"),
                image(),
                text("xxxx…23 tokens truncated…xxxx"),
                image(),
                text("[omitted 2 text items ...]"),
            ]
        );
    }

    #[test]
    fn audio_that_does_not_fit_is_counted() {
        assert_eq!(
            truncate_content(vec![audio(1_000), audio(2_000), audio(500), text("abcd"), text("e")], 16),
            [
                audio(1_000),
                audio(500),
                text("abcd"),
                text("[omitted 1 text items ...]"),
                text("[omitted 1 audio items ...]"),
            ]
        );
    }

    fn any_item() -> impl Strategy<Value = ContentItem> {
        prop_oneof![
            6 => "(?s).{0,60}".prop_map(|text| ContentItem::Text { text }),
            1 => "data:.{0,20}".prop_map(|image_url| ContentItem::Image {
                image_url,
                detail: ImageDetail::Low,
            }),
            1 => "data:.{0,900}".prop_map(|audio_url| ContentItem::Audio { audio_url }),
        ]
    }

    fn cost(items: &[ContentItem]) -> u64 {
        items
            .iter()
            .map(|item| match item {
                ContentItem::Text { text } => u64::try_from(text.len()).unwrap(),
                ContentItem::Image { .. } => 0,
                ContentItem::Audio { audio_url } => audio_tokens(audio_url) * 4,
            })
            .sum()
    }

    proptest! {
        #[test]
        fn stays_within_the_budget(
            items in proptest::collection::vec(any_item(), 0..12),
            max_tokens in prop_oneof![0_u64..80, any::<u64>()],
        ) {
            let output = truncate_content(items.clone(), max_tokens);
            prop_assert!(cost(&output) <= max_tokens.saturating_mul(4).saturating_add(200));
            let images = |items: &[ContentItem]| {
                items.iter().filter(|item| matches!(item, ContentItem::Image { .. })).count()
            };
            prop_assert_eq!(images(&output), images(&items));
            // Each item is rounded up to a token, and has a newline when joined.
            let generous = cost(&items) / 4 + 2 * u64::try_from(items.len()).unwrap();
            if generous < max_tokens {
                prop_assert_eq!(output, items);
            }
        }

        #[test]
        fn text_keeps_its_ends(body in "(?s).{1,200}", max_tokens in 0_u64..60) {
            let output = truncate_content(vec![text(&body)], max_tokens);
            prop_assert_eq!(output.len(), 1);
            let ContentItem::Text { text: result } = &output[0] else { unreachable!() };
            if body.len() <= budget_bytes(max_tokens) {
                prop_assert_eq!(result, &body);
            } else {
                let (_, rest) = result.split_once("\n\n").unwrap();
                let kept = rest.len() - rest.matches(" tokens truncated").count();
                prop_assert!(kept > 0);
                prop_assert!(rest.contains(" tokens truncated…"));
            }
        }
    }
}

//! Content items: what a cell emits and a model reads.

use serde::{Deserialize, Serialize};

/// One piece of output, in the JSON form of the public contract.
///
/// ```text
/// { "type": "text",  "text": "…" }
/// { "type": "image", "imageUrl": "data:…", "detail": "high" }
/// { "type": "audio", "audioUrl": "data:…" }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum ContentItem {
    /// Plain text.
    Text {
        /// The text itself. May be empty.
        text: String,
    },
    /// A picture.
    Image {
        /// A `data:` URL.
        image_url: String,
        /// How closely the model is to look. Absent in JSON means [`ImageDetail::High`].
        #[serde(default)]
        detail: ImageDetail,
    },
    /// A sound.
    Audio {
        /// A `data:` URL.
        audio_url: String,
    },
}

impl ContentItem {
    /// A text item.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// The length of its text or URL, in UTF-8 bytes. This is what output limits count.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text { text } => text.len(),
            Self::Image { image_url, .. } => image_url.len(),
            Self::Audio { audio_url } => audio_url.len(),
        }
    }
}

/// How closely a model looks at an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageDetail {
    /// The model decides.
    Auto,
    /// A coarse look, cheap.
    Low,
    /// A close look. The default.
    #[default]
    High,
    /// Every pixel, where the model can take it.
    Original,
}

impl ImageDetail {
    /// Reads a detail, in any letter case. Anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Auto, Self::Low, Self::High, Self::Original]
            .into_iter()
            .find(|detail| detail.as_str().eq_ignore_ascii_case(text))
    }

    /// Its lower-case name, as in the public contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Low => "low",
            Self::High => "high",
            Self::Original => "original",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_form_is_that_of_the_contract() {
        let items = vec![
            ContentItem::text("hi"),
            ContentItem::Image { image_url: "data:,i".into(), detail: ImageDetail::Original },
            ContentItem::Audio { audio_url: "data:,a".into() },
        ];
        let expected = json!([
            { "type": "text", "text": "hi" },
            { "type": "image", "imageUrl": "data:,i", "detail": "original" },
            { "type": "audio", "audioUrl": "data:,a" },
        ]);
        assert_eq!(serde_json::to_value(&items).unwrap(), expected);
        let back: Vec<ContentItem> = serde_json::from_value(expected).unwrap();
        assert_eq!(back, items);
    }

    #[test]
    fn absent_detail_is_high() {
        let item: ContentItem =
            serde_json::from_value(json!({ "type": "image", "imageUrl": "data:," })).unwrap();
        assert!(matches!(item, ContentItem::Image { detail: ImageDetail::High, .. }));
    }

    #[test]
    fn detail_is_read_in_any_case() {
        assert_eq!(ImageDetail::parse("ORIGINAL"), Some(ImageDetail::Original));
        assert_eq!(ImageDetail::parse("Low"), Some(ImageDetail::Low));
        assert_eq!(ImageDetail::parse("auto"), Some(ImageDetail::Auto));
        assert_eq!(ImageDetail::parse(""), None);
        assert_eq!(ImageDetail::parse("medium"), None);
        assert_eq!(ImageDetail::default().as_str(), "high");
    }

    #[test]
    fn bytes_are_utf8_bytes() {
        assert_eq!(ContentItem::text("é").bytes(), 2);
        assert_eq!(ContentItem::Audio { audio_url: "data:".into() }.bytes(), 5);
    }
}

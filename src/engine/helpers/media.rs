//! `image`, `audio` and `generatedImage`.

use std::time::Duration;

use super::{Arguments, Helper, HelperError, Returned, Scope};
use crate::engine::state::CellState;
use crate::engine::values::{json, name, rust_string};
use crate::model::audio::wav_duration;
use crate::model::{ContentItem, ImageDetail};

/// A shorter clip can't be played; the model is told so instead.
const SHORTEST_AUDIO: Duration = Duration::from_millis(25);
const TOO_SHORT: &str = "Audio output omitted because the clip is shorter than 25 ms; use a longer clip.";

const BAD_DETAIL_TYPE: &str = "image detail must be a string when provided";

/// What differs between pictures and sounds.
struct Media {
    /// The `type` of an MCP block, and the word in messages.
    kind: &'static str,
    /// The property of an object that has a URL.
    url_property: &'static str,
    expects: &'static str,
    bad_url: &'static str,
    remote_url: &'static str,
}

const IMAGE: Media = Media {
    kind: "image",
    url_property: "image_url",
    expects: "image expects a non-empty image URL string, an object with image_url and optional detail, or a raw MCP \
              image block",
    bad_url: "Tool call failed: invalid image output. Pass a base64 data URI instead",
    remote_url: "Tool call failed: remote image URLs are not supported in tool outputs. Pass a base64 data URI instead",
};

const AUDIO: Media = Media {
    kind: "audio",
    url_property: "audio_url",
    expects: "audio expects a non-empty audio URL string, an object with audio_url, or a raw MCP audio block",
    bad_url: "Tool call failed: invalid audio output. Pass a base64 data URI instead",
    remote_url: "Tool call failed: invalid audio output. Pass a base64 data URI instead",
};

fn misuse<T>(message: impl Into<String>) -> Result<T, HelperError> {
    Err(HelperError::Misuse(message.into()))
}

fn property<'s>(
    scope: Scope<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    key: &str,
) -> Result<v8::Local<'s, v8::Value>, HelperError> {
    let key = name(scope, key);
    object.get(scope, key.into()).ok_or(HelperError::Thrown)
}

fn string_of(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> Option<String> {
    v8::Local::<v8::String>::try_from(value).ok().map(|text| rust_string(scope, text))
}

/// A detail that must be a string where it is given at all.
fn optional_detail(
    scope: Scope<'_, '_, '_>,
    value: v8::Local<'_, v8::Value>,
) -> Result<Option<String>, HelperError> {
    if value.is_null_or_undefined() {
        return Ok(None);
    }
    string_of(scope, value).map_or_else(|| misuse(BAD_DETAIL_TYPE), |detail| Ok(Some(detail)))
}

/// A URL, and the detail that was found beside it.
type Located = (String, Option<String>);

/// Finds the URL in what a helper was given: a string, an object with a URL, or an MCP block.
fn locate<'s>(
    scope: Scope<'_, 's, '_>,
    state: &CellState,
    media: &Media,
    value: v8::Local<'s, v8::Value>,
) -> Result<Located, HelperError> {
    let located = if let Some(url) = string_of_limited(scope, state, value)? {
        (url, None)
    } else {
        let object = v8::Local::<v8::Object>::try_from(value).ok().filter(|object| !object.is_array());
        let Some(object) = object else {
            return misuse(media.expects);
        };
        let url = property(scope, object, media.url_property)?;
        if url.is_undefined() {
            mcp_block(scope, state, media, object)?
        } else {
            let Some(url) = string_of_limited(scope, state, url)? else {
                return misuse(media.expects);
            };
            let detail = match media.kind {
                "image" => property(scope, object, "detail")?,
                _ => v8::undefined(scope).into(),
            };
            (url, optional_detail(scope, detail)?)
        }
    };
    check_url(media, &located.0)?;
    Ok(located)
}

/// A string, if the value is one. One that can't fit into the output ends the cell before it is copied.
fn string_of_limited<'s>(
    scope: Scope<'_, 's, '_>,
    state: &CellState,
    value: v8::Local<'s, v8::Value>,
) -> Result<Option<String>, HelperError> {
    let Ok(text) = v8::Local::<v8::String>::try_from(value) else {
        return Ok(None);
    };
    if text.length() > state.limits.output_bytes {
        state.reserve_output(scope, text.length());
        return Err(HelperError::Thrown);
    }
    Ok(Some(rust_string(scope, text)))
}

/// Reads an MCP block as the JSON that it stands for.
fn mcp_block<'s>(
    scope: Scope<'_, 's, '_>,
    state: &CellState,
    media: &Media,
    block: v8::Local<'s, v8::Object>,
) -> Result<Located, HelperError> {
    let Some(text) = json(scope, block.into())? else { return misuse(media.expects) };
    let block = v8::json::parse(scope, text).ok_or(HelperError::Thrown)?;
    let Ok(block) = v8::Local::<v8::Object>::try_from(block) else { return misuse(media.expects) };
    let kind = property(scope, block, "type")?;
    let Some(kind) = string_of(scope, kind) else {
        return misuse(media.expects);
    };
    if kind != media.kind {
        return misuse(format!("{0} only accepts MCP {0} blocks, got {kind:?}", media.kind));
    }
    let data = property(scope, block, "data")?;
    let data = string_of_limited(scope, state, data)?.filter(|data| !data.is_empty());
    let Some(data) = data else {
        return misuse(format!("{0} expected MCP {0} data", media.kind));
    };
    let url = if scheme_of(&data).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data")) {
        data
    } else {
        let mut mime = property(scope, block, "mimeType")?;
        if !mime.is_string() {
            mime = property(scope, block, "mime_type")?;
        }
        let mime = string_of(scope, mime).unwrap_or_else(|| "application/octet-stream".into());
        format!("data:{mime};base64,{data}")
    };
    let meta = property(scope, block, "_meta")?;
    let detail = match v8::Local::<v8::Object>::try_from(meta) {
        Ok(meta) => {
            let detail = property(scope, meta, "codex/imageDetail")?;
            // Only the exact words count here; anything else is somebody else's.
            string_of(scope, detail)
                .filter(|detail| ImageDetail::parse(detail).is_some_and(|known| known.as_str() == detail))
        }
        Err(_) => None,
    };
    Ok((url, detail))
}

fn scheme_of(url: &str) -> Option<&str> {
    url.split_once(':').map(|(scheme, _)| scheme)
}

fn check_url(media: &Media, url: &str) -> Result<(), HelperError> {
    if url.is_empty() {
        return misuse(media.expects);
    }
    match scheme_of(url).map(str::to_ascii_lowercase).as_deref() {
        Some("data") => Ok(()),
        Some("http" | "https") => misuse(media.remote_url),
        _ => misuse(media.bad_url),
    }
}

/// The item for an image. A detail given apart wins over the one found beside the URL.
fn image_item<'s>(
    scope: Scope<'_, 's, '_>,
    state: &CellState,
    value: v8::Local<'s, v8::Value>,
    detail: v8::Local<'s, v8::Value>,
) -> Result<ContentItem, HelperError> {
    let given = optional_detail(scope, detail)?;
    let (image_url, embedded) = locate(scope, state, &IMAGE, value)?;
    let detail = match given.or(embedded) {
        None => ImageDetail::default(),
        Some(detail) => ImageDetail::parse(&detail).ok_or_else(|| {
            HelperError::Misuse("image detail must be one of: auto, low, high, original".into())
        })?,
    };
    Ok(ContentItem::Image { image_url, detail })
}

/// `image(value, detail?)`: appends an image item.
pub(super) struct Image;

impl Helper for Image {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let item = image_item(scope, state, arguments.get(0), arguments.get(1))?;
        state.emit_content(scope, item);
        Ok(())
    }
}

/// `audio(value)`: appends an audio item.
pub(super) struct Audio;

impl Helper for Audio {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let (audio_url, _) = locate(scope, state, &AUDIO, arguments.get(0))?;
        let too_short = wav_duration(&audio_url).is_some_and(|duration| duration < SHORTEST_AUDIO);
        let item = if too_short { ContentItem::text(TOO_SHORT) } else { ContentItem::Audio { audio_url } };
        state.emit_content(scope, item);
        Ok(())
    }
}

/// `generatedImage(result)`: appends the image of an image generation result, and its hint as text.
pub(super) struct GeneratedImage;

impl Helper for GeneratedImage {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let Ok(result) = v8::Local::<v8::Object>::try_from(arguments.get(0)) else {
            return misuse("generatedImage expects an image generation result object");
        };
        let hint = property(scope, result, "output_hint")?;
        let hint = if hint.is_undefined() {
            None
        } else if let Some(hint) = string_of(scope, hint) {
            Some(hint)
        } else {
            return misuse("generatedImage output_hint must be a string when provided");
        };
        let no_detail = v8::undefined(scope).into();
        let item = image_item(scope, state, result.into(), no_detail)?;
        state.emit_content(scope, item);
        if let Some(hint) = hint {
            state.emit_content(scope, ContentItem::text(hint));
        }
        Ok(())
    }
}

//! Values of a script, turned into text. Everything that leaves an isolate goes through here.

use super::JsonText;
use super::helpers::HelperError;

/// A string of V8. Lone surrogates become U+FFFD.
pub(super) fn rust_string(scope: &v8::PinScope<'_, '_>, text: v8::Local<'_, v8::String>) -> String {
    text.to_rust_string_lossy(scope)
}

/// The size of a string as UTF-8, or a number over `limit` if it is certainly larger: a rope of half a gigabyte is not
/// flattened only to be refused.
pub(super) fn bytes_up_to(scope: &v8::Isolate, text: v8::Local<'_, v8::String>, limit: usize) -> usize {
    if text.length() > limit { text.length() } else { text.utf8_length(scope) }
}

/// A string for V8. None if it is longer than V8 allows (2^29 - 24 characters).
pub(super) fn v8_string<'s>(
    scope: &v8::PinScope<'s, '_, ()>,
    text: &str,
) -> Option<v8::Local<'s, v8::String>> {
    if text.is_ascii() {
        v8::String::new_from_one_byte(scope, text.as_bytes(), v8::NewStringType::Normal)
    } else {
        v8::String::new_from_utf8(scope, text.as_bytes(), v8::NewStringType::Normal)
    }
}

/// A short string of ours for V8, such as a property name.
pub(super) fn name<'s>(scope: &v8::PinScope<'s, '_, ()>, text: &str) -> v8::Local<'s, v8::String> {
    v8_string(scope, text).unwrap_or_else(|| v8::String::empty(scope))
}

/// What `text` and `notify` print: primitives as JavaScript converts them, everything else as JSON.
pub(super) fn printed<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    value: v8::Local<'s, v8::Value>,
) -> Result<v8::Local<'s, v8::String>, HelperError> {
    if value.is_object() || value.is_symbol() {
        v8::json::stringify(scope, value).ok_or(HelperError::Thrown)
    } else {
        value.to_string(scope).ok_or(HelperError::Thrown)
    }
}

/// The JSON text of a value. None for what JSON has no word for: undefined, functions, symbols.
pub(super) fn json<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    value: v8::Local<'s, v8::Value>,
) -> Result<Option<v8::Local<'s, v8::String>>, HelperError> {
    if value.is_undefined() || value.is_symbol() {
        return Ok(None);
    }
    let text = v8::json::stringify(scope, value).ok_or(HelperError::Thrown)?;
    // V8's interface converts an absent result to this word, which is no JSON text.
    let absent = text.length() == "undefined".len() && rust_string(scope, text) == "undefined";
    Ok((!absent).then_some(text))
}

/// Takes a JSON text out of the isolate.
pub(super) fn take_json(scope: &v8::PinScope<'_, '_>, text: v8::Local<'_, v8::String>) -> JsonText {
    JsonText::from_serialised(rust_string(scope, text))
}

/// Makes a fresh value of a JSON text. None if V8 refuses it, with the exception left pending.
pub(super) fn parse_json<'s>(
    scope: &v8::PinScope<'s, '_>,
    text: &JsonText,
) -> Option<v8::Local<'s, v8::Value>> {
    let text = v8_string(scope, text.as_str())?;
    v8::json::parse(scope, text)
}

/// The value of a data property, own or inherited, read without running any code of the script: getters and proxies
/// count as absent.
pub(super) fn data_property<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Object>,
    key: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let key = name(scope, key);
    let value_key = name(scope, "value");
    let mut holder = object;
    for _ in 0..LONGEST_PROTOTYPE_CHAIN {
        if holder.is_proxy() {
            return None;
        }
        let descriptor = holder.get_own_property_descriptor(scope, key.into())?;
        if let Ok(descriptor) = v8::Local::<v8::Object>::try_from(descriptor) {
            // An accessor's descriptor has no `value` of its own, and V8 made it, so this read runs no code either.
            return if descriptor.has_own_property(scope, value_key.into())? {
                descriptor.get(scope, value_key.into())
            } else {
                None
            };
        }
        holder = v8::Local::<v8::Object>::try_from(holder.get_prototype(scope)?).ok()?;
    }
    None
}

const LONGEST_PROTOTYPE_CHAIN: usize = 64;

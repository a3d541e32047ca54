//! `text` and `notify`.

use super::{Arguments, Helper, HelperError, Returned, Scope};
use crate::engine::NotificationKind;
use crate::engine::message::{Event, notification_bytes};
use crate::engine::state::CellState;
use crate::engine::values::{bytes_up_to, printed, rust_string};
use crate::model::ContentItem;

/// `text(value)`: appends a text item.
pub(super) struct Text;

impl Helper for Text {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let text = printed(scope, arguments.get(0))?;
        emit_text(scope, state, text);
        Ok(())
    }
}

/// Appends a text item, unless the cell was stopped or that is too much.
pub(super) fn emit_text(scope: Scope<'_, '_, '_>, state: &CellState, text: v8::Local<'_, v8::String>) {
    // Measured before it is copied: a script can make a string of half a gigabyte in no time.
    if state.stopped().is_none()
        && state.reserve_output(scope, bytes_up_to(scope, text, state.limits.output_bytes))
    {
        state.emit(Event::Content(ContentItem::Text { text: rust_string(scope, text) }));
    }
}

/// `notify(value)`: tells the host something at once.
pub(super) struct Notify;

impl Helper for Notify {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let text = printed(scope, arguments.get(0))?;
        let text = message(scope, state, "notify", text)?;
        if text.trim().is_empty() {
            return Err(HelperError::Misuse("notify expects non-empty text".into()));
        }
        emit_notification(scope, state, NotificationKind::Notify, text);
        Ok(())
    }
}

/// A text that is to cross by itself, measured before it is copied.
pub(super) fn message(
    scope: Scope<'_, '_, '_>,
    state: &CellState,
    helper: &str,
    text: v8::Local<'_, v8::String>,
) -> Result<String, HelperError> {
    let limit = state.limits.message_bytes;
    let bytes = bytes_up_to(scope, text, limit);
    if bytes > limit {
        return Err(HelperError::Limit(format!(
            "{helper}: the text has {bytes} bytes, more than limits.messageBytes, which is {limit}"
        )));
    }
    Ok(rust_string(scope, text))
}

/// Tells the host something, unless the cell was stopped or that is too much.
pub(super) fn emit_notification(
    scope: Scope<'_, '_, '_>,
    state: &CellState,
    kind: NotificationKind,
    text: String,
) {
    if state.stopped().is_none() && state.reserve_output(scope, notification_bytes(&text)) {
        state.emit(Event::Notify(kind, text));
    }
}

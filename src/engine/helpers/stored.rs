//! `store` and `load`.

use std::sync::Arc;

use super::{Arguments, Helper, HelperError, Returned, Scope};
use crate::engine::JsonText;
use crate::engine::state::CellState;
use crate::engine::values::{json, parse_json, rust_string, take_json};

fn key_argument(
    scope: Scope<'_, '_, '_>,
    arguments: Arguments<'_, '_>,
    helper: &str,
) -> Result<String, HelperError> {
    v8::tc_scope!(let scope, scope);
    let key = arguments.get(0);
    match key.to_string(scope) {
        Some(key) => Ok(rust_string(scope, key)),
        None if scope.has_terminated() => Err(HelperError::Thrown),
        None => Err(HelperError::Misuse(format!("{helper} key must be a string"))),
    }
}

/// `store(key, value)`: keeps a value for later cells of the session.
pub(super) struct Store;

impl Helper for Store {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let key = key_argument(scope, arguments, "store")?;
        let value = json(scope, arguments.get(1))?;
        if state.stopped().is_some() {
            return Ok(());
        }
        let Some(value) = value else {
            return Err(HelperError::Misuse(format!(
                "Unable to store {key:?}. Only plain serializable objects can be stored."
            )));
        };
        let mut writes = state.writes.borrow_mut();
        let size = |(key, value): (&String, &Arc<JsonText>)| key.len() + value.bytes();
        let before = state.stored_bytes.get().unwrap_or_else(|| state.stored.iter().map(size).sum());
        let replaced = writes.get(&key).or_else(|| state.stored.get(&key)).map_or(0, |old| size((&key, old)));
        let needed = (before + key.len() + value.utf8_length(scope)).saturating_sub(replaced);
        let limit = state.limits.stored_bytes;
        if needed > limit {
            return Err(HelperError::Limit(format!(
                "Unable to store {key:?}: the session's stored values would take {needed} bytes, more than \
                 limits.storedBytes, which is {limit}"
            )));
        }
        state.stored_bytes.set(Some(needed));
        writes.insert(key, Arc::new(take_json(scope, value)));
        Ok(())
    }
}

/// `load(key)`: a fresh copy of a stored value, or undefined.
pub(super) struct Load;

impl Helper for Load {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let key = key_argument(scope, arguments, "load")?;
        let value = state.writes.borrow().get(&key).or_else(|| state.stored.get(&key)).cloned();
        if let Some(value) = value {
            returned.set(parse_json(scope, &value).ok_or(HelperError::Thrown)?);
        }
        Ok(())
    }
}

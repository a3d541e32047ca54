//! `setTimeout` and `clearTimeout`.

use super::{Arguments, Helper, HelperError, Returned, Scope};
use crate::engine::state::CellState;
use crate::engine::timers::{TimerId, delay_from_number};

/// `setTimeout(fn, ms)`.
pub(super) struct SetTimeout;

impl Helper for SetTimeout {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let callback = v8::Local::<v8::Function>::try_from(arguments.get(0))
            .map_err(|_| HelperError::Misuse("setTimeout expects a function callback".into()))?;
        let milliseconds = arguments.get(1).number_value(scope).ok_or(HelperError::Thrown)?;
        if state.stopped().is_some() {
            return Ok(());
        }
        let mut timers = state.timers.borrow_mut();
        let limit = state.limits.timers;
        if timers.len() >= limit {
            return Err(HelperError::Limit(format!(
                "setTimeout: {limit} timeouts are pending, as many as limits.timers allows"
            )));
        }
        let id = timers.add(delay_from_number(milliseconds), v8::Global::new(scope, callback));
        returned.set_double(id.to_number());
        Ok(())
    }
}

/// `clearTimeout(id)`.
pub(super) struct ClearTimeout;

impl Helper for ClearTimeout {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        let id = arguments.get(0);
        if id.is_null_or_undefined() {
            return Ok(());
        }
        v8::tc_scope!(let scope, scope);
        let Some(number) = id.number_value(scope) else {
            return Err(if scope.has_terminated() {
                HelperError::Thrown
            } else {
                HelperError::Misuse("clearTimeout expects a numeric timeout id".into())
            });
        };
        if let (None, Some(id)) = (state.stopped(), TimerId::from_number(number)) {
            state.timers.borrow_mut().clear(id);
        }
        Ok(())
    }
}

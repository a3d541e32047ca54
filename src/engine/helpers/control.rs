//! `yield_control` and `exit`.

use super::{Arguments, Helper, HelperError, Returned, Scope};
use crate::engine::message::Event;
use crate::engine::state::CellState;
use crate::engine::stop::StopReason;

/// `yield_control()`: whoever watches the cell gets what was emitted so far; the script goes on.
pub(super) struct YieldControl;

impl Helper for YieldControl {
    fn call<'s>(
        _scope: Scope<'_, 's, '_>,
        state: &CellState,
        _arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        state.emit(Event::YieldRequested);
        Ok(())
    }
}

/// `exit()`: the cell ends here, successfully. It can't be caught, and no `finally` runs.
pub(super) struct Exit;

impl Helper for Exit {
    fn call<'s>(
        scope: Scope<'_, 's, '_>,
        state: &CellState,
        _arguments: Arguments<'_, 's>,
        _returned: Returned<'_, '_>,
    ) -> Result<(), HelperError> {
        state.stop(scope, StopReason::Exit);
        Ok(())
    }
}

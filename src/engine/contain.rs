//! Keeps a panic of ours from unwinding into V8, which would end the process.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::state::CellState;
use super::stop::StopReason;

/// Runs what V8 has called. A panic ends the cell, as a defect of ours; V8 gets None.
pub(super) fn contain<'s, 'i, T>(
    scope: &mut v8::PinScope<'s, 'i>,
    body: impl FnOnce(&mut v8::PinScope<'s, 'i>) -> Option<T>,
) -> Option<T> {
    catch_unwind(AssertUnwindSafe(|| body(scope))).unwrap_or_else(|_panic| {
        if let Some(state) = CellState::of(scope) {
            state.stop(scope, StopReason::Defect);
        }
        None
    })
}

//! How tests run threads that meet.

/// Runs a test under 1 000 random schedules, and under 1 000 with few but unlucky switches.
pub(crate) fn in_every_order(test: fn()) {
    shuttle::check_random(test, 1_000);
    shuttle::check_pct(test, 1_000, 3);
}

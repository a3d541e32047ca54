//! The timeouts of one cell. They live in its engine thread, which sleeps until the next one is due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

/// Names one timeout of a cell. Numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TimerId(u64);

impl TimerId {
    /// The timeout that a script's number names. None for what can't name one: NaN, infinite, zero, negative.
    pub(super) fn from_number(number: f64) -> Option<Self> {
        // Numbers of timeouts stay far below 2^53, so the cast loses nothing that could name one.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (number.is_finite() && number >= 1.0).then_some(Self(number as u64))
    }

    /// The number that the script gets.
    pub(super) fn to_number(self) -> f64 {
        // 2^53 timeouts would take longer than a machine lives.
        #[allow(clippy::cast_precision_loss)]
        {
            self.0 as f64
        }
    }
}

/// Pending timeouts with their callbacks, `C`.
#[derive(Debug)]
pub(super) struct Timers<C> {
    last: u64,
    order: BinaryHeap<Reverse<(Instant, TimerId)>>,
    callbacks: HashMap<TimerId, C>,
}

impl<C> Default for Timers<C> {
    fn default() -> Self {
        Self { last: 0, order: BinaryHeap::new(), callbacks: HashMap::new() }
    }
}

/// The longest delay that is kept apart; a longer one is as good as never.
const LONGEST_DELAY: Duration = Duration::from_hours(876_000);

impl<C> Timers<C> {
    /// How many are pending.
    pub(super) fn len(&self) -> usize {
        self.callbacks.len()
    }

    /// Adds a timeout.
    pub(super) fn add(&mut self, delay: Duration, callback: C) -> TimerId {
        self.last += 1;
        let id = TimerId(self.last);
        self.order.push(Reverse((Instant::now() + delay.min(LONGEST_DELAY), id)));
        self.callbacks.insert(id, callback);
        id
    }

    /// Takes a timeout away. Unknown ones are ignored.
    pub(super) fn clear(&mut self, id: TimerId) {
        if self.callbacks.remove(&id).is_some() && self.order.len() > 2 * self.callbacks.len() + 64 {
            // A script that sets and clears all the time must not grow the heap.
            self.order.retain(|Reverse((_, id))| self.callbacks.contains_key(id));
        }
    }

    /// When the next one is due.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        while let Some(Reverse((due, id))) = self.order.peek() {
            if self.callbacks.contains_key(id) {
                return Some(*due);
            }
            self.order.pop();
        }
        None
    }

    /// Takes the first one that is due at `now`.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<C> {
        let due = self.next_due()?;
        if due > now {
            return None;
        }
        let Reverse((_, id)) = self.order.pop()?;
        self.callbacks.remove(&id)
    }
}

/// The delay that a script asks for, in milliseconds: truncated; NaN, negative and infinite are 0.
pub(super) fn delay_from_number(milliseconds: f64) -> Duration {
    if milliseconds.is_finite() && milliseconds >= 1.0 {
        Duration::try_from_secs_f64(milliseconds.trunc() / 1000.0).unwrap_or(LONGEST_DELAY)
    } else {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_fire_in_order_of_time_then_of_number() {
        let mut timers = Timers::default();
        timers.add(Duration::from_millis(2), "later");
        timers.add(Duration::ZERO, "first");
        timers.add(Duration::ZERO, "second");
        let now = Instant::now() + Duration::from_secs(1);
        assert_eq!(timers.take_due(now), Some("first"));
        assert_eq!(timers.take_due(now), Some("second"));
        assert_eq!(timers.take_due(now), Some("later"));
        assert_eq!(timers.take_due(now), None);
    }

    #[test]
    fn a_cleared_timeout_does_not_fire_and_leaves_nothing_behind() {
        let mut timers = Timers::default();
        for _ in 0..10_000 {
            let id = timers.add(Duration::from_mins(1), ());
            timers.clear(id);
        }
        assert_eq!(timers.len(), 0);
        assert!(timers.order.len() < 200, "{} entries are left", timers.order.len());
        assert_eq!(timers.next_due(), None);
    }

    #[test]
    fn odd_delays_are_zero() {
        for odd in [f64::NAN, -5.0, f64::INFINITY, f64::NEG_INFINITY, 0.9] {
            assert_eq!(delay_from_number(odd), Duration::ZERO, "{odd}");
        }
        assert_eq!(delay_from_number(1500.9), Duration::from_millis(1500));
        assert!(delay_from_number(1e300) > Duration::from_secs(1_000_000));
    }
}

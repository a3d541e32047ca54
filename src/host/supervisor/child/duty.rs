//! What the task that serves a child has to do, and when: the deadlines of a child.

use std::time::{Duration, Instant};

use super::{Stage, State};

/// How long a child may take until it is ready.
const START_TIME: Duration = Duration::from_secs(15);
/// How long a child with cells may say nothing. It says something each second.
const SILENCE: Duration = Duration::from_secs(5);
/// How long the other cells of a child have to end by themselves, when one can't be stopped.
const DRAIN_TIME: Duration = Duration::from_secs(3);

/// Whoever comes so late was stopped, with the whole program perhaps.
pub(super) const STOPPED: Duration = Duration::from_secs(1);

/// What the task that serves a child has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host::supervisor) enum Duty {
    /// To look again at this time, or when it is woken.
    Wait(Option<Instant>),
    /// To ask the pool whether this idle child is still wanted, at this time.
    Idle(Instant),
    /// To kill it.
    End(String),
}

impl State {
    /// Moves what was to come while the program was stopped.
    pub(super) fn excuse(&mut self, late: Duration) {
        self.heard_at = (self.heard_at + late).min(Instant::now());
        self.end_by = self.end_by.map(|time| time + late);
        for cell in self.cells.values_mut() {
            cell.stop_by = cell.stop_by.map(|time| time + late);
        }
    }

    pub(super) fn duty(&mut self, now: Instant) -> Duty {
        if let Stage::Ending(reason) = &self.stage {
            return Duty::End(reason.clone());
        }
        let stuck = self.cells.values().filter(|cell| cell.stop_by.is_some_and(|time| time <= now)).count();
        if stuck > 0 {
            self.drain();
            self.end_by.get_or_insert(now + DRAIN_TIME);
        } else {
            // It has stopped after all. The others may end by themselves.
            self.end_by = None;
        }
        let silent_at = match self.stage {
            Stage::Starting => Some(self.heard_at + START_TIME),
            _ => (!self.cells.is_empty()).then(|| self.heard_at + SILENCE),
        };
        if silent_at.is_some_and(|time| time <= now) {
            return self.end(if self.stage == Stage::Starting {
                "it did not start in time"
            } else {
                "it did not answer"
            });
        }
        if stuck > 0 && (stuck == self.cells.len() || self.end_by.is_some_and(|time| time <= now)) {
            return self.end("it was killed, because a script in it could not be stopped");
        }
        match self.stage {
            Stage::Draining if self.cells.is_empty() => self.end("it was no longer wanted"),
            _ if self.cells.is_empty() && self.stage == Stage::Ready => Duty::Idle(self.idle_since),
            _ => {
                let stops = self.cells.values().filter_map(|cell| cell.stop_by).filter(|time| *time > now);
                let look = self.in_loop.next_look(now, self.is_stopping());
                Duty::Wait(stops.chain(silent_at).chain(self.end_by).chain(look).min())
            }
        }
    }

    /// Whether a cell was told to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.cells.values().any(|cell| cell.stop_by.is_some())
    }

    fn end(&mut self, reason: &str) -> Duty {
        self.stage = Stage::Ending(reason.to_owned());
        Duty::End(reason.to_owned())
    }
}

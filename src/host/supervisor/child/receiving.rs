//! What follows from what a child says.

use std::time::Instant;

use super::super::ledger::Violation;
use super::super::record::{After, Delivery};
use super::{ChildProcess, Stage, State};
use crate::host::frame::{Frame, FrameError};
use crate::host::message::{CellEvent, CellNumber, FromChild, Mechanism, PROTOCOL, ToChild};

impl ChildProcess {
    /// Looks at the head of a message, before its tail is read.
    pub(super) fn admit(&self, message: &FromChild, tail_bytes: u64) -> Result<(), Violation> {
        match message {
            FromChild::Event(cell, event) => {
                let state = self.state();
                let record = state.cells.get(cell).ok_or(Violation::Stranger("an event"))?;
                record.ledger.admit_tail(event, tail_bytes)
            }
            _ if tail_bytes > 0 => Err(Violation::Limit("this message")),
            _ => Ok(()),
        }
    }

    /// Takes a message of the child. Says what the sandbox lacks, when the child has become ready.
    pub(super) fn receive(
        &self,
        message: FromChild,
        tail: Vec<u8>,
    ) -> Result<Option<Vec<Mechanism>>, Violation> {
        let mut state = self.state();
        match message {
            FromChild::Ready { protocol, missing } => {
                if protocol != PROTOCOL {
                    return Err(Violation::Protocol(protocol));
                }
                if std::mem::replace(&mut state.has_greeted, true) {
                    return Err(Violation::Sequence("a second greeting"));
                }
                // It may have been told to end before it began.
                if state.stage == Stage::Starting {
                    state.stage = Stage::Ready;
                }
                self.choose_reader(&mut state);
                return Ok(Some(missing));
            }
            _ if !state.has_greeted => {
                return Err(Violation::Sequence("a message before its greeting"));
            }
            FromChild::Alive => {}
            FromChild::Usage(cell, usage) => {
                let record = state.cells.get(&cell).ok_or(Violation::Stranger("a usage"))?;
                record.shared.set_usage(usage);
            }
            FromChild::CatalogueWanted(tools) => {
                let set = state.known.catalogue(tools)?;
                state.wanted.push((tools, set));
                drop(state);
                self.wake.notify_one();
            }
            FromChild::Event(cell, event) => {
                let delivery = state.receive_event(cell, event, tail)?;
                let has_ended = state.stage == Stage::Draining && state.cells.is_empty();
                // The cell may have something to say to that, to this very child.
                drop(state);
                if has_ended {
                    self.wake.notify_one();
                }
                if let Some(delivery) = delivery {
                    delivery.deliver();
                }
            }
        }
        Ok(None)
    }

    /// Sends the descriptions that it has asked for. They may take a while to make, so whoever reads does not.
    pub(in crate::host::supervisor) fn send_catalogues(&self) -> Result<(), FrameError> {
        let wanted = std::mem::take(&mut self.state().wanted);
        for (tools, set) in wanted {
            let catalogue = set.catalogue().as_str().as_bytes().to_vec();
            let frame = Frame::new(&ToChild::Catalogue(tools), catalogue)?;
            let mut state = self.state();
            state.outbox.push(frame);
            self.flush(&mut state);
        }
        Ok(())
    }
}

impl State {
    fn receive_event(
        &mut self,
        cell: CellNumber,
        event: CellEvent,
        tail: Vec<u8>,
    ) -> Result<Option<Delivery>, Violation> {
        let record = self.cells.get_mut(&cell).ok_or(Violation::Stranger("an event"))?;
        let (after, delivery) = record.receive(event, tail)?;
        if after != After::GoesOn {
            self.cells.remove(&cell);
            self.cell_is_gone(after);
        }
        Ok(delivery)
    }

    fn cell_is_gone(&mut self, after: After) {
        if after == After::EndedBadly {
            self.drain();
        }
        if self.cells.is_empty() {
            self.owner = None;
            self.idle_since = Instant::now();
        }
    }
}

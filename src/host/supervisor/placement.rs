//! Which child a cell is in. A child that dies before it has said a word of a cell has had no effect for it: the cell
//! goes to another one, and nobody notices.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::child::ChildProcess;
use super::pool::{Order, Pool};
use crate::engine::{Command, EngineUnavailable, Event, Flow, StopReason};
use crate::host::message::CellNumber;

/// Children that a cell is given to, one after the other. A script may be what kills them.
const MOST_ATTEMPTS: u32 = 3;

/// Where the commands for a cell go.
#[derive(Default)]
pub(in crate::host) struct Placement(Mutex<State>);

#[derive(Default)]
struct State {
    child: Option<Arc<ChildProcess>>,
    /// What another child must be told, too.
    flow: Option<(Flow, u64)>,
    is_interrupted: bool,
}

impl Placement {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic half-way runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the cell to a child.
    pub(in crate::host) fn place(&self, pool: &Arc<Pool>, order: Order) -> Result<(), EngineUnavailable> {
        let mut state = self.state();
        match pool.place(Box::new(order)) {
            Ok(child) => {
                state.child = Some(child);
                Ok(())
            }
            Err(order) => {
                drop(state);
                drop(order);
                Err(EngineUnavailable { reason: "the cell can't be told to a child process".to_owned() })
            }
        }
    }

    /// Gives the cell to another child, or tells it that it is lost. Says whether it goes on.
    pub(super) fn place_again(&self, pool: &Arc<Pool>, order: Box<Order>, reason: &str) -> bool {
        match self.try_again(pool, order) {
            Ok(()) => true,
            // Told without any lock: the cell may answer at once.
            Err(order) => {
                order.events.send(Event::Lost(reason.to_owned()));
                false
            }
        }
    }

    fn try_again(&self, pool: &Arc<Pool>, mut order: Box<Order>) -> Result<(), Box<Order>> {
        let mut state = self.state();
        order.attempts += 1;
        if state.is_interrupted || order.attempts >= MOST_ATTEMPTS {
            return Err(order);
        }
        let cell = order.cell;
        let child = pool.place(order)?;
        if let Some((flow, number)) = state.flow {
            child.command(cell, Command::Flow(flow, number));
        }
        state.child = Some(child);
        Ok(())
    }

    pub(in crate::host) fn command(&self, cell: CellNumber, command: Command) {
        let mut state = self.state();
        if let Command::Flow(flow, number) = command {
            state.flow = Some((flow, number));
        }
        if let Some(child) = &state.child {
            child.command(cell, command);
        }
    }

    pub(in crate::host) fn interrupt(&self, cell: CellNumber, reason: StopReason) {
        let mut state = self.state();
        state.is_interrupted = true;
        if let Some(child) = &state.child {
            child.interrupt(cell, reason);
        }
    }

    pub(in crate::host) fn output_delivered(&self, cell: CellNumber, items: usize, bytes: usize) {
        if let Some(child) = &self.state().child {
            child.output_delivered(cell, items, bytes);
        }
    }
}

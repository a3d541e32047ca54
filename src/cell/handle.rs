//! How the outside reaches the actor of a cell.

use std::time::Duration;

use tokio::sync::mpsc;

use super::host::NotificationId;
use super::id::{CellId, CellKey};
use super::result::CellResult;
use super::transition::{Refusal, Ticket, Watch};
use crate::engine::{ToolCallId, ToolOutcome};

/// Takes the answer of one caller. Gives it back if the caller is gone.
pub type Reply = Box<dyn FnOnce(Result<CellResult, Refusal>) -> Option<CellResult> + Send>;

/// A wish to observe a cell.
pub struct Observation {
    /// Names the caller.
    pub ticket: Ticket,
    /// What the caller watches for.
    pub watch: Watch,
    /// After what time it yields. None: never by itself.
    pub yield_after: Option<Duration>,
    /// Where the answer goes.
    pub reply: Reply,
}

pub(super) enum Request {
    Observe(Observation),
    Abandon(Ticket),
    YieldNow(Ticket),
}

pub(super) enum Stop {
    Terminate(Option<(Ticket, Reply)>),
    Shutdown,
}

pub(super) enum Callback {
    Tool(ToolCallId, ToolOutcome),
    Notification(NotificationId),
    HostGone,
}

/// Reaches the actor of a cell. What is sent to a cell that is over comes back as refused.
#[derive(Clone)]
pub struct CellHandle {
    /// The cell's name within its session.
    pub id: CellId,
    /// The cell's name within the process.
    pub key: CellKey,
    stops: mpsc::UnboundedSender<Stop>,
    requests: mpsc::UnboundedSender<Request>,
    callbacks: mpsc::UnboundedSender<Callback>,
}

impl CellHandle {
    /// Observes the cell.
    pub fn observe(&self, observation: Observation) {
        if let Err(mpsc::error::SendError(Request::Observe(observation))) =
            self.requests.send(Request::Observe(observation))
        {
            (observation.reply)(Err(Refusal::Closed));
        }
    }

    /// Gives an observation up. It is answered as aborted, unless it was answered before.
    pub fn abandon(&self, ticket: Ticket) {
        let _ = self.requests.send(Request::Abandon(ticket));
    }

    /// Has an observation answered at once.
    pub fn yield_now(&self, ticket: Ticket) {
        let _ = self.requests.send(Request::YieldNow(ticket));
    }

    /// Terminates the cell. Answered when V8 and all callbacks have stopped.
    pub fn terminate(&self, ticket: Ticket, reply: Reply) {
        if let Err(mpsc::error::SendError(Stop::Terminate(Some((_, reply))))) =
            self.stops.send(Stop::Terminate(Some((ticket, reply))))
        {
            reply(Err(Refusal::Closed));
        }
    }

    /// Terminates the cell if it still runs. Its observer is answered.
    pub fn abort(&self) {
        let _ = self.stops.send(Stop::Terminate(None));
    }

    /// Terminates the cell, and forgets its result if it has one.
    pub fn shut_down(&self) {
        let _ = self.stops.send(Stop::Shutdown);
    }

    /// Says that a tool call has ended.
    pub fn tool_ended(&self, id: ToolCallId, outcome: ToolOutcome) {
        let _ = self.callbacks.send(Callback::Tool(id, outcome));
    }

    /// Says that the program has ended: no callback that is under way will be answered.
    pub fn host_is_gone(&self) {
        let _ = self.callbacks.send(Callback::HostGone);
    }

    /// Says that a notification was taken.
    pub fn notification_ended(&self, id: NotificationId) {
        let _ = self.callbacks.send(Callback::Notification(id));
    }
}

/// Where what was sent to a cell arrives.
pub(super) struct Inboxes {
    pub(super) stops: mpsc::UnboundedReceiver<Stop>,
    pub(super) requests: mpsc::UnboundedReceiver<Request>,
    pub(super) callbacks: mpsc::UnboundedReceiver<Callback>,
}

impl CellHandle {
    /// A handle to a cell that is yet to run, and where what is sent with it arrives.
    pub(super) fn new(id: CellId, key: CellKey) -> (Self, Inboxes) {
        let (stops, stop_inbox) = mpsc::unbounded_channel();
        let (requests, request_inbox) = mpsc::unbounded_channel();
        let (callbacks, callback_inbox) = mpsc::unbounded_channel();
        let inboxes = Inboxes { stops: stop_inbox, requests: request_inbox, callbacks: callback_inbox };
        (Self { id, key, stops, requests, callbacks }, inboxes)
    }
}

impl Inboxes {
    /// Refuses the callers that came too late.
    pub(super) async fn refuse_all(mut self) {
        self.requests.close();
        self.stops.close();
        // `recv` also waits for a send that is under way, which `try_recv` does not see: its caller would never hear.
        while let Some(request) = self.requests.recv().await {
            if let Request::Observe(observation) = request {
                (observation.reply)(Err(Refusal::Closed));
            }
        }
        while let Some(stop) = self.stops.recv().await {
            if let Stop::Terminate(Some((_, reply))) = stop {
                reply(Err(Refusal::Closed));
            }
        }
    }
}

//! How the outside reaches a cell.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::actor::Actor;
use super::host::NotificationId;
use super::id::{CellId, CellKey};
use super::mailbox::{Mailbox, Message, Posted};
use super::result::CellResult;
use super::transition::{Refusal, Ticket, Watch};
use crate::engine::{Event, EventSink, ToolCallId, ToolOutcome};

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

/// Reaches a cell. What is sent to a cell that is over comes back as refused.
///
/// Its methods carry out what follows from them before they return, unless another thread is at it. So they must not
/// be called with a lock held that a [`super::Host`], a [`super::CellHome`] or a [`Reply`] takes.
#[derive(Clone)]
pub struct CellHandle {
    /// The cell's name within its session.
    pub id: CellId,
    /// The cell's name within the process.
    pub key: CellKey,
    post: Arc<Post>,
}

/// The mailbox of a cell, and its actor.
pub(super) struct Post {
    mailbox: Mailbox,
    /// None before it has an engine, and after the end.
    actor: Mutex<Option<Actor>>,
}

impl CellHandle {
    /// A handle to a cell without an actor. What is sent to it waits for [`CellHandle::begin`].
    pub(super) fn new(id: CellId, key: CellKey) -> Self {
        Self { id, key, post: Arc::new(Post { mailbox: Mailbox::held(), actor: Mutex::new(None) }) }
    }

    /// Where the engine of the cell sends its events.
    pub(super) fn event_sink(&self) -> Arc<dyn EventSink> {
        Arc::clone(&self.post) as Arc<dyn EventSink>
    }

    /// Gives the cell its actor, and carries out what was sent so far.
    pub(super) fn begin(&self, actor: Actor) {
        *self.post.actor.lock().unwrap_or_else(PoisonError::into_inner) = Some(actor);
        self.post.drive();
    }

    /// Refuses everything: the cell never gets an actor.
    pub(super) fn close(&self) {
        self.post.close();
    }

    /// Says that a deadline of the cell has passed.
    pub(super) fn alarm(&self) {
        let _ = self.post.send(Message::Alarm);
    }

    /// Observes the cell.
    pub fn observe(&self, observation: Observation) {
        self.request(Request::Observe(observation));
    }

    /// Gives an observation up. It is answered as aborted, unless it was answered before.
    pub fn abandon(&self, ticket: Ticket) {
        self.request(Request::Abandon(ticket));
    }

    /// Has an observation answered at once.
    pub fn yield_now(&self, ticket: Ticket) {
        self.request(Request::YieldNow(ticket));
    }

    /// Terminates the cell. Answered when V8 and all callbacks have stopped.
    pub fn terminate(&self, ticket: Ticket, reply: Reply) {
        self.stop(Stop::Terminate(Some((ticket, reply))));
    }

    /// Terminates the cell if it still runs. Its observer is answered.
    pub fn abort(&self) {
        self.stop(Stop::Terminate(None));
    }

    /// Terminates the cell, and forgets its result if it has one.
    pub fn shut_down(&self) {
        self.stop(Stop::Shutdown);
    }

    /// Says that a tool call has ended.
    pub fn tool_ended(&self, id: ToolCallId, outcome: ToolOutcome) {
        let _ = self.post.send(Message::Callback(Callback::Tool(id, outcome)));
    }

    /// Says that the program has ended: no callback that is under way will be answered.
    pub fn host_is_gone(&self) {
        let _ = self.post.send(Message::Callback(Callback::HostGone));
    }

    /// Says that a notification was taken.
    pub fn notification_ended(&self, id: NotificationId) {
        let _ = self.post.send(Message::Callback(Callback::Notification(id)));
    }

    fn request(&self, request: Request) {
        if let Err(Message::Request(request)) = self.post.send(Message::Request(request)) {
            refuse_request(request);
        }
    }

    fn stop(&self, stop: Stop) {
        if let Err(Message::Stop(stop)) = self.post.send(Message::Stop(stop)) {
            refuse_stop(stop);
        }
    }
}

fn refuse_request(request: Request) {
    if let Request::Observe(observation) = request {
        (observation.reply)(Err(Refusal::Closed));
    }
}

fn refuse_stop(stop: Stop) {
    if let Stop::Terminate(Some((_, reply))) = stop {
        reply(Err(Refusal::Closed));
    }
}

impl Post {
    /// Sends a message, and runs the actor if nobody else does. Gives the message back if the cell is over.
    fn send(&self, message: Message) -> Result<(), Message> {
        match self.mailbox.post(message) {
            Posted::Queued => Ok(()),
            Posted::Drive => {
                self.drive();
                Ok(())
            }
            Posted::Refused(message) => Err(message),
        }
    }

    /// Runs the actor until nothing is left to do. Only for the one to whom the mailbox gave that right.
    fn drive(&self) {
        let unwinding = GiveUp(&self.mailbox);
        // Nobody waits here: the mailbox lets one thread in at a time.
        let mut place = self.actor.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(actor) = &mut *place else { return };
        let finished = loop {
            if actor.is_over() {
                break place.take();
            }
            match self.mailbox.take() {
                Some(message) => actor.take(message),
                None => {
                    actor.set_alarm();
                    // The next one to drive waits no longer than until this thread lets go of the place.
                    if self.mailbox.rest() {
                        break None;
                    }
                }
            }
        };
        drop(place);
        std::mem::forget(unwinding);
        if let Some(actor) = finished {
            self.close();
            actor.farewell();
        }
    }

    fn close(&self) {
        let (stops, requests) = self.mailbox.close();
        stops.into_iter().for_each(refuse_stop);
        requests.into_iter().for_each(refuse_request);
    }
}

/// Lets others run the actor if the one that does is unwinding.
struct GiveUp<'cell>(&'cell Mailbox);

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

impl EventSink for Post {
    fn event(&self, event: Event) {
        let _ = self.send(Message::Event(event));
    }

    fn engine_gone(&self) {
        let _ = self.send(Message::EngineGone);
    }
}

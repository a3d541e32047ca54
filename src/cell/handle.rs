//! How the outside reaches a cell.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::actor::Actor;
use super::host::NotificationId;
use super::id::{CellId, CellKey};
use super::mailbox::{Mailbox, Message, Posted, Taken};
use super::result::CellResult;
use super::transition::{Refusal, Ticket, Watch};
use crate::engine::{Event, EventSink, InspectorCommand, ToolCallId, ToolOutcome};

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
    Inspector(InspectorCommand),
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
        let mut place = self.post.actor();
        *place = Some(actor);
        self.post.drive(place);
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

    /// Says something to the cell's inspector.
    pub fn inspect(&self, command: InspectorCommand) {
        let _ = self.post.send(Message::Callback(Callback::Inspector(command)));
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

/// After how many messages in a row the clock is set, too: not only when nothing is left to do.
const MESSAGES_PER_ALARM: usize = 64;

impl Post {
    /// Sends a message, and runs the actor if nobody else does. Gives the message back if the cell is over.
    fn send(&self, message: Message) -> Result<(), Message> {
        match self.mailbox.post(message) {
            Posted::Queued => Ok(()),
            Posted::Drive => {
                self.drive(self.actor());
                Ok(())
            }
            Posted::TakeOver => {
                let actor = self.actor();
                if self.mailbox.claim() {
                    self.drive(actor);
                }
                Ok(())
            }
            Posted::Refused(message) => Err(message),
        }
    }

    fn actor(&self) -> MutexGuard<'_, Option<Actor>> {
        // A panic of the actor ends the cell; what it left behind is never looked at again.
        self.actor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the actor until nothing is left to do, or another thread takes over. Only for the one to whom the mailbox
    /// gave that right.
    fn drive(&self, mut place: MutexGuard<'_, Option<Actor>>) {
        let Some(actor) = &mut *place else { return };
        let is_over = catch_unwind(AssertUnwindSafe(|| self.drain(actor)));
        if matches!(is_over, Ok(false)) {
            return;
        }
        let actor = place.take();
        drop(place);
        self.close();
        if let Some(actor) = actor {
            actor.farewell(is_over.is_err());
        }
    }

    /// Says whether the cell is over.
    fn drain(&self, actor: &mut Actor) -> bool {
        let mut messages = 0;
        loop {
            if actor.is_over() {
                return true;
            }
            match self.mailbox.take() {
                Taken::Message(message) => actor.take(message),
                Taken::Empty => {
                    actor.set_alarm();
                    if self.mailbox.rest() {
                        return false;
                    }
                }
                Taken::HandedOver => {
                    actor.set_alarm();
                    return false;
                }
            }
            messages += 1;
            if messages % MESSAGES_PER_ALARM == 0 {
                actor.set_alarm();
            }
        }
    }

    fn close(&self) {
        let (stops, requests) = self.mailbox.close();
        stops.into_iter().for_each(refuse_stop);
        requests.into_iter().for_each(refuse_request);
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

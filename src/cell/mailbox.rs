//! Where what is sent to a cell waits for the cell's actor, and who may run the actor.
//!
//! The actor has no thread of its own. Whoever sends a message to a resting cell runs the actor right there, until
//! nothing is left; whoever comes meanwhile leaves the message, and goes on. So a message never waits for a thread to
//! wake up, and still only one thread at a time touches the cell.
//!
//! A script can send events faster than another thread deals with them. So an engine whose events pile up waits, and
//! takes the driving over: what a script floods the cell with is its own thread's work, not that of the host's loop. In a
//! child process that thread is not there; whoever reads what the child says has the work, and sees to it that it is
//! bounded.

use std::collections::VecDeque;
use std::sync::PoisonError;

// The tests run the threads that meet here in every order that shuttle comes upon.
#[cfg(test)]
use shuttle::sync::{Mutex, MutexGuard};
#[cfg(not(test))]
use std::sync::{Mutex, MutexGuard};

use super::handle::{Callback, Request, Stop};
use crate::engine::Event;

/// Something for the actor.
pub(super) enum Message {
    Stop(Stop),
    Request(Request),
    /// A deadline has passed.
    Alarm,
    Event(Event),
    /// No event will come any more.
    EngineGone,
    Callback(Callback),
}

/// What became of a message.
pub(super) enum Posted {
    /// It waits: some thread runs the actor, and will come upon it.
    Queued,
    /// It waits, and the caller is the one to run the actor now.
    Drive,
    /// It waits, and the caller has sent so many that it is to wait for the actor, and run it itself.
    TakeOver,
    /// The cell is over.
    Refused(Message),
}

/// What a driving thread finds.
pub(super) enum Taken {
    Message(Message),
    /// Nothing is left.
    Empty,
    /// Another thread drives from now on, as soon as it gets at the actor.
    HandedOver,
}

/// Events that may wait for another thread than the one that sends them, and that it deals with in a row.
const MOST_EVENTS: usize = 64;

#[derive(PartialEq)]
enum State {
    /// Nobody runs the actor.
    Resting,
    /// One thread runs it, or is about to make it.
    Driven,
    /// The thread that waits for the actor is to run it.
    HandedOver,
    Closed,
}

struct Queues {
    state: State,
    stops: VecDeque<Stop>,
    requests: VecDeque<Request>,
    alarm: bool,
    events: VecDeque<Event>,
    engine_gone: bool,
    callbacks: VecDeque<Callback>,
    /// An engine waits for the actor.
    is_wanted: bool,
    /// Events that the driving thread has taken.
    events_taken: usize,
}

/// The queues of one cell.
pub(super) struct Mailbox {
    queues: Mutex<Queues>,
}

impl Mailbox {
    /// An empty one, held by the caller: messages wait until it has come upon [`Mailbox::rest`].
    pub(super) fn held() -> Self {
        let queues = Queues {
            state: State::Driven,
            stops: VecDeque::new(),
            requests: VecDeque::new(),
            alarm: false,
            events: VecDeque::new(),
            engine_gone: false,
            callbacks: VecDeque::new(),
            is_wanted: false,
            events_taken: 0,
        };
        Self { queues: Mutex::new(queues) }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        // No code that can panic runs under this lock, so the queues are whole even if it is poisoned.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message in.
    pub(super) fn post(&self, message: Message) -> Posted {
        let mut queues = self.queues();
        if queues.state == State::Closed {
            return Posted::Refused(message);
        }
        match message {
            Message::Stop(stop) => queues.stops.push_back(stop),
            Message::Request(request) => queues.requests.push_back(request),
            Message::Alarm => queues.alarm = true,
            Message::Event(event) => {
                queues.events.push_back(event);
                if queues.state == State::Driven
                    && queues.events.len().max(queues.events_taken) >= MOST_EVENTS
                {
                    queues.is_wanted = true;
                    return Posted::TakeOver;
                }
            }
            Message::EngineGone => queues.engine_gone = true,
            Message::Callback(callback) => queues.callbacks.push_back(callback),
        }
        if queues.state != State::Resting {
            return Posted::Queued;
        }
        queues.state = State::Driven;
        queues.events_taken = 0;
        Posted::Drive
    }

    /// Whether the caller, which has waited for the actor and has it now, is to run it.
    pub(super) fn claim(&self) -> bool {
        let mut queues = self.queues();
        // The one that drives did not see it in time, or has not begun: it goes on.
        queues.is_wanted = false;
        let is_free = matches!(queues.state, State::HandedOver | State::Resting);
        if is_free {
            queues.state = State::Driven;
            queues.events_taken = 0;
        }
        is_free
    }

    /// Takes the most urgent message. No script can starve a stop, an observer or a deadline. Only for who drives.
    pub(super) fn take(&self) -> Taken {
        let mut queues = self.queues();
        if std::mem::take(&mut queues.is_wanted) {
            queues.state = State::HandedOver;
            return Taken::HandedOver;
        }
        if let Some(stop) = queues.stops.pop_front() {
            return Taken::Message(Message::Stop(stop));
        }
        if let Some(request) = queues.requests.pop_front() {
            return Taken::Message(Message::Request(request));
        }
        if std::mem::take(&mut queues.alarm) {
            return Taken::Message(Message::Alarm);
        }
        if let Some(event) = queues.events.pop_front() {
            queues.events_taken += 1;
            return Taken::Message(Message::Event(event));
        }
        if std::mem::take(&mut queues.engine_gone) {
            return Taken::Message(Message::EngineGone);
        }
        queues
            .callbacks
            .pop_front()
            .map_or(Taken::Empty, |callback| Taken::Message(Message::Callback(callback)))
    }

    /// Stops driving, unless there is something to do. Says whether it has stopped.
    pub(super) fn rest(&self) -> bool {
        let mut queues = self.queues();
        let is_empty = queues.stops.is_empty()
            && queues.requests.is_empty()
            && !queues.alarm
            && queues.events.is_empty()
            && !queues.engine_gone
            && queues.callbacks.is_empty();
        if is_empty {
            queues.state =
                if std::mem::take(&mut queues.is_wanted) { State::HandedOver } else { State::Resting };
        }
        is_empty
    }

    /// Refuses whatever comes from now on, and returns what was left.
    pub(super) fn close(&self) -> (VecDeque<Stop>, VecDeque<Request>) {
        let mut queues = self.queues();
        queues.state = State::Closed;
        queues.events.clear();
        queues.callbacks.clear();
        (std::mem::take(&mut queues.stops), std::mem::take(&mut queues.requests))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shuttle::sync::Arc;
    use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use shuttle::thread;

    use super::super::transition::Ticket;
    use super::*;
    use crate::schedules::in_every_order;

    /// A cell whose actor does nothing but note the tickets that it has seen, up to one that ends it.
    struct Cell {
        mailbox: Mailbox,
        actor: Mutex<()>,
        is_driven: AtomicBool,
        seen: Mutex<Vec<u64>>,
        events: AtomicUsize,
        last: u64,
    }

    impl Cell {
        fn new(last: u64) -> Arc<Self> {
            let mailbox = Mailbox::held();
            Arc::new(Self {
                mailbox,
                actor: Mutex::new(()),
                is_driven: AtomicBool::new(false),
                seen: Mutex::default(),
                events: AtomicUsize::new(0),
                last,
            })
        }

        fn drive(&self) {
            let _place = self.actor.lock().unwrap();
            assert!(!self.is_driven.swap(true, Ordering::SeqCst), "one thread at a time");
            loop {
                match self.mailbox.take() {
                    Taken::Message(Message::Event(_)) => {
                        self.events.fetch_add(1, Ordering::SeqCst);
                    }
                    Taken::Message(Message::Request(Request::YieldNow(ticket))) => {
                        self.seen.lock().unwrap().push(ticket.0);
                        if ticket.0 == self.last {
                            let (_, left) = self.mailbox.close();
                            let mut seen = self.seen.lock().unwrap();
                            for request in left {
                                let Request::YieldNow(ticket) = request else { unreachable!() };
                                seen.push(ticket.0);
                            }
                            return;
                        }
                    }
                    Taken::Message(_) => unreachable!(),
                    Taken::HandedOver => {
                        self.is_driven.store(false, Ordering::SeqCst);
                        return;
                    }
                    Taken::Empty => {
                        self.is_driven.store(false, Ordering::SeqCst);
                        if self.mailbox.rest() {
                            return;
                        }
                        self.is_driven.store(true, Ordering::SeqCst);
                    }
                }
            }
        }

        /// As an engine does it.
        fn emit(&self) {
            match self.mailbox.post(Message::Event(Event::YieldRequested)) {
                Posted::Drive => self.drive(),
                Posted::TakeOver => {
                    let place = self.actor.lock().unwrap();
                    if self.mailbox.claim() {
                        drop(place);
                        self.drive();
                    }
                }
                Posted::Queued => {}
                Posted::Refused(_) => unreachable!(),
            }
        }

        /// Says whether the cell was over.
        fn send(&self, number: u64) -> bool {
            match self.mailbox.post(Message::Request(Request::YieldNow(Ticket(number)))) {
                Posted::Queued => false,
                Posted::Drive => {
                    self.drive();
                    false
                }
                Posted::TakeOver => unreachable!(),
                Posted::Refused(_) => true,
            }
        }
    }

    #[test]
    fn each_message_is_taken_once_by_one_thread_at_a_time() {
        in_every_order(|| {
            let cell = Cell::new(u64::MAX);
            let senders = [1..=3, 4..=6].map(|numbers| {
                let cell = Arc::clone(&cell);
                thread::spawn(move || numbers.for_each(|number| assert!(!cell.send(number))))
            });
            cell.drive();
            for sender in senders {
                sender.join().unwrap();
            }
            let seen = cell.seen.lock().unwrap().clone();
            let of = |numbers: [u64; 3]| {
                seen.iter().copied().filter(|number| numbers.contains(number)).collect::<Vec<_>>()
            };
            assert_eq!((of([1, 2, 3]), of([4, 5, 6])), (vec![1, 2, 3], vec![4, 5, 6]));
        });
    }

    #[test]
    fn none_of_a_flood_of_events_is_lost_when_the_engine_takes_over() {
        const FLOOD: usize = 3 * MOST_EVENTS;
        in_every_order(|| {
            let cell = Cell::new(u64::MAX);
            cell.drive();
            let engine = {
                let cell = Arc::clone(&cell);
                thread::spawn(move || (0..FLOOD).for_each(|_| cell.emit()))
            };
            (1..=3).for_each(|number| assert!(!cell.send(number)));
            engine.join().unwrap();
            assert_eq!(cell.events.load(Ordering::SeqCst), FLOOD, "none waits");
        });
    }

    #[test]
    fn a_message_to_a_closing_cell_is_either_taken_or_refused() {
        in_every_order(|| {
            let cell = Cell::new(2);
            let senders = [1..=3, 4..=6].map(|numbers| {
                let cell = Arc::clone(&cell);
                thread::spawn(move || numbers.filter(|number| cell.send(*number)).collect::<Vec<_>>())
            });
            cell.drive();
            let refused = senders.into_iter().flat_map(|sender| sender.join().unwrap());
            let mut all: Vec<u64> = refused.collect();
            all.extend(cell.seen.lock().unwrap().iter());
            assert_eq!(all.len(), 6, "none twice: {all:?}");
            assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), (1..=6).collect());
        });
    }
}

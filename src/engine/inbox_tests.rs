//! The threads that meet in an inbox, in every order that shuttle comes upon.

use std::sync::Arc;
use std::time::Instant;

use shuttle::sync::{Condvar, Mutex};
use shuttle::thread;

use super::inbox::{Inbox, MOST_UNTAKEN_BYTES, Wake};
use super::inspector::{DebuggerId, InspectorCommand};
use super::message::{Command, Flow, Lookout, LookoutPost, ToolCallId, ToolOutcome};
use crate::schedules::in_every_order;

/// A lookout where nothing arrives: its thread comes back when it is recalled.
#[derive(Default)]
struct Hill {
    taken: Mutex<bool>,
    recalled: Mutex<bool>,
    changed: Condvar,
}

struct OnHill<'hill>(&'hill Hill);

impl Lookout for Hill {
    fn take(&self) -> Option<Box<dyn LookoutPost + '_>> {
        let was_taken = std::mem::replace(&mut *self.taken.lock().unwrap(), true);
        (!was_taken).then(|| Box::new(OnHill(self)) as Box<dyn LookoutPost>)
    }

    fn recall(&self) {
        *self.recalled.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

impl LookoutPost for OnHill<'_> {
    fn look(&mut self, _due: Option<Instant>) {
        let mut recalled = self.0.recalled.lock().unwrap();
        while !std::mem::take(&mut *recalled) {
            recalled = self.0.changed.wait(recalled).unwrap();
        }
    }
}

impl Drop for OnHill<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap() = false;
    }
}

fn result(number: u32) -> Command {
    let id = ToolCallId::new(number).unwrap();
    Command::ToolSettled { id, outcome: ToolOutcome::Undefined }
}

fn attach(number: u32) -> InspectorCommand {
    InspectorCommand::Attach(DebuggerId::new(number).unwrap())
}

#[test]
fn a_frozen_wait_leaves_results_in_the_queue() {
    in_every_order(|| {
        let inbox = Inbox::new(Flow::Step, None);
        let sender = Arc::clone(&inbox);
        let sending = thread::spawn(move || {
            sender.push(result(1));
            sender.push(Command::Flow(Flow::Step, 1));
        });
        assert!(matches!(inbox.wait_frozen(), Wake::Flow));
        assert_eq!(inbox.obey_flow(), (Flow::Step, 1));
        assert!(matches!(inbox.wait(None), Wake::Settled(settled) if settled.len() == 1));
        sending.join().unwrap();
    });
}

#[test]
fn each_flow_command_thaws_at_most_once() {
    in_every_order(|| {
        let inbox = Inbox::new(Flow::Step, None);
        let sender = Arc::clone(&inbox);
        let sending = thread::spawn(move || {
            sender.push(Command::Flow(Flow::Step, 1));
            sender.push(Command::Flow(Flow::Step, 2));
            sender.stop();
        });
        // The script goes from one frontier to the next, as the flow says.
        let mut frontiers = Vec::new();
        loop {
            frontiers.push(inbox.obey_flow().1);
            if matches!(inbox.wait_frozen(), Wake::Stopped) {
                break;
            }
        }
        sending.join().unwrap();
        assert!(frontiers.is_sorted_by(|before, after| before < after), "{frontiers:?}");
    });
}

#[test]
fn a_stop_wins_over_everything_else() {
    in_every_order(|| {
        let inbox = Inbox::new(Flow::Run, None);
        let sender = Arc::clone(&inbox);
        inbox.stop();
        let sending = thread::spawn(move || {
            sender.push(result(1));
            sender.push(Command::Flow(Flow::Run, 1));
        });
        assert!(matches!(inbox.wait(Some(Instant::now())), Wake::Stopped));
        sending.join().unwrap();
    });
}

#[test]
fn no_result_is_lost_between_senders_and_a_thread_that_sleeps() {
    in_every_order(|| {
        let inbox = Inbox::new(Flow::Run, None);
        let senders = [1..=2, 3..=4].map(|numbers| {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || numbers.for_each(|number| inbox.push(result(number))))
        });
        let mut seen = Vec::new();
        while seen.len() < 4 {
            match inbox.wait(None) {
                Wake::Settled(settled) => seen.extend(settled.into_iter().map(|(id, _)| id.get())),
                other => panic!("unexpected {other:?}"),
            }
        }
        for sender in senders {
            sender.join().unwrap();
        }
        let of = |numbers: [u32; 2]| seen.iter().copied().filter(|n| numbers.contains(n)).collect::<Vec<_>>();
        assert_eq!(
            (of([1, 2]), of([3, 4])),
            (vec![1, 2], vec![3, 4]),
            "each sender's results keep their order"
        );
    });
}

#[test]
fn a_paused_script_takes_debuggers_and_a_stop_and_leaves_results_in_the_queue() {
    in_every_order(|| {
        let inbox = Inbox::new(Flow::Run, None);
        let sender = Arc::clone(&inbox);
        let sending = thread::spawn(move || {
            sender.push(result(1));
            sender.push_inspector(attach(1));
            sender.push_inspector(attach(2));
            sender.stop();
        });
        let mut heard = 0;
        while inbox.wait_for_inspector().is_some() {
            heard += 1;
        }
        assert!(heard <= 2);
        sending.join().unwrap();
        assert_eq!(inbox.take_settled().len(), 1);
    });
}

#[test]
fn what_debuggers_do_not_take_holds_the_script_until_they_do_or_it_is_stopped() {
    in_every_order(|| {
        let inbox = Inbox::new(Flow::Run, None);
        assert!(inbox.reserve_for_debuggers(MOST_UNTAKEN_BYTES + 1));
        let taker = Arc::clone(&inbox);
        let taking = thread::spawn(move || taker.push_inspector(InspectorCommand::Taken(1)));
        assert!(inbox.reserve_for_debuggers(1));
        taking.join().unwrap();
        let stopper = Arc::clone(&inbox);
        let stopping = thread::spawn(move || stopper.stop());
        assert!(!inbox.reserve_for_debuggers(1));
        stopping.join().unwrap();
    });
}

#[test]
fn a_sleeping_thread_always_hears_of_a_stop() {
    in_every_order(|| {
        let inbox = Inbox::new(Flow::Run, None);
        let stopper = Arc::clone(&inbox);
        let stopping = thread::spawn(move || stopper.stop());
        let thawer = Arc::clone(&inbox);
        let thawing = thread::spawn(move || thawer.push(Command::Flow(Flow::Step, 1)));
        // A deadlock fails the test.
        while !matches!(inbox.wait_frozen(), Wake::Stopped) {
            inbox.obey_flow();
        }
        stopping.join().unwrap();
        thawing.join().unwrap();
    });
}

#[test]
fn of_two_threads_one_is_at_the_lookout_and_each_hears_of_its_results_and_of_its_stop() {
    in_every_order(|| {
        let lookout: Arc<dyn Lookout> = Arc::<Hill>::default();
        let cells = [1, 2].map(|first| {
            let inbox = Inbox::new(Flow::Run, Some(Arc::clone(&lookout)));
            let sender = Arc::clone(&inbox);
            let sending = thread::spawn(move || {
                sender.push(result(first));
                sender.push(result(first + 2));
            });
            let stopping = thread::spawn(move || {
                let mut seen = Vec::new();
                while seen.len() < 2 {
                    match inbox.wait(None) {
                        Wake::Settled(settled) => {
                            seen.extend(settled.into_iter().map(|(id, _)| id.get()));
                        }
                        other => panic!("unexpected {other:?}"),
                    }
                }
                assert_eq!(seen, [first, first + 2]);
                let stopper = Arc::clone(&inbox);
                let stopping = thread::spawn(move || stopper.stop());
                assert!(matches!(inbox.wait_frozen(), Wake::Stopped));
                stopping.join().unwrap();
            });
            [sending, stopping]
        });
        for thread in cells.into_iter().flatten() {
            thread.join().unwrap();
        }
    });
}

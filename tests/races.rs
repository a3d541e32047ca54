//! Races between a script, its observers, its terminators and its tools, on real engines and real threads.
//!
//! Each seed runs one cell while two threads do random things to it. `CODECELL_SEEDS` says how many seeds (1 000).

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use codecell::cell::{
    CellHandle, CellKey, CellResult, CellStatus, Ending, Host, NotificationId, Observation, Refusal, Reply,
    Ticket, ToolCall, Watch,
};
use codecell::engine::{JsonText, StoredMap};
use codecell::engine::{ThreadEngine, ToolCallId, ToolEntry, ToolKind, ToolOutcome, ToolSet};
use codecell::model::ContentItem;
use codecell::session::{Exec, Session, SessionLimits};

/// A small generator of numbers; the same seed gives the same numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Answers tools and notifications from a thread of its own, after a while, or only when they are aborted.
#[derive(Default)]
struct Tools {
    cell: Arc<OnceLock<CellHandle>>,
    seed: u64,
    calls: AtomicU64,
}

impl Tools {
    fn after(&self, delay: u64, answer: impl FnOnce(&CellHandle) + Send + 'static) {
        let cell = Arc::clone(&self.cell);
        thread::spawn(move || {
            thread::sleep(Duration::from_micros(delay));
            answer(cell.wait());
        });
    }
}

impl Host for Tools {
    fn opened(&self, cell: CellHandle) {
        let _ = self.cell.set(cell);
    }

    fn call_tool(&self, call: ToolCall) {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut random = Random(self.seed ^ (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let delay = random.below(2_000);
        match random.below(4) {
            // It answers only when it is aborted.
            0 => {}
            1 => self.after(delay, move |cell| cell.tool_ended(call.id, ToolOutcome::Failed("no".into()))),
            _ => self.after(delay, move |cell| {
                cell.tool_ended(call.id, ToolOutcome::Value(JsonText::from_serialised("1")));
            }),
        }
    }

    fn abort_tool(&self, _cell: CellKey, id: ToolCallId) {
        self.after(100, move |cell| cell.tool_ended(id, ToolOutcome::Failed("aborted".into())));
    }

    fn notify(
        &self,
        _cell: CellKey,
        id: NotificationId,
        _kind: codecell::engine::NotificationKind,
        _text: String,
    ) {
        self.after(300, move |cell| cell.notification_ended(id));
    }

    fn closed(&self, _cell: CellKey) {}
}

/// What the callers of one cell were told, in the order in which the cell said it.
#[derive(Default)]
struct Answers {
    told: Mutex<Vec<(Ticket, Result<CellResult, Refusal>)>>,
    changed: Condvar,
}

impl Answers {
    fn reply(self: &Arc<Self>, ticket: Ticket) -> Reply {
        let answers = Arc::clone(self);
        Box::new(move |answer| {
            answers.told.lock().unwrap().push((ticket, answer));
            answers.changed.notify_all();
            None
        })
    }

    /// Waits until this many answers are there. A promise that is never settled fails here.
    fn wait_for(&self, count: u64, seed: u64) -> Vec<(Ticket, Result<CellResult, Refusal>)> {
        let told = self.told.lock().unwrap();
        let (told, timeout) = self
            .changed
            .wait_timeout_while(told, Duration::from_mins(1), |told| {
                told.len() < usize::try_from(count).unwrap()
            })
            .unwrap();
        assert!(!timeout.timed_out(), "seed {seed}: {} of {count} answers came", told.len());
        told.clone()
    }
}

const SCRIPTS: [&str; 6] = [
    "text(1); await tools.t({}); text(2); store('k', 1)",
    "for (let i = 1; i <= 20; i++) { text(i); if (i % 5 === 0) yield_control() } store('k', 1)",
    "text(1); notify('n'); tools.t({}); store('k', 1)",
    "text(1); store('k', 1); await Promise.all([tools.t({}), tools.t({}), tools.t({})]); text(2)",
    "let i = 0; while (true) { text(++i); await new Promise((done) => setTimeout(done, 0)) }",
    "text(1); store('k', 1); while (true);",
];

fn numbers(content: &[ContentItem]) -> impl Iterator<Item = u64> {
    content.iter().map(|item| match item {
        ContentItem::Text { text } => text.parse().unwrap(),
        other => panic!("unexpected {other:?}"),
    })
}

/// Runs one cell while two threads observe, abandon, hurry and terminate it at random.
fn race(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let host = Arc::new(Tools { seed, ..Tools::default() });
    let limits = SessionLimits { tool_grace: Duration::from_secs(30), ..SessionLimits::default() };
    let engine = ThreadEngine::shared();
    let session =
        Arc::new(Session::new(engine, Arc::clone(&host) as Arc<dyn Host>, limits, StoredMap::new()));
    let answers = Arc::new(Answers::default());
    let tools = ToolSet::new(
        vec![ToolEntry { identifier: "t".into(), name: "t".into(), kind: ToolKind::Function }],
        || JsonText::from_serialised("[]"),
    );
    let observation = |ticket: u64, random: &mut Random| Observation {
        ticket: Ticket(ticket),
        watch: if random.below(3) == 0 { Watch::Frontier } else { Watch::Yield },
        yield_after: Some(Duration::from_micros(random.below(3_000))),
        reply: answers.reply(Ticket(ticket)),
    };
    let script = SCRIPTS[usize::try_from(random.below(6)).unwrap()];
    let exec = Exec {
        source: script.into(),
        line_offset: 0,
        features: codecell::engine::Features::default(),
        tools: Arc::new(tools),
        observation: observation(1, &mut random),
        inspected: None,
    };
    let cell = session.exec(exec).unwrap();
    let tickets = AtomicU64::new(2);
    thread::scope(|scope| {
        for caller in 0..2 {
            let mut random = Random(seed.wrapping_mul(31) ^ (caller + 7) << 20 | 1);
            let (session, answers, tickets, observation) = (&session, &answers, &tickets, &observation);
            let id = cell.id.as_str();
            scope.spawn(move || {
                for _ in 0..random.below(6) {
                    thread::sleep(Duration::from_micros(random.below(800)));
                    match random.below(8) {
                        0..=3 => {
                            let ticket = tickets.fetch_add(1, Ordering::Relaxed);
                            session.wait(id, observation(ticket, &mut random));
                        }
                        4 => session.abandon(id, Ticket(random.below(6))),
                        5 => session.yield_now(id, Ticket(random.below(6))),
                        6 => session.abort(id),
                        _ => {
                            let ticket = Ticket(tickets.fetch_add(1, Ordering::Relaxed));
                            session.terminate(id, ticket, answers.reply(ticket));
                        }
                    }
                }
            });
        }
    });
    // Whatever state the cell is in: this ends it, or takes the result that waits, or learns that it was taken.
    let last = Ticket(tickets.fetch_add(1, Ordering::Relaxed));
    session.terminate(cell.id.as_str(), last, answers.reply(last));
    let told = answers.wait_for(last.0, seed);
    check(seed, script, &told, &session);
}

fn check(seed: u64, script: &str, told: &[(Ticket, Result<CellResult, Refusal>)], session: &Session) {
    let mut per_ticket = HashSet::new();
    let mut expected = 1;
    let mut ends = Vec::new();
    for (ticket, answer) in told {
        assert!(per_ticket.insert(*ticket), "seed {seed}: {ticket:?} was answered twice");
        let Ok(result) = answer else { continue };
        let ended = matches!(result.status, CellStatus::Ended(_));
        // A terminator and an observer hear of the same end, with the same output.
        if !ended || ends.is_empty() {
            for number in numbers(&result.content) {
                assert_eq!(number, expected, "seed {seed}: output is whole and in order: {script}");
                expected += 1;
            }
        }
        if ended {
            ends.push(result);
        } else {
            assert!(ends.is_empty(), "seed {seed}: after its end a cell does not run");
        }
    }
    assert!(ends.windows(2).all(|pair| pair[0].status == pair[1].status), "seed {seed}: one end: {ends:?}");
    let completed = ends.iter().filter(|end| end.status != CellStatus::Ended(Ending::Terminated)).count();
    assert!(completed <= 1, "seed {seed}: a completion is delivered once");
    let stored = session.stored_values().contains_key("k");
    if let Some(end) = ends.first() {
        match end.status {
            CellStatus::Ended(Ending::Completed { .. }) => {
                assert_eq!(stored, script.contains("store"), "seed {seed}: a completion merges stores");
            }
            CellStatus::Ended(Ending::Terminated) => {
                assert!(!stored, "seed {seed}: a termination merges nothing");
            }
            // Some scripts fail before they store.
            _ => {}
        }
    }
    // Abandoned cells may be on their way out still; closing waits for them.
    let (closed, wait) = std::sync::mpsc::channel();
    session.close(move || {
        let _ = closed.send(());
    });
    wait.recv_timeout(Duration::from_mins(1)).expect("the session closes");
    assert!(session.active_cells().is_empty(), "seed {seed}: no cell is left");
}

#[test]
fn random_races_lose_nothing_and_settle_everything() {
    let seeds = std::env::var("CODECELL_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1_000);
    let next = AtomicU64::new(1);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    race(seed);
                }
            });
        }
    });
}

//! All child processes of the program: which one a cell goes to, and how many stand ready.
//!
//! A child runs cells of one session at a time, so a child that is lost harms no other session. One that has none is
//! free for any. As long as there are sessions, one child stands ready.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle};

use super::child::ChildProcess;
use super::observer::{ChildEvent, ChildObserver};
use super::placement::Placement;
use super::record::CellShared;
use super::{Launch, LoopReader, serve};
use crate::engine::{EngineUnavailable, EventSender, PoolOptions, StartCell};
use crate::host::message::{CellNumber, SessionNumber};

/// How long a child without cells stays at the most, beyond the one that stands ready.
const IDLE_TIME: Duration = Duration::from_secs(10);

/// A cell to be run.
#[derive(Clone)]
pub(in crate::host) struct Order {
    pub(in crate::host) cell: CellNumber,
    pub(in crate::host) session: SessionNumber,
    pub(in crate::host) start: StartCell,
    pub(in crate::host) events: EventSender,
    pub(in crate::host) shared: Arc<CellShared>,
    pub(in crate::host) placement: Arc<Placement>,
    /// The event loop that reads what children say of it. None: `codecell-host` does.
    pub(in crate::host) loop_reader: Option<Arc<LoopReader>>,
    /// Children that died with it before it ran.
    pub(in crate::host) attempts: u32,
    /// Cells that may run in one child at once.
    pub(in crate::host) cells_per_child: usize,
    /// Whether it runs only in a sandbox that lacks nothing.
    pub(in crate::host) strict: bool,
}

/// The children, and the thread that serves them.
pub(in crate::host) struct Pool {
    state: Mutex<State>,
    /// The children die with the thread that started them, so it lives as long as the process, and nothing else may
    /// start them.
    thread: Option<Handle>,
}

static SHARED: OnceLock<Arc<Pool>> = OnceLock::new();

#[derive(Default)]
struct State {
    launch: Option<Arc<Launch>>,
    children: Vec<Arc<ChildProcess>>,
    sessions: HashSet<SessionNumber>,
    observers: Vec<Weak<dyn ChildObserver>>,
    /// Children that ended before they were ready, since the last one that was.
    failed_starts: u32,
}

impl Pool {
    /// The pool of this program.
    pub(in crate::host) fn shared() -> Arc<Self> {
        let start = || Arc::new(Pool { state: Mutex::default(), thread: start_thread() });
        Arc::clone(SHARED.get_or_init(start))
    }

    /// Says how many threads stand ready in each child, and for how long. With none, no child stands ready either.
    pub(in crate::host) fn configure(options: PoolOptions) {
        // A pool that is made from now on finds them.
        let Some(pool) = SHARED.get() else { return };
        let mut state = pool.state();
        for child in &state.children {
            child.configure(options);
            // It may have to go.
            child.wake.notify_one();
        }
        pool.keep_one_ready(&mut state);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs half-way under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session, and has a child ready for it.
    pub(in crate::host) fn open(
        self: &Arc<Self>,
        launch: Launch,
    ) -> Result<SessionNumber, EngineUnavailable> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.thread.is_none() {
            let reason = "the thread of the child processes could not be started".to_owned();
            return Err(EngineUnavailable { reason });
        }
        launch.check().map_err(|reason| EngineUnavailable { reason })?;
        let session = SessionNumber(NEXT.fetch_add(1, Ordering::Relaxed));
        let mut state = self.state();
        state.sessions.insert(session);
        state.launch = Some(Arc::new(launch));
        self.keep_one_ready(&mut state);
        Ok(session)
    }

    /// A session has ended.
    pub(in crate::host) fn close(&self, session: SessionNumber) {
        let (children, was_last) = {
            let mut state = self.state();
            state.sessions.remove(&session);
            (state.children.clone(), state.sessions.is_empty())
        };
        for child in children {
            child.forget(session);
            if was_last {
                child.wake.notify_one();
            }
        }
    }

    /// From now on this one is told of all children.
    pub(in crate::host) fn observe(&self, observer: Weak<dyn ChildObserver>) {
        let mut state = self.state();
        state.observers.retain(|known| known.strong_count() > 0 && !known.ptr_eq(&observer));
        state.observers.push(observer);
    }

    pub(super) fn tell(&self, event: &ChildEvent) {
        let observers = self.state().observers.clone();
        for observer in observers.iter().filter_map(Weak::upgrade) {
            observer.child_event(event);
        }
    }

    /// A number that no cell has had.
    pub(in crate::host) fn next_cell() -> CellNumber {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        CellNumber(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Gives a cell to a child: one of its session that has room, one that is free, or a new one. Gives it back if it
    /// can't be told to any.
    pub(super) fn place(self: &Arc<Self>, mut order: Box<Order>) -> Result<Arc<ChildProcess>, Box<Order>> {
        let mut state = self.state();
        for child in state.candidates(order.session) {
            match child.take(order) {
                Ok(()) => {
                    self.keep_one_ready(&mut state);
                    return Ok(child);
                }
                Err(back) => order = back,
            }
        }
        let child = self.start_child(&mut state);
        // A new child has room for any cell.
        let taken = child.take(order);
        self.keep_one_ready(&mut state);
        taken.map(|()| child)
    }

    fn keep_one_ready(self: &Arc<Self>, state: &mut State) {
        // If children fail to start, the next one is started when it is needed, not before.
        let wanted = state.wants_one_ready() && state.failed_starts == 0;
        if wanted && !state.children.iter().any(|child| child.idle().is_some()) {
            self.start_child(state);
        }
    }

    fn start_child(self: &Arc<Self>, state: &mut State) -> Arc<ChildProcess> {
        let child = ChildProcess::new();
        let options = PoolOptions::current();
        if options != PoolOptions::DEFAULT {
            child.configure(options);
        }
        state.children.push(Arc::clone(&child));
        if let (Some(thread), Some(launch)) = (&self.thread, &state.launch) {
            thread.spawn(serve::serve(Arc::clone(self), Arc::clone(&child), Arc::clone(launch)));
        }
        child
    }

    /// A child has become ready.
    pub(super) fn is_ready(&self) {
        self.state().failed_starts = 0;
    }

    /// A child has ended.
    pub(super) fn has_ended(self: &Arc<Self>, child: &Arc<ChildProcess>, was_ready: bool) {
        let mut state = self.state();
        state.children.retain(|other| !Arc::ptr_eq(other, child));
        state.failed_starts += u32::from(!was_ready);
        self.keep_one_ready(&mut state);
    }

    /// Decides whether a child that has been idle since then stays. Some: until when.
    pub(super) fn keeps(&self, child: &ChildProcess, since: Instant) -> Kept {
        let state = self.state();
        let idle = state.children.iter().filter(|child| child.idle().is_some()).count();
        if idle <= 1 && state.wants_one_ready() {
            return Kept::UntilWoken;
        }
        let until = since + IDLE_TIME.min(PoolOptions::current().idle);
        if Instant::now() < until {
            return Kept::Until(until);
        }
        // Under the lock of the pool, so that nobody gives it a cell meanwhile.
        child.drain();
        Kept::NotAny
    }
}

/// How long an idle child stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    UntilWoken,
    Until(Instant),
    /// It goes.
    NotAny,
}

impl State {
    fn wants_one_ready(&self) -> bool {
        !self.sessions.is_empty() && PoolOptions::current().ready > 0
    }

    /// Children that may have room for a cell of this session, the best ones first.
    fn candidates(&self, session: SessionNumber) -> Vec<Arc<ChildProcess>> {
        let mut free: Vec<_> =
            self.children.iter().filter_map(|child| Some((child.idle()?, Arc::clone(child)))).collect();
        // Ready ones before those that are starting; of them, the one that was used last.
        free.sort_by_key(|(idle, _)| std::cmp::Reverse(*idle));
        let own = self.children.iter().filter(|child| child.serves(session)).map(Arc::clone);
        own.chain(free.into_iter().map(|(_, child)| child)).collect()
    }
}

fn start_thread() -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build().ok()?;
    let handle = runtime.handle().clone();
    let spawned = thread::Builder::new()
        .name("codecell-host".into())
        .spawn(move || runtime.block_on(std::future::pending::<()>()));
    spawned.ok().map(|_| handle)
}

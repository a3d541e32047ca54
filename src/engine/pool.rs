//! Standing engine threads, each with a virgin isolate made ahead, and the queue from which they take their cells.
//!
//! A cell never waits for a thread to be started if one is about to be ready, and whoever starts a cell never waits
//! for an isolate.

mod options;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use super::isolate::{IsolateOptions, VirginIsolate};
use super::message::{EventSender, StartCell};
use super::platform::{self, Keeper, Left};
use super::thread::Shared;
use super::{EngineUnavailable, run};
pub use options::PoolOptions;

/// One cell to run.
pub(super) struct Job {
    pub(super) cell: StartCell,
    pub(super) events: EventSender,
    pub(super) shared: Arc<Shared>,
}

impl Job {
    fn options(&self) -> IsolateOptions {
        IsolateOptions { heap_bytes: self.cell.limits.heap_bytes }
    }
}

/// The queue, and what is known of the threads.
#[derive(Default)]
pub(super) struct Pool {
    state: Mutex<State>,
    job_queued: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// Threads that wait for a job.
    ready: usize,
    /// Threads that are about to: they make an isolate.
    preparing: usize,
    /// What isolates are made with: what the last cell wanted.
    options: IsolateOptions,
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under this lock, so the state is whole even if it is poisoned.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a cell to the next thread that is ready, and starts one if too few are about to be.
    pub(super) fn run(pool: &Arc<Self>, job: Job) -> Result<(), EngineUnavailable> {
        let shared = Arc::clone(&job.shared);
        let starts_thread = {
            let mut state = pool.state();
            state.options = job.options();
            state.queue.push_back(job);
            let short = state.ready + state.preparing < state.queue.len();
            state.preparing += usize::from(short);
            short
        };
        if !starts_thread {
            pool.job_queued.notify_one();
            return Ok(());
        }
        let promise = Preparing::promised_to_caller(pool);
        let Err(error) = platform::spawn_engine_thread(keeper(), move || engine_thread(promise)) else {
            return Ok(());
        };
        let mut state = pool.state();
        let queued = state.queue.iter().position(|job| Arc::ptr_eq(&job.shared, &shared));
        if let Some(job) = queued.and_then(|place| state.queue.remove(place)) {
            drop(state);
            drop(job);
            return Err(EngineUnavailable { reason: format!("a thread could not be started: {error}") });
        }
        // A thread that was meant for another cell has taken this one.
        let lost = state.take_unserved();
        drop(state);
        drop(lost);
        Ok(())
    }

    /// Has a thread ready before it is needed, if any is to stand ready.
    pub(super) fn warm_up(pool: &Arc<Self>) {
        if PoolOptions::current().ready == 0 {
            return;
        }
        {
            let mut state = pool.state();
            if state.ready + state.preparing > 0 {
                return;
            }
            state.preparing += 1;
        }
        let promise = Preparing::promised(pool);
        // Whoever needs a thread later starts one.
        let _ = platform::spawn_engine_thread_later(keeper(), move || engine_thread(promise));
    }

    /// The options have changed: threads that wait look at them.
    pub(super) fn reconsider(&self) {
        // Under the lock, so that no thread looks at the old ones and then goes to sleep.
        let _state = self.state();
        self.job_queued.notify_all();
    }

    /// Waits for a cell. None when the thread has stood ready long enough, or more stand ready than are wanted.
    fn next_job(&self, promise: Preparing) -> Option<Job> {
        let mut state = self.state();
        promise.keep(&mut state);
        state.ready += 1;
        let since = Instant::now();
        let job = loop {
            if let Some(job) = state.queue.pop_front() {
                break Some(job);
            }
            let options = PoolOptions::current();
            if state.ready > options.ready {
                break None;
            }
            state = match options.left(since) {
                None => self.job_queued.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => break None,
                Some(left) => {
                    self.job_queued.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        };
        state.ready -= 1;
        job
    }

    /// Whether a thread that has run its cell makes another isolate.
    fn wants_another(pool: &Arc<Self>) -> Option<Preparing> {
        let mut state = pool.state();
        let wanted = state.ready + state.preparing < PoolOptions::current().ready + state.queue.len();
        state.preparing += usize::from(wanted);
        wanted.then(|| Preparing::promised(pool))
    }

    /// What stands ready, or is about to.
    fn left(&self) -> Left {
        let state = self.state();
        if state.ready + state.preparing == 0 { Left::Nothing } else { Left::Engines }
    }

    fn options(&self) -> IsolateOptions {
        self.state().options
    }
}

impl State {
    /// Takes the cells that no thread will come for. They are lost: their actors are told by the end of their events.
    fn take_unserved(&mut self) -> VecDeque<Job> {
        let served = self.ready + self.preparing;
        self.queue.split_off(served.min(self.queue.len()))
    }
}

/// A thread that is counted in `preparing`. If it ends before it is ready, or is never started, the count is put right.
struct Preparing {
    pool: Weak<Pool>,
    /// Whether whoever starts the thread sees to the queue if it can't be started.
    caller_waits: bool,
}

impl Preparing {
    /// The caller has counted it.
    fn promised(pool: &Arc<Pool>) -> Self {
        Self { pool: Arc::downgrade(pool), caller_waits: false }
    }

    /// The caller has counted it, and is told if the thread can't be started.
    fn promised_to_caller(pool: &Arc<Pool>) -> Self {
        Self { pool: Arc::downgrade(pool), caller_waits: true }
    }

    /// The thread runs: nobody else sees to the queue any more.
    fn started(&mut self) {
        self.caller_waits = false;
    }

    /// The thread is ready.
    fn keep(mut self, state: &mut State) {
        state.preparing -= 1;
        self.pool = Weak::new();
    }
}

impl Drop for Preparing {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            let mut state = pool.state();
            state.preparing -= 1;
            let lost = if self.caller_waits { VecDeque::new() } else { state.take_unserved() };
            drop(state);
            drop(lost);
        }
    }
}

fn keeper() -> Keeper {
    if PoolOptions::current().ready == 0 { Keeper::Unwanted } else { Keeper::Wanted }
}

/// The life of an engine thread: a virgin isolate, a cell, and again.
fn engine_thread(mut promise: Preparing) {
    promise.started();
    while let Some(pool) = promise.pool.upgrade() {
        let mut isolate = VirginIsolate::new(pool.options());
        let Some(job) = pool.next_job(promise) else {
            isolate.dispose();
            return platform::engine_thread_ended(pool.left());
        };
        if isolate.options() != job.options() {
            let options = job.options();
            isolate.dispose();
            isolate = VirginIsolate::new(options);
        }
        if !run::run_cell(isolate, job) {
            return;
        }
        match Pool::wants_another(&pool) {
            Some(next) => promise = next,
            None => {
                // What it leaves is for the next cells, if there are to be threads for them.
                if pool.left() == Left::Nothing {
                    platform::engine_thread_ended(Left::Nothing);
                }
                return;
            }
        }
    }
}

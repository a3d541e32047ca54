//! Standing engine threads, each with a virgin isolate made ahead.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::isolate::{IsolateOptions, VirginIsolate};
use super::message::{EventSender, StartCell};
use super::run;
use super::stop::StopFlag;
use super::thread::Shared;
use super::{EngineUnavailable, platform};

/// Threads that stand ready at the most.
const MOST_IDLE: usize = 2;
/// How long a thread stands ready before it ends.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// One cell to run.
pub(super) struct Job {
    pub(super) cell: StartCell,
    pub(super) events: EventSender,
    pub(super) shared: Arc<Shared>,
}

/// The threads that stand ready.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<ReadyEngine>>,
}

/// A thread with a virgin isolate, waiting for its one job.
#[derive(Debug)]
pub(super) struct ReadyEngine {
    options: IsolateOptions,
    job: Sender<Job>,
    pub(super) isolate: v8::IsolateHandle,
    pub(super) stop: Arc<StopFlag>,
}

impl ReadyEngine {
    /// Gives the thread its job.
    pub(super) fn run(&self, job: Job) -> Result<(), EngineUnavailable> {
        self.job.send(job).map_err(|_| EngineUnavailable { reason: "an engine thread has ended".into() })
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<ReadyEngine>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a thread that stands ready, or starts one.
    pub(super) fn acquire(
        pool: &Arc<Self>,
        options: IsolateOptions,
    ) -> Result<ReadyEngine, EngineUnavailable> {
        {
            let mut idle = pool.idle();
            // The last one put back has the warmest caches.
            if let Some(index) = idle.iter().rposition(|engine| engine.options == options) {
                return Ok(idle.remove(index));
            }
        }
        let (ready, engine) = mpsc::channel();
        let home = Arc::downgrade(pool);
        platform::spawn_engine_thread(move || engine_thread(options, &ready, &home)).map_err(|error| {
            EngineUnavailable { reason: format!("a thread could not be started: {error}") }
        })?;
        engine
            .recv()
            .map_err(|_| EngineUnavailable { reason: "an engine thread could not make an isolate".into() })
    }

    /// Puts a thread back, unless enough stand ready.
    fn offer(&self, engine: ReadyEngine) -> bool {
        let mut idle = self.idle();
        if idle.len() >= MOST_IDLE {
            return false;
        }
        idle.push(engine);
        true
    }

    fn is_full(&self) -> bool {
        self.idle().len() >= MOST_IDLE
    }

    /// Takes the thread with this isolate out. Says whether it was still there.
    fn withdraw(&self, stop: &Arc<StopFlag>) -> bool {
        let mut idle = self.idle();
        let before = idle.len();
        idle.retain(|engine| !Arc::ptr_eq(&engine.stop, stop));
        idle.len() < before
    }
}

/// The life of an engine thread: a virgin isolate, a job, and again.
fn engine_thread(options: IsolateOptions, first: &Sender<ReadyEngine>, home: &Weak<Pool>) {
    let Some((isolate, jobs)) = make_ready(options, |engine| first.send(engine).is_ok()) else {
        return;
    };
    let Ok(job) = jobs.recv() else {
        isolate.dispose();
        return;
    };
    run::run_cell(isolate, job);
    loop {
        let Some(pool) = home.upgrade() else { return };
        if pool.is_full() {
            return;
        }
        let Some((isolate, jobs)) = make_ready(options, |engine| pool.offer(engine)) else {
            return;
        };
        if let Some(job) = wait_for_job(&jobs, &pool, &isolate.stop) {
            run::run_cell(isolate, job);
        } else {
            isolate.dispose();
            return;
        }
    }
}

/// Makes an isolate and offers it. None if nobody takes it.
fn make_ready(
    options: IsolateOptions,
    offer: impl FnOnce(ReadyEngine) -> bool,
) -> Option<(VirginIsolate, Receiver<Job>)> {
    let isolate = VirginIsolate::new(options);
    let (job, jobs) = mpsc::channel();
    let handle = isolate.isolate.thread_safe_handle();
    let engine = ReadyEngine { options, job, isolate: handle, stop: Arc::clone(&isolate.stop) };
    if offer(engine) {
        Some((isolate, jobs))
    } else {
        isolate.dispose();
        None
    }
}

fn wait_for_job(jobs: &Receiver<Job>, pool: &Pool, stop: &Arc<StopFlag>) -> Option<Job> {
    match jobs.recv_timeout(IDLE_TIME) {
        Ok(job) => Some(job),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) if pool.withdraw(stop) => None,
        // Somebody took the engine at the last moment: the job is on its way.
        Err(RecvTimeoutError::Timeout) => jobs.recv().ok(),
    }
}

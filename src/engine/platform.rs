//! V8's one-time start, and the root thread that starts every other thread of V8.
//!
//! With memory protection keys, only threads that descend from the one that initialised V8 may touch its code pages.
//! So V8 is initialised on a thread of our own. That one starts the root thread, which starts every other engine thread,
//! and becomes the first engine thread itself: the first cell of a process need not wait for another.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{address_space, snapshot};

/// Threads that V8 itself uses for compilation and garbage collection, at the most.
const MOST_PLATFORM_THREADS: usize = 2;

/// V8 keeps 984 KiB of it for JavaScript; the rest is for V8's own frames and ours.
const ENGINE_STACK_BYTES: usize = 3 * 1024 * 1024;

/// V8's flags. They are fixed for the process once V8 has started.
///
/// - `stack-size`: what V8 takes by default, in KiB, made explicit because `ENGINE_STACK_BYTES` depends on it.
/// - `no-turboshaft-loop-unrolling`: that phase of V8 15.2 takes the stack check of a loop out when an inlined loop of
///   known length stands before it. `while (true) a.push(new Array(1000).fill(0))` can then neither be terminated nor
///   stopped at its heap limit, and takes the process down.
/// - `no-concurrent-recompilation`: while another thread optimises a function, V8 15.2 does not look up in the function's
///   loops, for a budget of 2^30 bytes of bytecode (`InterruptBudgetFor` in tiering-manager.cc). A loop that begins just
///   then can't be stopped for seconds, and outgrows its heap limit. The script's own thread takes its time for it instead,
///   half a second for a function of 5 000 statements.
const FLAGS: &str = "--stack-size=984 --no-turboshaft-loop-unrolling --no-concurrent-recompilation";

/// How long the root thread has nothing to do before it does what can wait: it makes the keeper isolate, and gives memory
/// back.
const QUIET_TIME: Duration = Duration::from_millis(20);

type Body = Box<dyn FnOnce() + Send>;

enum Request {
    Spawn(SpawnRequest),
    ThreadEnded(Left),
}

struct SpawnRequest {
    body: Body,
    /// None: nobody waits.
    reply: Option<Sender<io::Result<()>>>,
    keeper: Keeper,
}

/// Whether an isolate that runs nothing is kept, so that each other one is made faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    /// Until no engine thread is left.
    Wanted,
    Unwanted,
}

/// What is left when an engine thread has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Other threads stand ready, or are about to.
    Engines,
    /// None does.
    Nothing,
}

static ROOT: LazyLock<io::Result<Mutex<Sender<Request>>>> = LazyLock::new(start_first_thread);

/// The version of V8 that is linked, like `15.2.124.1`.
#[must_use]
pub fn v8_version() -> &'static str {
    // The archive's builder adds its own mark to V8's number.
    let version = v8::V8::get_version();
    version.split_once('-').map_or(version, |(number, _)| number)
}

/// Starts V8, without waiting for it.
pub(super) fn start() {
    LazyLock::force(&ROOT);
}

/// Starts a thread that may own isolates. The first call starts V8.
pub(super) fn spawn_engine_thread(keeper: Keeper, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let (reply, answer) = mpsc::channel();
    request(Request::Spawn(SpawnRequest { body: Box::new(body), reply: Some(reply), keeper }))?;
    answer.recv().map_err(|_| io::Error::other("the root thread has ended"))?
}

/// Like [`spawn_engine_thread`], without waiting for it.
pub(super) fn spawn_engine_thread_later(
    keeper: Keeper,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    request(Request::Spawn(SpawnRequest { body: Box::new(body), reply: None, keeper }))
}

/// An engine thread has ended because it was not needed: what it had is given back to the system, and with the last one
/// what all isolates share.
pub(super) fn engine_thread_ended(left: Left) {
    // Without a root thread there is nothing to give back.
    let _ = request(Request::ThreadEnded(left));
}

fn request(request: Request) -> io::Result<()> {
    let root = ROOT.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
    let root = root.lock().unwrap_or_else(PoisonError::into_inner);
    root.send(request).map_err(|_| io::Error::other("the root thread has ended"))
}

fn start_first_thread() -> io::Result<Mutex<Sender<Request>>> {
    address_space::check_start().map_err(|unavailable| io::Error::other(unavailable.reason))?;
    let (requests, inbox) = mpsc::channel();
    spawn(ENGINE_THREAD, move || first_thread(inbox))?;
    Ok(Mutex::new(requests))
}

const ENGINE_THREAD: &str = "codecell-engine";
const ROOT_THREAD: &str = "codecell-root";
const TRIMMER_THREAD: &str = "codecell-trimmer";

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).stack_size(ENGINE_STACK_BYTES).spawn(body).map(drop)
}

/// Starts V8, passes its inbox on to the root thread, and becomes the first engine thread.
fn first_thread(inbox: Receiver<Request>) {
    initialise();
    let first = loop {
        match inbox.recv() {
            Ok(Request::Spawn(first)) => break first,
            Ok(Request::ThreadEnded(_)) => {}
            Err(_) => return,
        }
    };
    let SpawnRequest { body, reply, keeper } = first;
    // If the root thread can't be started, this one stays it.
    let inbox = Arc::new(Mutex::new(inbox));
    let roots = Arc::clone(&inbox);
    match spawn(ROOT_THREAD, move || root_thread(&roots, keeper)) {
        Ok(()) => {
            if let Some(reply) = reply {
                let _ = reply.send(Ok(()));
            }
            body();
        }
        Err(error) => {
            // With it goes the promise of a thread: the pool starts another one for the next cell.
            drop(body);
            if let Some(reply) = reply {
                let _ = reply.send(Err(error));
            }
            root_thread(&inbox, Keeper::Unwanted);
        }
    }
}

fn root_thread(inbox: &Mutex<Receiver<Request>>, mut wanted: Keeper) {
    // Nobody else ever takes it.
    let inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
    let mut keeper = None;
    let mut memory_is_free = false;
    loop {
        let makes_keeper = wanted == Keeper::Wanted && keeper.is_none();
        let request = if makes_keeper || memory_is_free {
            inbox.recv_timeout(QUIET_TIME)
        } else {
            inbox.recv().map_err(RecvTimeoutError::from)
        };
        match request {
            Ok(Request::Spawn(request)) => {
                wanted = request.keeper;
                let spawned = spawn(ENGINE_THREAD, request.body);
                if let Some(reply) = request.reply {
                    let _ = reply.send(spawned);
                }
            }
            Ok(Request::ThreadEnded(left)) => {
                memory_is_free = true;
                if left == Left::Nothing {
                    wanted = Keeper::Unwanted;
                    keeper = None;
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                if std::mem::take(&mut memory_is_free) {
                    // It may take a while, and somebody may want a thread meanwhile. Without one, it is left.
                    let _ = spawn(TRIMMER_THREAD, give_memory_back);
                }
                // As long as one isolate is alive, V8 keeps what all isolates share, and every other one is made
                // faster. This one is never used. It is not made at once, to be out of the first cell's way.
                if makes_keeper {
                    keeper = Some(v8::Isolate::new(snapshot::create_params()));
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // The sender is static, so this is reached only when the process ends. V8 is never shut down: see ARCHITECTURE.md.
    std::mem::forget(keeper);
}

/// Gives back what isolates have freed. By itself glibc keeps it, three megabytes for each thread that made any.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_memory_back() {
    // SAFETY: it takes a number, and touches nothing that is in use.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_memory_back() {}

fn initialise() {
    // It fails only for data of another ICU version, and the versions are pinned together in Cargo.toml. Without data,
    // `Intl` throws; nothing else breaks.
    let _ = v8::icu::set_common_data_78(deno_core_icudata::ICU_DATA);
    v8::icu::set_default_locale("en-US");
    v8::V8::set_flags_from_string(FLAGS);
    v8::V8::set_entropy_source(fill_with_entropy);
    let platform = v8::new_default_platform(platform_threads(), false).make_shared();
    v8::V8::initialize_platform(platform);
    v8::V8::initialize();
}

/// One for each other core that this process may use, as far as more are of use.
fn platform_threads() -> u32 {
    u32::try_from(cores().saturating_sub(1).clamp(1, MOST_PLATFORM_THREADS)).unwrap_or(1)
}

/// One system call. The standard library looks for a quota in files as well, which takes 80 µs of the first cell's time.
#[cfg(target_os = "linux")]
fn cores() -> usize {
    // SAFETY: a set of processors is a number of bits; the calls write to this one, and read it.
    let cores = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set) == 0 {
            libc::CPU_COUNT(&set)
        } else {
            1
        }
    };
    usize::try_from(cores).unwrap_or(1)
}

#[cfg(not(target_os = "linux"))]
fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Where V8 takes random numbers from. By itself it would read 4 KiB of `/dev/urandom`, six times for each isolate.
fn fill_with_entropy(bytes: &mut [u8]) -> bool {
    getrandom::fill(bytes).is_ok()
}

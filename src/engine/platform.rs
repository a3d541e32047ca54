//! V8's one-time start, and the root thread that starts every other thread of V8.
//!
//! With memory protection keys, only threads that descend from the one that initialised V8 may touch its code pages.
//! So V8 is initialised on a thread of our own, the root thread, and that thread starts every engine thread.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{LazyLock, Mutex, PoisonError};
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
const FLAGS: &str = "--stack-size=984 --no-turboshaft-loop-unrolling";

/// How long the root thread has nothing to do before it makes the keeper isolate.
const KEEPER_DELAY: Duration = Duration::from_millis(20);

type Body = Box<dyn FnOnce() + Send>;

struct SpawnRequest {
    body: Body,
    /// None: nobody waits.
    reply: Option<Sender<io::Result<()>>>,
}

static ROOT: LazyLock<io::Result<Mutex<Sender<SpawnRequest>>>> = LazyLock::new(start_root_thread);

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
pub(super) fn spawn_engine_thread(body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let (reply, answer) = mpsc::channel();
    request(SpawnRequest { body: Box::new(body), reply: Some(reply) })?;
    answer.recv().map_err(|_| io::Error::other("the root thread has ended"))?
}

/// Like [`spawn_engine_thread`], without waiting for it.
pub(super) fn spawn_engine_thread_later(body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    request(SpawnRequest { body: Box::new(body), reply: None })
}

fn request(request: SpawnRequest) -> io::Result<()> {
    let root = ROOT.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
    let root = root.lock().unwrap_or_else(PoisonError::into_inner);
    root.send(request).map_err(|_| io::Error::other("the root thread has ended"))
}

fn start_root_thread() -> io::Result<Mutex<Sender<SpawnRequest>>> {
    address_space::check_start().map_err(|unavailable| io::Error::other(unavailable.reason))?;
    let (requests, inbox) = mpsc::channel::<SpawnRequest>();
    thread::Builder::new()
        .name("codecell-root".into())
        .stack_size(ENGINE_STACK_BYTES)
        .spawn(move || root_thread(&inbox))?;
    Ok(Mutex::new(requests))
}

fn root_thread(inbox: &Receiver<SpawnRequest>) {
    initialise();
    let mut keeper = None;
    loop {
        let request = match inbox.recv_timeout(KEEPER_DELAY) {
            Ok(request) => request,
            Err(RecvTimeoutError::Timeout) => {
                // As long as one isolate is alive, V8 keeps what all isolates share, and every other one is made
                // faster. This one is never used. It is not made at once, to be out of the first cell's way.
                keeper.get_or_insert_with(|| v8::Isolate::new(snapshot::create_params()));
                match inbox.recv() {
                    Ok(request) => request,
                    Err(_) => break,
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let spawned = thread::Builder::new()
            .name("codecell-engine".into())
            .stack_size(ENGINE_STACK_BYTES)
            .spawn(request.body)
            .map(drop);
        if let Some(reply) = request.reply {
            let _ = reply.send(spawned);
        }
    }
    // The sender is static, so this is reached only when the process ends. V8 is never shut down: see ARCHITECTURE.md.
    std::mem::forget(keeper);
}

fn initialise() {
    // It fails only for data of another ICU version, and the versions are pinned together in Cargo.toml. Without data,
    // `Intl` throws; nothing else breaks.
    let _ = v8::icu::set_common_data_78(deno_core_icudata::ICU_DATA);
    v8::icu::set_default_locale("en-US");
    v8::V8::set_flags_from_string(FLAGS);
    v8::V8::set_entropy_source(fill_with_entropy);
    let other_cores = thread::available_parallelism().map_or(1, |cores| cores.get() - 1);
    let threads = u32::try_from(other_cores.clamp(1, MOST_PLATFORM_THREADS)).unwrap_or(1);
    let platform = v8::new_default_platform(threads, false).make_shared();
    v8::V8::initialize_platform(platform);
    v8::V8::initialize();
}

/// Where V8 takes random numbers from. By itself it would read 4 KiB of `/dev/urandom`, six times for each isolate.
fn fill_with_entropy(bytes: &mut [u8]) -> bool {
    getrandom::fill(bytes).is_ok()
}

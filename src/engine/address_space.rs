//! Address space. V8 reserves far more of it than it ever uses, and ends the process if it can't. So it is looked first
//! whether there is enough: it may be limited (`ulimit -v`).

use super::EngineUnavailable;

const GIB: usize = 1024 * 1024 * 1024;

/// What V8 reserves at the most while it starts, for the V8 that is pinned: a cage of 4 GiB, and 48 GiB of which it keeps
/// 16. With less than that it tries four places at random, and ends the process if none of them will do.
const TO_START: usize = 54 * GIB;
/// What an isolate reserves (1.8 GiB), with another one that may be made at the same time.
const FOR_AN_ISOLATE: usize = 4 * GIB;

/// Looks whether V8 can start.
pub(super) fn check_start() -> Result<(), EngineUnavailable> {
    check(TO_START, "to start")
}

/// Looks whether an isolate can be made.
pub(super) fn check_isolate() -> Result<(), EngineUnavailable> {
    check(FOR_AN_ISOLATE, "for another isolate")
}

/// Looks whether V8 could start in a child process: it has its own address space, with the limits of this one.
pub(crate) fn check_limit() -> Result<(), EngineUnavailable> {
    match limit() {
        Some(limit) if limit < TO_START => Err(refusal(TO_START, "to start")),
        _ => Ok(()),
    }
}

fn check(bytes: usize, what_for: &str) -> Result<(), EngineUnavailable> {
    if can_reserve(bytes) { Ok(()) } else { Err(refusal(bytes, what_for)) }
}

fn refusal(bytes: usize, what_for: &str) -> EngineUnavailable {
    let reason = format!(
        "V8 reserves {} GiB of address space {what_for}, and this process may not have so much. It is not memory that is \
         used: let the process have more, with ulimit -v unlimited for instance",
        bytes / GIB
    );
    EngineUnavailable { reason }
}

#[cfg(unix)]
fn can_reserve(bytes: usize) -> bool {
    use std::ptr::null_mut;
    if limit().is_none() {
        return true;
    }
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
    // SAFETY: it reserves addresses that nobody has, and nobody may touch.
    let start = unsafe { libc::mmap(null_mut(), bytes, libc::PROT_NONE, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        return false;
    }
    // SAFETY: it was reserved above, and nobody else knows of it.
    unsafe { libc::munmap(start, bytes) };
    true
}

/// What this process may have at the most, if that is limited.
#[cfg(unix)]
fn limit() -> Option<usize> {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: it writes to the place that it is given, and nothing else.
    let status = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    let is_limited = status == 0 && limit.rlim_cur != libc::RLIM_INFINITY;
    is_limited.then(|| usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn can_reserve(_bytes: usize) -> bool {
    true
}

#[cfg(not(unix))]
fn limit() -> Option<usize> {
    None
}

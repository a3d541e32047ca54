//! The processor time of an engine thread, readable from every thread.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

/// Measures what one thread runs between [`CpuClock::start_here`] and [`CpuClock::stop`].
#[derive(Debug, Default)]
pub(super) struct CpuClock(Mutex<State>);

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    NotStarted,
    Running {
        source: source::Source,
        at_start: Duration,
    },
    Stopped(Duration),
}

impl CpuClock {
    /// Starts to measure the calling thread.
    pub(super) fn start_here(&self) {
        let source = source::of_this_thread();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            State::Running { source, at_start: source::read(source) };
    }

    /// The thread goes to sleep, or `works` for others meanwhile. For sleep alone it is only needed where the clock goes on
    /// while a thread sleeps.
    pub(super) fn pause(&self, works: bool) {
        if works || source::COUNTS_SLEEP {
            self.stop();
        }
    }

    /// The thread is back, after a pause of the same kind.
    pub(super) fn resume(&self, worked: bool) {
        if worked || source::COUNTS_SLEEP {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let source = source::of_this_thread();
            let at_start = source::read(source).saturating_sub(elapsed(*state));
            *state = State::Running { source, at_start };
        }
    }

    /// Ends the measurement. The thread may do something else afterwards.
    pub(super) fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State::Stopped(elapsed(*state));
    }

    /// What the thread has run so far.
    pub(super) fn elapsed(&self) -> Duration {
        // The lock is held while the thread's clock is read, so the thread can't end meanwhile: it stops the clock first.
        elapsed(*self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn elapsed(state: State) -> Duration {
    match state {
        State::NotStarted => Duration::ZERO,
        State::Running { source, at_start } => source::read(source).saturating_sub(at_start),
        State::Stopped(elapsed) => elapsed,
    }
}

#[cfg(target_os = "linux")]
mod source {
    use std::time::Duration;

    pub(super) type Source = libc::clockid_t;

    pub(super) const COUNTS_SLEEP: bool = false;

    pub(super) fn of_this_thread() -> Source {
        let mut clock = libc::CLOCK_THREAD_CPUTIME_ID;
        // SAFETY: `pthread_self` is the calling thread, which is alive, and `clock` is a place to write an id to.
        let status = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
        if status == 0 { clock } else { libc::CLOCK_THREAD_CPUTIME_ID }
    }

    pub(super) fn read(source: Source) -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is a place to write a time to; an id that is no longer valid gives an error, nothing else.
        let status = unsafe { libc::clock_gettime(source, &raw mut time) };
        if status != 0 {
            return Duration::ZERO;
        }
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
        Duration::new(seconds, nanoseconds)
    }
}

/// Where another thread's processor time can't be read: the time that it is awake, which is an upper bound.
#[cfg(not(target_os = "linux"))]
mod source {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    pub(super) type Source = ();

    pub(super) const COUNTS_SLEEP: bool = true;

    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn of_this_thread() -> Source {}

    pub(super) fn read((): Source) -> Duration {
        ORIGIN.elapsed()
    }
}

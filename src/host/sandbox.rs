//! What a child gives up before it runs anything of a script.

use super::message::Mechanism;

/// Whether the parent is still the one that started this process.
pub(super) fn parent_is(pid: u32) -> bool {
    std::os::unix::process::parent_id() == pid
}

/// Puts every mechanism in place that the system has. Must be called before any other thread is started, on the thread
/// that starts them: they inherit it. Returns what the system refused.
pub(super) fn enter() -> Vec<Mechanism> {
    #[cfg(target_os = "linux")]
    return linux::enter();
    #[cfg(not(target_os = "linux"))]
    return elsewhere::enter();
}

/// What of it this system lacks, as far as that can be known without trying.
#[must_use]
pub fn unavailable() -> Vec<Mechanism> {
    #[cfg(target_os = "linux")]
    return linux::unavailable();
    #[cfg(not(target_os = "linux"))]
    return elsewhere::MISSING.to_vec();
}

#[cfg(target_os = "linux")]
#[path = "sandbox_linux.rs"]
mod linux;

/// Systems other than Linux have resource limits, and that a child sees the end of its parent by the end of the socket.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::Mechanism;

    pub(super) const MISSING: [Mechanism; 5] = [
        Mechanism::Descriptors,
        Mechanism::ParentDeath,
        Mechanism::NoNewPrivileges,
        Mechanism::Landlock,
        Mechanism::Seccomp,
    ];

    pub(super) fn enter() -> Vec<Mechanism> {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let mut missing = MISSING.to_vec();
        for resource in [libc::RLIMIT_CORE, libc::RLIMIT_FSIZE] {
            // SAFETY: it reads the limit that it is given, and nothing else.
            if unsafe { libc::setrlimit(resource, &raw const none) } != 0 {
                missing.push(Mechanism::ResourceLimits);
            }
        }
        missing
    }
}

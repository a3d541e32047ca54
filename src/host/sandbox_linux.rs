//! The sandbox of Linux: closed descriptors, no new privileges, resource limits, landlock, seccomp.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::RawFd;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::Mechanism;

/// The newest rules that this build knows. An older kernel enforces those that it knows.
const LANDLOCK: ABI = ABI::V6;
/// The oldest landlock that counts: with all rights to files. What came later is taken where it is.
const LANDLOCK_NEEDED: ABI = ABI::V1;

pub(super) fn enter() -> Vec<Mechanism> {
    // Not part of the sandbox: when memory is short, the kernel shall take this process before its parent.
    let _ = fs::write("/proc/self/oom_score_adj", "900");
    let steps: [(Mechanism, fn() -> bool); 6] = [
        (Mechanism::ParentDeath, die_with_parent),
        (Mechanism::Descriptors, close_descriptors),
        (Mechanism::NoNewPrivileges, give_up_new_privileges),
        // Landlock needs a descriptor for a moment.
        (Mechanism::Landlock, enter_landlock),
        (Mechanism::ResourceLimits, limit_resources),
        // Last, because it forbids most of the above.
        (Mechanism::Seccomp, filter_system_calls),
    ];
    steps.into_iter().filter(|(_, step)| !step()).map(|(mechanism, _)| mechanism).collect()
}

pub(super) fn unavailable() -> Vec<Mechanism> {
    let mut missing = Vec::new();
    if !has_landlock() {
        missing.push(Mechanism::Landlock);
    }
    if !has_seccomp() {
        missing.push(Mechanism::Seccomp);
    }
    missing
}

fn has_landlock() -> bool {
    const VERSION: libc::c_ulong = 1;
    // SAFETY: with this flag the call reads nothing, makes nothing, and returns the version.
    unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0_usize, 0_usize, VERSION) >= 1 }
}

fn has_seccomp() -> bool {
    const GET_ACTION_AVAIL: libc::c_long = 2;
    let deadliest: u32 = libc::SECCOMP_RET_KILL_PROCESS;
    // SAFETY: it reads a number that lives until it returns, and changes nothing. A system without the call refuses it,
    // and so does a container that keeps it from its programs.
    unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION_AVAIL, 0_usize, &raw const deadliest) == 0 }
}

fn prctl(option: libc::c_int, value: libc::c_ulong) -> libc::c_int {
    // SAFETY: the options used here take numbers, no pointers.
    unsafe { libc::prctl(option, value, 0, 0, 0) }
}

fn die_with_parent() -> bool {
    #[allow(clippy::cast_sign_loss)] // The number of a signal.
    let signal = libc::SIGKILL as libc::c_ulong;
    prctl(libc::PR_SET_PDEATHSIG, signal) == 0
}

fn give_up_new_privileges() -> bool {
    // Nobody of the same user may look into the child either, or attach to it. From here on its own /proc is closed.
    prctl(libc::PR_SET_NO_NEW_PRIVS, 1) == 0 && prctl(libc::PR_SET_DUMPABLE, 0) == 0
}

/// Closes what the parent, or whoever started it, has left open. The socket is descriptor 0; 1 and 2 lead nowhere; what
/// this process has opened itself, for its event loop, is marked to be closed on exec, which what is inherited can't be.
fn close_descriptors() -> bool {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else {
        return false;
    };
    let open = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    let open: Vec<RawFd> = open.filter(|descriptor| *descriptor > libc::STDERR_FILENO).collect();
    for descriptor in open {
        // SAFETY: it asks for the flags of a descriptor; of one that is closed by now it gets an error.
        let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
        if flags >= 0 && flags & libc::FD_CLOEXEC == 0 {
            // SAFETY: nothing in this process has it: all that std and tokio open is marked.
            unsafe { libc::close(descriptor) };
        }
    }
    true
}

fn limit_resources() -> bool {
    // V8 reserves far more address space than it uses, so that is not limited; its heaps have limits of their own.
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    [libc::RLIMIT_CORE, libc::RLIMIT_FSIZE, libc::RLIMIT_NOFILE, libc::RLIMIT_MEMLOCK, libc::RLIMIT_MSGQUEUE]
        .into_iter()
        // SAFETY: it reads the limit that it is given, and nothing else.
        .all(|resource| unsafe { libc::setrlimit(resource, &raw const none) } == 0)
}

/// No right to any file, to any port, to any other process. There are no exceptions.
fn enter_landlock() -> bool {
    let enforce = || {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(LANDLOCK_NEEDED))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .handle_access(AccessNet::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()?
            .restrict_self()
    };
    enforce().is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

/// What only somebody calls who has taken V8 over. The child is killed at once.
const DEADLY: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bpf,
    libc::SYS_io_uring_setup,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_userfaultfd,
];

/// What V8, the allocator, and the event loop need. Everything else fails with `ENOSYS`, as on a kernel without it, which
/// every library can deal with.
const ALLOWED: &[libc::c_long] = &[
    // The socket, and the event loop.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_shutdown,
    libc::SYS_close,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    // Memory.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_pkey_alloc,
    libc::SYS_pkey_free,
    libc::SYS_pkey_mprotect,
    // Threads.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    // Signals, of its own.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Clocks and randomness.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
    libc::SYS_getrandom,
    // What the machine is like.
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_getrusage,
    libc::SYS_getcpu,
];

fn filter_system_calls() -> bool {
    let apply = || -> Result<(), seccompiler::Error> {
        // Of two filters the stricter one decides, call by call.
        let deadly = DEADLY.iter().map(|call| (*call, Vec::new())).collect();
        let deadly = program(deadly, SeccompAction::Allow, SeccompAction::KillProcess)?;
        #[allow(clippy::cast_sign_loss)] // The number of an error.
        let refused = SeccompAction::Errno(libc::ENOSYS as u32);
        let allowed = program(allowed()?, refused, SeccompAction::Allow)?;
        seccompiler::apply_filter(&deadly)?;
        seccompiler::apply_filter(&allowed)
    };
    apply().is_ok()
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn program(
    rules: Rules,
    otherwise: SeccompAction,
    matching: SeccompAction,
) -> Result<BpfProgram, seccompiler::Error> {
    let architecture = std::env::consts::ARCH.try_into()?;
    Ok(SeccompFilter::new(rules, otherwise, matching, architecture)?.try_into()?)
}

fn allowed() -> Result<Rules, seccompiler::Error> {
    let mut rules: Rules = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // Threads, no processes. `clone3` hides its flags from filters; without it, libc takes `clone`.
    let thread = u64::try_from(libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND).unwrap_or(0);
    rules.insert(libc::SYS_clone, vec![when(0, SeccompCmpOp::MaskedEq(thread), thread)?]);
    // Its own limits may be read, not set, and nobody else's.
    let own = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, 0)?;
    let reads = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![own, reads])?]);
    // `abort` sends a signal to its own thread.
    rules.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?]);
    let mut names = Vec::new();
    for option in [libc::PR_SET_NAME, libc::PR_SET_VMA] {
        names.push(when(0, SeccompCmpOp::Eq, u64::try_from(option).unwrap_or(0))?);
    }
    rules.insert(libc::SYS_prctl, names);
    Ok(rules)
}

fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::Error> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

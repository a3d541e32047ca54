//! How a child process is started.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Where the parts of a child are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The executable that opens the addon.
    pub launcher: PathBuf,
    /// The addon.
    pub addon: PathBuf,
    /// The time zone of the program, as an IANA name: the child can't read the system's.
    pub time_zone: Option<String>,
}

/// What the launcher has to say by its exit code; see `src/bin/codecell-launcher.rs`.
const ADDON_UNREADABLE: i32 = 10;
const ENTRY_MISSING: i32 = 11;

impl Launch {
    /// What is wrong with the launcher or the addon, if anything is.
    ///
    /// # Errors
    /// A sentence that names the file, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        if let Err(error) = accessible(&self.launcher, libc::X_OK) {
            return Err(format!(
                "the launcher of child processes, {}, can't be executed: {error}. It belongs beside the addon, with the \
                 right to execute it; in a clone run: node scripts/setup.mjs",
                self.launcher.display()
            ));
        }
        accessible(&self.addon, libc::R_OK)
            .map_err(|error| format!("the addon {} can't be read: {error}", self.addon.display()))
    }

    /// Starts a child. The socket is its standard input; it inherits nothing else. The calling thread must live as long
    /// as the process: the child dies with it.
    pub(super) fn spawn(&self) -> io::Result<(Child, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(&self.launcher);
        command
            .arg(&self.addon)
            .arg(std::process::id().to_string())
            .env_clear()
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            // A Ctrl-C in the terminal is for the program, not for its children.
            .process_group(0);
        // The program found its libraries there.
        if let Some(path) = std::env::var_os("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", path);
        }
        if let Some(zone) = &self.time_zone {
            command.env("TZ", zone);
        }
        Ok((command.spawn()?, ours))
    }

    /// What an exit status means.
    pub(super) fn explain(&self, status: ExitStatus) -> String {
        match (status.code(), status.signal()) {
            (Some(ADDON_UNREADABLE), _) => {
                format!(
                    "it could not load the addon {}; run the launcher by hand to see why",
                    self.addon.display()
                )
            }
            (Some(ENTRY_MISSING), _) => {
                format!("the addon {} is of another version than its launcher", self.addon.display())
            }
            (Some(code), _) => format!("it exited with code {code}"),
            (None, Some(signal)) => format!("it was killed by {}", signal_name(signal)),
            (None, None) => "it ended".to_owned(),
        }
    }
}

fn accessible(path: &Path, mode: libc::c_int) -> io::Result<()> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let name = CString::new(OsStr::as_bytes(path.as_os_str()))?;
    // SAFETY: it reads a C string that lives until it returns.
    if unsafe { libc::access(name.as_ptr(), mode) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        libc::SIGKILL => "SIGKILL",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

//! Starts a child process: opens the addon, and enters it.
//!
//! ```text
//! codecell-launcher ADDON PARENT-PID
//! ```
//!
//! So there is one engine on disk, for threads and for child processes. The addon looks N-API up when Node loads it, and
//! needs nothing of it here. Exit codes: that of the child; 2 wrong arguments; 10 the addon can't be opened; 11 it has
//! no entry for children.

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use std::ffi::{CStr, CString};
    use std::os::unix::ffi::OsStringExt;
    use std::process::ExitCode;

    const ENTRY: &CStr = c"codecell_child_main";
    const WRONG_ARGUMENTS: u8 = 2;
    const ADDON_UNREADABLE: u8 = 10;
    const ENTRY_MISSING: u8 = 11;

    /// Says on the standard error what is wrong. A supervisor does not read it; somebody who runs this by hand does.
    fn fail(code: u8, message: &str) -> ExitCode {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "codecell-launcher: {message}");
        ExitCode::from(code)
    }

    /// What `dlopen` or `dlsym` has to say about its last failure.
    fn loader_error() -> String {
        // SAFETY: it returns a C string that stays until the next call for the loader on this thread, or null.
        let message = unsafe { libc::dlerror() };
        if message.is_null() {
            return "unknown error".to_owned();
        }
        // SAFETY: see above; it is copied at once.
        unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
    }

    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [addon, parent] = arguments.as_slice() else {
        return fail(WRONG_ARGUMENTS, "usage: codecell-launcher ADDON PARENT-PID");
    };
    let Some(parent) = parent.to_str().and_then(|parent| parent.parse::<u32>().ok()) else {
        return fail(WRONG_ARGUMENTS, "PARENT-PID must be a number");
    };
    let Ok(addon) = CString::new(addon.clone().into_vec()) else {
        return fail(WRONG_ARGUMENTS, "ADDON must be a path");
    };
    // SAFETY: the path is a C string; the constructors of an addon only register what it has.
    let library = unsafe { libc::dlopen(addon.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
    if library.is_null() {
        return fail(ADDON_UNREADABLE, &loader_error());
    }
    // SAFETY: the library is open, and stays so.
    let entry = unsafe { libc::dlsym(library, ENTRY.as_ptr()) };
    if entry.is_null() {
        return fail(ENTRY_MISSING, &loader_error());
    }
    // SAFETY: the addon of this version has this function under this name, and no other addon has the name.
    let entry: extern "C" fn(u32) -> i32 = unsafe { std::mem::transmute(entry) };
    ExitCode::from(u8::try_from(entry(parent)).unwrap_or(u8::MAX))
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    // Sessions with child processes are refused here before anything is started.
    std::process::ExitCode::from(2)
}

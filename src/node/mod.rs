//! N-API, and nothing else: classes that JavaScript holds, options, the bridge to Node's loop, errors with codes.
//!
//! The JavaScript layer in `js/` is the only caller. It checks what users give; here it is only converted.

mod bridge;
#[cfg(unix)]
mod child_event;
mod engines;
mod error;
mod functions;
mod inspector;
mod message;
mod options;
mod session;
mod tool_set;

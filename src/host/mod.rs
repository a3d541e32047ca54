//! The engine in child processes: the same one, behind a socket, where a crash or a script that can't be stopped costs
//! a process and nothing else.
//!
//! `supervisor` is this side: it starts children, gives them cells, and trusts none of them. `child` is the other side:
//! the thread engine, without Node, in a `sandbox`. Between them are `message`s in `frame`s. The launcher, an
//! executable of its own, opens the addon and enters the child.

#[cfg(unix)]
mod child;
#[cfg(unix)]
mod engine;
#[cfg(target_os = "linux")]
mod epoll;
#[cfg(unix)]
mod event_loop;
pub mod frame;
pub mod message;
#[cfg(unix)]
mod outbox;
#[cfg(unix)]
mod sandbox;
#[cfg(unix)]
mod socket;
#[cfg(unix)]
mod supervisor;

#[cfg(unix)]
pub use engine::{ProcessEngine, ProcessOptions};
#[cfg(unix)]
pub use event_loop::read_in_loop;
#[cfg(unix)]
pub use supervisor::{ChildEvent, ChildObserver, Launch, LoopReader};

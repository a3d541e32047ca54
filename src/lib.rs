//! `codecell` runs JavaScript that a model wrote, each script in a V8 isolate of its own.
//!
//! Imports run one way: `node → session → cell → engine`; `model` stands beside them.

pub mod cell;
pub mod engine;
pub mod host;
pub mod model;
// napi leaves the registration of its classes out of unit tests, and nothing else uses this room.
#[cfg(not(test))]
mod node;
#[cfg(test)]
mod schedules;
pub mod session;

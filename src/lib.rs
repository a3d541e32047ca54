//! `codecell` runs JavaScript that a model wrote, each script in a V8 isolate of its own.
//!
//! Imports run one way: `node → session → cell → engine`; `model` stands beside them.

pub mod cell;
pub mod engine;
pub mod model;
mod node;
pub mod session;

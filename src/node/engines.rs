//! The engines of the process, as JavaScript configures them.

use std::time::Duration;

use napi_derive::napi;

use super::message::number;
use super::options::milliseconds;
use crate::engine::{PoolOptions, ThreadEngine};
#[cfg(unix)]
use crate::host::ProcessEngine;

/// Says how many engines stand ready, and for how many milliseconds; null leaves it as it is. Returns both.
#[napi(catch_unwind)]
pub fn configure_engines(ready: Option<u32>, idle_ms: Option<f64>) -> Vec<f64> {
    let before = PoolOptions::current();
    let options = PoolOptions {
        ready: ready.and_then(|ready| usize::try_from(ready).ok()).unwrap_or(before.ready),
        // What no clock can show is for ever.
        idle: idle_ms.map_or(before.idle, |idle| milliseconds(idle).unwrap_or(Duration::MAX)),
    };
    if options != before {
        ThreadEngine::configure(options);
        #[cfg(unix)]
        ProcessEngine::pool_has_changed();
    }
    let idle_ms =
        if options.idle == Duration::MAX { f64::INFINITY } else { options.idle.as_secs_f64() * 1e3 };
    vec![number(u64::try_from(options.ready).unwrap_or(u64::MAX)), idle_ms]
}

//! The thread on which the actors of all cells run.

use std::sync::LazyLock;
use std::thread;

use tokio::runtime::{Builder, Handle};

/// One thread is enough: actors only pass messages on. It is ours rather than napi's, because that one ends with the
/// last environment while cells of a terminated worker still come to their end. It lives as long as the process.
static RUNTIME: LazyLock<Option<Handle>> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build().ok()?;
    let handle = runtime.handle().clone();
    let spawned = thread::Builder::new()
        .name("codecell-cells".into())
        .spawn(move || runtime.block_on(std::future::pending::<()>()));
    spawned.ok().map(|_| handle)
});

/// Whether actors can run at all. Asked before a cell is started.
pub(super) fn is_available() -> bool {
    RUNTIME.is_some()
}

/// Runs an actor.
pub(super) fn spawn(actor: impl Future<Output = ()> + Send + 'static) {
    if let Some(runtime) = &*RUNTIME {
        runtime.spawn(actor);
    }
}

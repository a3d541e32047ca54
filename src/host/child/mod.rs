//! A child process: the thread engine behind a socket, in a sandbox, without Node.
//!
//! V8 runs on the threads of the engine. Those that have nothing to do read what the parent sends, and all of them write
//! to it themselves; a thread of its own reads while none waits, and the main thread keeps the time. The child trusts
//! its parent, which does not trust it.

mod cells;
mod entry;
mod event;
mod gate;
mod inlet;
mod parent;
mod stored;
mod tools;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use tokio::time::sleep;

use super::message::{FromChild, Mechanism, PROTOCOL};
use super::socket::Writer;
use cells::Cells;
use gate::Gate;
use inlet::Inlet;
use parent::Parent;

/// How often a child with cells tells what they have used, while they use something.
const USAGE_INTERVAL: Duration = Duration::from_millis(100);
/// How often it says that it is well, at least. The supervisor waits several times as long.
const ALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// The socket to the parent, with what it takes to read and to write it.
struct Ends {
    stream: UnixStream,
    gate: Gate,
    writer: Writer,
}

impl Ends {
    /// Takes the socket from descriptor 0, which is what the parent has made it.
    fn open() -> io::Result<Self> {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let writer = Writer::new(&stream)?;
        let gate = Gate::new(&stream)?;
        Ok(Self { stream, gate, writer })
    }
}

/// Serves the parent until it is gone. To be called in the context of the event loop.
async fn serve(Ends { stream, gate, writer }: Ends, missing: Vec<Mechanism>) {
    let parent = Arc::new(Parent::new(writer));
    let inlet = Arc::new_cyclic(|inlet| {
        let cells = Cells::new(Arc::clone(&parent), Weak::clone(inlet), missing.is_empty());
        Inlet::new(stream, gate, Arc::clone(&parent), cells)
    });
    parent.push(&FromChild::Ready { protocol: PROTOCOL, missing }, Vec::new());
    parent.flush();
    let reading = {
        let inlet = Arc::clone(&inlet);
        thread::Builder::new().name("codecell-reader".into()).spawn(move || inlet.read())
    };
    if reading.is_err() {
        return;
    }
    tokio::select! {
        () = parent.gone.notified() => {}
        () = parent.write_backlog() => {}
        () = parent.write_waiting() => {}
        () = tell_usage(&inlet.cells) => {}
    }
}

/// Tells what cells have used, as long as there are any, and that the child is well.
async fn tell_usage(cells: &Cells) {
    loop {
        cells.started.notified().await;
        let mut interval = USAGE_INTERVAL;
        while !cells.is_empty() {
            sleep(interval).await;
            // Cells that only wait need no clock.
            interval = if cells.tell_usage() { USAGE_INTERVAL } else { (interval * 2).min(ALIVE_INTERVAL) };
        }
    }
}

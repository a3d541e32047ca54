//! The life of one child process, from its start to its last trace.

use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::unix::AsyncFdReadyGuard;
use tokio::time::{sleep, sleep_until};

use super::child::{Arrived, ChildProcess, Duty, End};
use super::pool::{Kept, Pool};
use super::{ChildEvent, Launch};
use crate::host::socket::{Socket, Watched};

/// How often an idle child is looked at: it may have been given a cell meanwhile, and be silent.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long a child that closed its socket has to end by itself. And how long the cells of one that was killed then wait
/// until it is gone.
const STATUS_TIME: Duration = Duration::from_secs(1);

/// Starts a child, serves it to its end, and sees that nothing of it is left.
pub(super) async fn serve(pool: Arc<Pool>, child: Arc<ChildProcess>, launch: Arc<Launch>) {
    let mut life = Life { pool, child, was_ready: false, may_move_cells: true, lost_cells: 0 };
    let (mut process, stream) = match launch.spawn() {
        Ok(started) => started,
        Err(error) => {
            return life.end(&format!(
                "a child process could not be started: {}: {error}",
                launch.launcher.display()
            ));
        }
    };
    let pid = process.id();
    life.pool.tell(&ChildEvent::Started { pid });
    let end = match Socket::new(stream) {
        Ok(socket) => life.talk(Arc::new(socket), pid).await,
        Err(error) => End::Told(error.to_string()),
    };
    // It gets no cell any more.
    life.child.drain();
    // One that closed its socket most likely is on its way out, and its status says why.
    let left = match end {
        End::Closed => reap(&mut process, STATUS_TIME).await,
        End::Told(_) | End::Violation(_) => None,
    };
    // If somebody else has waited for it, its number may be another process's by now.
    let lives_on = matches!(process.try_wait(), Ok(None));
    if lives_on {
        let _ = process.kill();
        reap(&mut process, STATUS_TIME).await;
    }
    let reason = match (end, left) {
        (End::Told(reason), _) => {
            // What it was told for took time, or lies with the machine. Its cells have waited long enough.
            life.may_move_cells = life.was_ready;
            reason
        }
        (End::Violation(violation), _) => format!("it was killed, because {violation}"),
        (End::Closed, Some(status)) => launch.explain(status),
        (End::Closed, None) if lives_on => "it was killed, because it closed its socket".to_owned(),
        (End::Closed, None) => "it closed its socket".to_owned(),
    };
    life.end(&format!("the child process {pid} that ran the script is gone: {reason}"));
    // At once, if it is gone by now.
    reap(&mut process, Duration::MAX).await;
    life.pool.tell(&ChildEvent::Ended { pid, reason, lost_cells: life.lost_cells });
}

/// Waits until a process is gone. None if it is not by then, or if somebody else has waited for it.
async fn reap(process: &mut Child, time: Duration) -> Option<ExitStatus> {
    const LONGEST_PAUSE: Duration = Duration::from_millis(100);
    let started = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        match process.try_wait() {
            Ok(Some(status)) => return Some(status),
            Err(error) if error.kind() != ErrorKind::Interrupted => return None,
            Err(_) | Ok(None) if started.elapsed() >= time => return None,
            Err(_) | Ok(None) => sleep(pause).await,
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

/// A child that is served. Whatever happens, its cells are told of its end.
struct Life {
    pool: Arc<Pool>,
    child: Arc<ChildProcess>,
    was_ready: bool,
    /// Whether cells of which it has said nothing are given to another child.
    may_move_cells: bool,
    lost_cells: usize,
}

impl Drop for Life {
    fn drop(&mut self) {
        // Does nothing after an orderly end.
        self.end("a defect in codecell ended the child process that ran the script");
    }
}

impl Life {
    fn end(&mut self, reason: &str) {
        let (lost_cells, elsewhere) = self.child.lose_cells(reason, self.may_move_cells);
        self.lost_cells += lost_cells;
        self.pool.has_ended(&self.child, self.was_ready);
        for order in elsewhere {
            let placement = Arc::clone(&order.placement);
            let goes_on = placement.place_again(&self.pool, Box::new(order), reason);
            self.lost_cells += usize::from(!goes_on);
        }
        // Said once.
        self.was_ready = true;
    }

    async fn talk(&mut self, socket: Arc<Socket>, pid: u32) -> End {
        self.child.connect(Arc::clone(&socket));
        let mut watched: Option<Watched> = None;
        let mut late = Duration::ZERO;
        loop {
            if let Some(end) = self.child.take_end() {
                return end;
            }
            if let Err(error) = self.child.send_catalogues() {
                return End::Violation(error.into());
            }
            let backlog = self.child.flush_backlog();
            let look_at = match self.child.duty(late) {
                Duty::End(reason) => return End::Told(reason),
                Duty::Wait(time) => time,
                Duty::Idle(since) => match self.pool.keeps(&self.child, since) {
                    Kept::UntilWoken => Some(Instant::now() + LOOK_INTERVAL),
                    Kept::Until(time) => Some(time.min(Instant::now() + LOOK_INTERVAL)),
                    Kept::NotAny => continue,
                },
            };
            if self.child.is_read_by_loop() {
                watched = None;
            } else if watched.is_none() {
                match socket.watch() {
                    Ok(new) => watched = Some(new),
                    Err(error) => return End::Told(error.to_string()),
                }
            }
            tokio::select! {
                // What the child has said counts before its silence does.
                biased;
                ready = ready(watched.as_ref()) => {
                    let Ok(mut ready) = ready else { return End::Closed };
                    if self.read(&socket, pid).may_be_more {
                        // Other children have their turn.
                        tokio::task::yield_now().await;
                    } else {
                        ready.clear_ready();
                    }
                }
                () = self.child.wake.notified() => {}
                _ = socket.writer.writable(), if backlog => {}
                () = until(look_at) => {}
            }
            late = look_at.map_or(Duration::ZERO, |time| time.elapsed());
            self.child.look(&socket, late);
        }
    }

    fn read(&mut self, socket: &Socket, pid: u32) -> Arrived {
        let mut arrived = self.child.read(socket);
        if let Some(missing) = arrived.greeting.take() {
            self.was_ready = true;
            self.pool.is_ready();
            self.pool.tell(&ChildEvent::Ready { pid, missing });
        }
        arrived
    }
}

async fn ready(watched: Option<&Watched>) -> io::Result<AsyncFdReadyGuard<'_, Arc<UnixStream>>> {
    match watched {
        Some(watched) => watched.readable().await,
        None => std::future::pending().await,
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

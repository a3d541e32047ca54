//! A bare round trip between a thread and JavaScript: a threadsafe function there, a condition variable back. The floor
//! for a tool call, and the measure that `benches/node` puts beside it.

#![allow(clippy::unwrap_used, clippy::missing_errors_doc, clippy::missing_panics_doc, missing_docs)]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use napi::bindgen_prelude::Function;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;

/// What `called` gets after the last round trip.
const END: u32 = u32::MAX;

/// A standing thread that calls JavaScript, and waits for its answer before it calls again.
#[napi]
pub struct BareThread {
    counts: Sender<u32>,
    answers: Sender<u32>,
}

#[napi]
impl BareThread {
    /// `called` gets a number for each round trip, and must pass it to `answer`; after the last it gets 2^32 - 1.
    #[napi(constructor)]
    pub fn new(called: Function<'_, u32, ()>) -> napi::Result<Self> {
        let call =
            called.build_threadsafe_function::<u32>().weak::<true>().callee_handled::<false>().build()?;
        let (counts, wanted) = channel();
        let (answers, answered): (_, Receiver<u32>) = channel();
        thread::spawn(move || {
            while let Ok(count) = wanted.recv() {
                for number in 0..count {
                    call.call(number, ThreadsafeFunctionCallMode::NonBlocking);
                    if answered.recv() != Ok(number) {
                        return;
                    }
                }
                call.call(END, ThreadsafeFunctionCallMode::NonBlocking);
            }
        });
        Ok(Self { counts, answers })
    }

    /// Has the thread make so many round trips.
    #[napi]
    pub fn run(&self, count: u32) {
        self.counts.send(count).unwrap();
    }

    /// Answers a call.
    #[napi]
    pub fn answer(&self, number: u32) {
        let _ = self.answers.send(number);
    }
}

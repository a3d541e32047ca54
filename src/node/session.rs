//! The class behind `Session`.

use std::sync::Arc;
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::bridge::{Bridge, NativeBridge, yield_time};
use super::error::{CodedError, invalid_argument, invalid_input, not_started};
use super::message::{Message, number, whole};
use super::options::Options;
use super::tool_set::NativeToolSet;
use crate::cell::{Observation, Reply, Ticket, Watch};
use crate::engine::{Features, InspectedStart};
use crate::model::parse_exec_source;
use crate::session::{Exec, Session};

/// What JavaScript holds of a session. Every method returns at once; answers come through the bridge.
#[napi]
pub struct NativeSession {
    session: Arc<Session>,
    bridge: Arc<Bridge>,
    features: Features,
    default_yield_ms: f64,
    max_yield_ms: f64,
    inspected: Option<InspectedStart>,
}

#[napi]
impl NativeSession {
    /// Makes a session of checked options.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the options are not of the form; `ENGINE_UNAVAILABLE` if child processes can't be had.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env, bridge: &NativeBridge, options: String) -> Result<Self, CodedError> {
        let mut options = Options::parse(&options)?;
        let stored = options.take_stored_values();
        let limits = options.limits();
        let bytes: usize = stored.iter().map(|(key, value)| key.len() + value.bytes()).sum();
        if bytes > limits.cell.stored_bytes {
            return Err(invalid_argument(format!(
                "storedValues have {bytes} bytes as JSON, more than limits.storedBytes, which is {}. Give fewer, or \
                 raise the limit",
                limits.cell.stored_bytes
            )));
        }
        let bridge = Arc::clone(&bridge.bridge);
        let host = Arc::clone(&bridge) as Arc<dyn crate::cell::Host>;
        let engine = options.engine(env, &bridge)?;
        let session = Arc::new(Session::new(engine, host, limits, stored));
        bridge.add_session(&session);
        Ok(Self {
            session,
            bridge,
            features: options.features,
            default_yield_ms: options.default_yield_time_ms,
            max_yield_ms: options.max_yield_time_ms.unwrap_or(f64::INFINITY),
            inspected: options.inspect,
        })
    }

    /// Starts a cell. Returns its key and its id.
    ///
    /// # Errors
    /// With the code of what is wrong. Nothing was started then, and no answer comes.
    #[napi(catch_unwind)]
    pub fn exec(
        &self,
        env: &Env,
        ticket: f64,
        source: String,
        yield_ms: Option<f64>,
        step: bool,
        tools: &NativeToolSet,
    ) -> Result<Vec<Either<f64, String>>, CodedError> {
        let parsed = parse_exec_source(&source).map_err(invalid_input)?;
        // A pragma's number is at most 2^53 - 1.
        let yield_ms = yield_ms.or(parsed.yield_time_ms.map(number));
        let exec = Exec {
            source: parsed.code.to_owned(),
            line_offset: parsed.line_offset,
            features: self.features,
            tools: Arc::clone(&tools.tools),
            observation: self.observation(ticket, None, yield_ms, step),
            inspected: self.inspected,
        };
        let cell = self.session.exec(exec).map_err(|error| not_started(&error))?;
        self.bridge.retain(env);
        let names = vec![Either::A(number(cell.key.number())), Either::B(cell.id.to_string())];
        Ok(names)
    }

    /// Observes a cell.
    #[napi(catch_unwind)]
    pub fn wait(&self, env: &Env, ticket: f64, cell: String, yield_ms: Option<f64>, step: bool) {
        self.bridge.retain(env);
        let observation = self.observation(ticket, Some(&cell), yield_ms, step);
        self.session.wait(&cell, observation);
    }

    /// Terminates a cell.
    #[napi(catch_unwind)]
    pub fn terminate(&self, env: &Env, ticket: f64, cell: String) {
        self.bridge.retain(env);
        let ticket = Ticket(whole(ticket));
        self.session.terminate(&cell, ticket, self.reply(ticket, Some(&cell)));
    }

    /// Terminates a cell that still runs.
    #[napi(catch_unwind)]
    pub fn abort(&self, cell: String) {
        self.session.abort(&cell);
    }

    /// Has an exec or a wait of this cell answered at once.
    #[napi(catch_unwind)]
    pub fn yield_now(&self, ticket: f64, cell: String) {
        self.session.yield_now(&cell, Ticket(whole(ticket)));
    }

    /// Gives up a wait for this cell.
    #[napi(catch_unwind)]
    pub fn cancel_wait(&self, ticket: f64, cell: String) {
        self.session.abandon(&cell, Ticket(whole(ticket)));
    }

    /// Terminates every cell; answered when all are gone.
    #[napi(catch_unwind)]
    pub fn close(&self, env: &Env, ticket: f64) {
        self.bridge.retain(env);
        let bridge = Arc::clone(&self.bridge);
        self.session.close(move || bridge.send(Message::Closed { ticket: Ticket(whole(ticket)) }));
    }

    /// The committed stored values: key, JSON text, key, JSON text, …
    #[napi(catch_unwind)]
    pub fn stored_values(&self) -> Vec<String> {
        let stored = self.session.stored_values();
        stored.iter().flat_map(|(key, value)| [key.clone(), value.as_str().to_owned()]).collect()
    }

    /// The ids of the cells alive now.
    #[napi(catch_unwind)]
    pub fn active_cells(&self) -> Vec<String> {
        self.session.active_cells().iter().map(ToString::to_string).collect()
    }
}

impl NativeSession {
    fn observation(&self, ticket: f64, cell: Option<&str>, yield_ms: Option<f64>, step: bool) -> Observation {
        let ticket = Ticket(whole(ticket));
        Observation {
            ticket,
            watch: if step { Watch::Frontier } else { Watch::Yield },
            yield_after: self.yield_after(yield_ms),
            reply: self.reply(ticket, cell),
        }
    }

    fn yield_after(&self, given: Option<f64>) -> Option<Duration> {
        yield_time(given.unwrap_or(self.default_yield_ms).min(self.max_yield_ms))
    }

    /// An answer goes to JavaScript. It always arrives there, or nobody is left to miss it.
    fn reply(&self, ticket: Ticket, cell: Option<&str>) -> Reply {
        let bridge = Arc::clone(&self.bridge);
        let cell = cell.map(ToOwned::to_owned);
        Box::new(move |answer| {
            bridge.send(match answer {
                Ok(result) => Message::Answer { ticket, result },
                Err(refusal) => Message::refusal(ticket, cell.as_deref().unwrap_or_default(), refusal),
            });
            None
        })
    }
}

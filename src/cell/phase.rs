//! The state machine of a cell. It is pure: what happens goes in as [`Input`], what is to be done comes out as
//! [`Effect`]. Every race of a cell's life is decided here, by the order in which the inputs arrive.

use std::collections::BTreeSet;

use super::NotificationId;
use super::transition::{Answer, Effect, Ending, Input, Refusal, Ticket, Watch};
use crate::engine::{CellError, Flow, ToolCallId};
use crate::model::ContentItem;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// V8 runs the script.
    Running,
    /// V8 has stopped by itself; notifications that are under way come to their end.
    DrainingNotifications(Ending),
    /// Then the tool calls that are left, which were aborted.
    DrainingTools(Ending),
    /// Somebody stops the cell. When V8 and all callbacks have stopped, the callers are answered.
    Terminating { engine: TerminatingEngine, callers: Vec<Ticket> },
    /// The final result waits for somebody to take it.
    Ended(Ending),
    /// The final result was delivered, or nobody wants it.
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TerminatingEngine {
    Running,
    Stopped,
    Lost(CellError),
}

/// The state of a cell.
#[derive(Debug, Clone)]
pub struct Phase {
    stage: Stage,
    output: Vec<ContentItem>,
    observer: Option<(Ticket, Watch)>,
    tools: BTreeSet<ToolCallId>,
    notifications: BTreeSet<NotificationId>,
    /// Calls made since the last frontier. Not kept while the script runs on: its frontiers are invisible then.
    since_frontier: Vec<ToolCallId>,
    flow: Flow,
    flow_number: u64,
    frozen: bool,
    /// The session closes: a result that nobody waits for is not kept.
    shut_down: bool,
    /// A frontier that could not be delivered.
    frontier_kept: bool,
}

impl Phase {
    /// A cell that starts with this flow.
    #[must_use]
    pub fn new(flow: Flow) -> Self {
        Self {
            stage: Stage::Running,
            output: Vec::new(),
            observer: None,
            tools: BTreeSet::new(),
            notifications: BTreeSet::new(),
            since_frontier: Vec::new(),
            flow,
            flow_number: 0,
            frozen: false,
            shut_down: false,
            frontier_kept: false,
        }
    }

    /// Whether nothing will come of this cell any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    /// Whether the final result waits for somebody to take it.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended(_))
    }

    /// The observer, if it waits for a yield.
    #[must_use]
    pub fn yield_observer(&self) -> Option<Ticket> {
        self.observer.filter(|(_, watch)| *watch == Watch::Yield).map(|(ticket, _)| ticket)
    }

    /// Whether this tool call was started and has not ended, and is still wanted.
    #[must_use]
    pub fn awaits_tool(&self, id: ToolCallId) -> bool {
        self.stage == Stage::Running && self.tools.contains(&id)
    }

    /// Takes an input, and says what is to be done, in order.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Observe(ticket, watch) => self.observe(ticket, watch, &mut effects),
            Input::Abandon(ticket) => self.abandon(ticket, &mut effects),
            Input::YieldNow(ticket) => {
                if self.observer.is_some_and(|(observer, _)| observer == ticket) {
                    self.answer_running(&mut effects);
                }
            }
            Input::YieldRequested => {
                if self.stage == Stage::Running && self.yield_observer().is_some() {
                    self.answer_running(&mut effects);
                }
            }
            Input::Terminate(caller) => self.terminate(caller, &mut effects),
            Input::Shutdown => self.shut_down(&mut effects),
            Input::Emitted(item) => {
                if matches!(self.stage, Stage::Running | Stage::Terminating { .. }) {
                    self.output.push(item);
                }
            }
            Input::ToolCalled(id) => {
                // A call that was made before the termination, and is seen after it, never reaches the host.
                if self.stage == Stage::Running {
                    self.tools.insert(id);
                    if self.flow == Flow::Step {
                        self.since_frontier.push(id);
                    }
                    effects.push(Effect::StartTool(id));
                }
            }
            Input::ToolEnded(id) => {
                self.tools.remove(&id);
                self.settle(&mut effects);
            }
            Input::Notified(id) => {
                if self.stage == Stage::Running {
                    self.notifications.insert(id);
                    effects.push(Effect::StartNotification(id));
                }
            }
            Input::NotificationEnded(id) => {
                self.notifications.remove(&id);
                self.settle(&mut effects);
            }
            Input::Frontier(number) => self.reach_frontier(number, &mut effects),
            Input::EngineFinished(ending) => self.engine_finished(ending, &mut effects),
            Input::EngineLost(error) => self.engine_lost(error, &mut effects),
            Input::GraceOver => self.grace_over(&mut effects),
        }
        effects
    }

    /// Takes an answer back that could not be delivered: its caller is gone. Nothing of it is lost.
    pub fn give_back(&mut self, answer: Answer) {
        let (mut output, ending) = match answer {
            Answer::Running(output) => (output, None),
            Answer::Pending(output, calls) => {
                self.since_frontier.splice(0..0, calls);
                self.frontier_kept = self.frozen;
                (output, None)
            }
            Answer::Ended(_, Ending::Terminated) | Answer::Refused(_) => return,
            Answer::Ended(output, ending) => (output, Some(ending)),
        };
        output.append(&mut self.output);
        self.output = output;
        if let Some(ending) = ending {
            self.stage = Stage::Ended(ending);
        }
    }

    fn observe(&mut self, ticket: Ticket, watch: Watch, effects: &mut Vec<Effect>) {
        if self.observer.is_some() {
            effects.push(Effect::Answer(ticket, Answer::Refused(Refusal::Busy)));
            return;
        }
        match &self.stage {
            Stage::Closed => effects.push(Effect::Answer(ticket, Answer::Refused(Refusal::Closed))),
            Stage::Ended(_) => {
                self.observer = Some((ticket, watch));
                self.deliver_ending(effects);
            }
            Stage::Running => {
                self.observer = Some((ticket, watch));
                if watch == Watch::Frontier && self.frontier_kept {
                    self.answer_pending(effects);
                } else {
                    let flow = if watch == Watch::Frontier { Flow::Step } else { Flow::Run };
                    self.set_flow(flow, effects);
                }
            }
            Stage::DrainingNotifications(_) | Stage::DrainingTools(_) | Stage::Terminating { .. } => {
                self.observer = Some((ticket, watch));
            }
        }
    }

    fn abandon(&mut self, ticket: Ticket, effects: &mut Vec<Effect>) {
        if self.observer.is_some_and(|(observer, _)| observer == ticket) {
            self.observer = None;
            effects.push(Effect::Answer(ticket, Answer::Refused(Refusal::Aborted)));
            if self.stage == Stage::Running {
                self.set_flow(Flow::Run, effects);
            }
        }
    }

    /// Answers the observer while the cell goes on. While it is being terminated, the end is near: no yield then.
    fn answer_running(&mut self, effects: &mut Vec<Effect>) {
        if matches!(self.stage, Stage::Terminating { .. }) {
            return;
        }
        if let Some((ticket, _)) = self.observer.take() {
            let output = std::mem::take(&mut self.output);
            effects.push(Effect::Answer(ticket, Answer::Running(output)));
            if self.stage == Stage::Running {
                self.set_flow(Flow::Run, effects);
            }
        }
    }

    fn answer_pending(&mut self, effects: &mut Vec<Effect>) {
        if let Some((ticket, _)) = self.observer.take() {
            self.frontier_kept = false;
            let output = std::mem::take(&mut self.output);
            let calls = std::mem::take(&mut self.since_frontier);
            effects.push(Effect::Answer(ticket, Answer::Pending(output, calls)));
        }
    }

    /// Lets the script go on like this. Nothing is sent to an engine that does so already.
    fn set_flow(&mut self, flow: Flow, effects: &mut Vec<Effect>) {
        if flow == Flow::Run {
            self.since_frontier.clear();
        }
        if self.frozen || self.flow != flow {
            self.flow = flow;
            self.flow_number += 1;
            self.frozen = false;
            self.frontier_kept = false;
            effects.push(Effect::SetFlow(flow, self.flow_number));
        }
    }

    fn reach_frontier(&mut self, number: u64, effects: &mut Vec<Effect>) {
        // A frontier of an earlier flow has been left again.
        if self.stage != Stage::Running || number != self.flow_number || self.flow != Flow::Step {
            return;
        }
        self.frozen = true;
        match self.observer {
            Some((_, Watch::Frontier)) => self.answer_pending(effects),
            _ => self.frontier_kept = true,
        }
    }

    fn terminate(&mut self, caller: Option<Ticket>, effects: &mut Vec<Effect>) {
        match &mut self.stage {
            Stage::Running => {
                effects.push(Effect::Interrupt);
                self.begin_termination(TerminatingEngine::Running, caller, effects);
            }
            Stage::DrainingNotifications(_) | Stage::DrainingTools(_) => {
                self.begin_termination(TerminatingEngine::Stopped, caller, effects);
            }
            Stage::Terminating { .. } => {
                if let Some(ticket) = caller {
                    effects.push(Effect::Answer(ticket, Answer::Refused(Refusal::Terminating)));
                }
            }
            Stage::Ended(_) => {
                if let Some(ticket) = caller {
                    self.observer = Some((ticket, Watch::Yield));
                    self.deliver_ending(effects);
                }
            }
            Stage::Closed => {
                if let Some(ticket) = caller {
                    effects.push(Effect::Answer(ticket, Answer::Refused(Refusal::Closed)));
                }
            }
        }
    }

    fn begin_termination(
        &mut self,
        engine: TerminatingEngine,
        caller: Option<Ticket>,
        effects: &mut Vec<Effect>,
    ) {
        let aborted_before = matches!(self.stage, Stage::DrainingTools(_));
        self.stage = Stage::Terminating { engine, callers: caller.into_iter().collect() };
        if !aborted_before {
            effects.extend(self.tools.iter().copied().map(Effect::AbortTool));
        }
        effects.push(Effect::StartGrace);
        self.settle(effects);
    }

    fn shut_down(&mut self, effects: &mut Vec<Effect>) {
        self.shut_down = true;
        match self.stage {
            Stage::Ended(_) => self.close(effects),
            Stage::Terminating { .. } | Stage::Closed => {}
            _ => self.terminate(None, effects),
        }
    }

    fn engine_finished(&mut self, ending: Ending, effects: &mut Vec<Effect>) {
        match &mut self.stage {
            // Stopped from outside although nobody asked for it here: somebody else holds the engine.
            Stage::Running if ending == Ending::Terminated => {
                self.begin_termination(TerminatingEngine::Stopped, None, effects);
            }
            Stage::Running => {
                self.stage = Stage::DrainingNotifications(ending);
                effects.push(Effect::StartGrace);
                self.settle(effects);
            }
            Stage::Terminating { engine, .. } => {
                *engine = TerminatingEngine::Stopped;
                self.settle(effects);
            }
            _ => {}
        }
    }

    fn engine_lost(&mut self, error: CellError, effects: &mut Vec<Effect>) {
        match &mut self.stage {
            Stage::Running => {
                self.begin_termination(TerminatingEngine::Lost(error), None, effects);
            }
            Stage::Terminating { engine, .. } if *engine == TerminatingEngine::Running => {
                *engine = TerminatingEngine::Lost(error);
                self.settle(effects);
            }
            _ => {}
        }
    }

    fn grace_over(&mut self, effects: &mut Vec<Effect>) {
        match self.stage {
            Stage::DrainingNotifications(_) => self.notifications.clear(),
            Stage::DrainingTools(_) => self.tools.clear(),
            Stage::Terminating { .. } => {
                self.notifications.clear();
                self.tools.clear();
            }
            _ => return,
        }
        self.settle(effects);
    }

    /// Goes on to the next stage if what the present one waits for has come.
    fn settle(&mut self, effects: &mut Vec<Effect>) {
        loop {
            match &mut self.stage {
                Stage::DrainingNotifications(ending) if self.notifications.is_empty() => {
                    let ending = std::mem::replace(ending, Ending::Terminated);
                    if !self.tools.is_empty() {
                        effects.extend(self.tools.iter().copied().map(Effect::AbortTool));
                        effects.push(Effect::StartGrace);
                    }
                    self.stage = Stage::DrainingTools(ending);
                }
                Stage::DrainingTools(ending) if self.tools.is_empty() => {
                    // The one point where a completion becomes final: stores are merged, and no termination can win.
                    let ending = std::mem::replace(ending, Ending::Terminated);
                    effects.push(Effect::Commit);
                    self.stage = Stage::Ended(ending);
                    self.deliver_ending(effects);
                    return;
                }
                Stage::Terminating { engine, callers }
                    if *engine != TerminatingEngine::Running
                        && self.tools.is_empty()
                        && self.notifications.is_empty() =>
                {
                    let ending = match std::mem::replace(engine, TerminatingEngine::Stopped) {
                        TerminatingEngine::Lost(error) => {
                            Ending::Failed { error, unhandled_rejections: Vec::new() }
                        }
                        _ => Ending::Terminated,
                    };
                    let mut callers = std::mem::take(callers);
                    callers.extend(self.observer.take().map(|(ticket, _)| ticket));
                    self.end_terminated(&callers, ending, effects);
                    return;
                }
                _ => return,
            }
        }
    }

    /// A terminated cell answers everybody alike. If nobody asks, only a lost engine is worth keeping.
    fn end_terminated(&mut self, callers: &[Ticket], ending: Ending, effects: &mut Vec<Effect>) {
        if callers.is_empty() && ending != Ending::Terminated && !self.shut_down {
            self.stage = Stage::Ended(ending);
            return;
        }
        let output = std::mem::take(&mut self.output);
        self.close(effects);
        for ticket in callers {
            effects.push(Effect::Answer(*ticket, Answer::Ended(output.clone(), ending.clone())));
        }
    }

    /// Hands the final result to the observer, if there is one. The cell is out of its session before its caller knows.
    fn deliver_ending(&mut self, effects: &mut Vec<Effect>) {
        if let (Stage::Ended(ending), Some((ticket, _))) = (&mut self.stage, self.observer) {
            self.observer = None;
            let ending = std::mem::replace(ending, Ending::Terminated);
            let output = std::mem::take(&mut self.output);
            self.close(effects);
            effects.push(Effect::Answer(ticket, Answer::Ended(output, ending)));
        }
    }

    fn close(&mut self, effects: &mut Vec<Effect>) {
        self.stage = Stage::Closed;
        effects.push(Effect::Close);
    }
}

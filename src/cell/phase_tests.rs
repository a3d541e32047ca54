//! The state machine of a cell, alone: rules as examples, and all orders of inputs up to a length.

use std::collections::BTreeMap;

use super::NotificationId;
use super::phase::Phase;
use super::transition::{Answer, Effect, Ending, Input, Refusal, Ticket, Watch};
use crate::engine::{CellError, CellErrorCode, Flow, ToolCallId};
use crate::model::ContentItem;

const TOOL: ToolCallId = ToolCallId::FIRST;

fn completed() -> Ending {
    Ending::Completed { unhandled_rejections: Vec::new() }
}

fn lost() -> CellError {
    CellError::without_place(CellErrorCode::EngineLost, "Error", "lost")
}

fn text(number: usize) -> ContentItem {
    ContentItem::text(number.to_string())
}

/// A cell, and everything that its effects have done.
#[derive(Clone)]
struct Cell {
    phase: Phase,
    answers: BTreeMap<Ticket, Vec<Answer>>,
    asked: Vec<Ticket>,
    emitted: usize,
    commits: usize,
    closes: usize,
    interrupts: usize,
    tools_started: usize,
    aborted_tools: usize,
    engine_stopped: bool,
    flow_number: u64,
    /// Everything delivered to observers and terminators, in the order of delivery.
    delivered: Vec<ContentItem>,
}

impl Cell {
    fn new(flow: Flow) -> Self {
        Self {
            phase: Phase::new(flow),
            answers: BTreeMap::new(),
            asked: Vec::new(),
            emitted: 0,
            commits: 0,
            closes: 0,
            interrupts: 0,
            tools_started: 0,
            aborted_tools: 0,
            engine_stopped: false,
            flow_number: 0,
            delivered: Vec::new(),
        }
    }

    fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.asked.len() as u64 + 1);
        self.asked.push(ticket);
        ticket
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.phase.handle(input);
        let mut terminated_delivered = false;
        for effect in &effects {
            match effect {
                Effect::Interrupt => self.interrupts += 1,
                Effect::SetFlow(_, number) => {
                    assert!(*number > self.flow_number, "flow numbers grow");
                    self.flow_number = *number;
                }
                Effect::StartTool(_) => self.tools_started += 1,
                Effect::AbortTool(_) => self.aborted_tools += 1,
                Effect::StartNotification(_) | Effect::StartGrace => {}
                Effect::Commit => self.commits += 1,
                Effect::Close => self.closes += 1,
                Effect::Answer(ticket, answer) => {
                    if let Answer::Running(output) | Answer::Pending(output, _) | Answer::Ended(output, _) =
                        answer
                    {
                        // A terminator and an observer get the same output.
                        if !terminated_delivered {
                            self.delivered.extend(output.iter().cloned());
                        }
                        terminated_delivered |= matches!(answer, Answer::Ended(..));
                    }
                    self.answers.entry(*ticket).or_default().push(answer.clone());
                }
            }
        }
        self.check();
        effects
    }

    fn observe(&mut self, watch: Watch) -> Ticket {
        let ticket = self.ticket();
        self.input(Input::Observe(ticket, watch));
        ticket
    }

    fn terminate(&mut self) -> Ticket {
        let ticket = self.ticket();
        self.input(Input::Terminate(Some(ticket)));
        ticket
    }

    fn emit(&mut self) {
        self.emitted += 1;
        self.input(Input::Emitted(text(self.emitted)));
    }

    fn finish(&mut self, ending: Ending) {
        self.engine_stopped = true;
        self.input(Input::EngineFinished(ending));
    }

    fn answer(&self, ticket: Ticket) -> Option<&Answer> {
        self.answers.get(&ticket).and_then(|answers| answers.first())
    }

    /// What holds after every input.
    fn check(&self) {
        for (ticket, answers) in &self.answers {
            assert_eq!(answers.len(), 1, "{ticket:?} is answered once: {answers:?}");
        }
        assert!(self.commits <= 1, "stores are merged once at the most");
        assert!(self.closes <= 1, "a cell closes once at the most");
        assert!(self.interrupts <= 1, "V8 is interrupted once at the most");
        assert!(self.aborted_tools <= self.tools_started, "only started calls are aborted");
        let numbers: Vec<_> = self.delivered.iter().collect();
        let in_order: Vec<_> = (1..=numbers.len()).map(text).collect();
        assert_eq!(numbers, in_order.iter().collect::<Vec<_>>(), "output arrives once, whole and in order");
        let ends: Vec<_> = self
            .answers
            .values()
            .flatten()
            .filter_map(|answer| match answer {
                Answer::Ended(_, ending) => Some(ending),
                _ => None,
            })
            .collect();
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "everybody hears of the same end: {ends:?}");
        let completions = ends.iter().filter(|ending| matches!(ending, Ending::Completed { .. })).count();
        assert!(completions <= 1, "a completion is delivered once");
        if ends.iter().any(|ending| matches!(ending, Ending::Completed { .. })) {
            assert_eq!(self.commits, 1, "a completion that is delivered was merged");
        }
        if ends.contains(&&Ending::Terminated) {
            assert_eq!(self.commits, 0, "a terminated cell merges nothing");
        }
        if !ends.is_empty() {
            assert!(self.phase.is_closed(), "after the final result the cell is closed");
            assert!(self.engine_stopped, "nobody hears of an end before V8 has stopped");
        }
    }
}

#[test]
fn a_second_observer_is_refused_and_the_first_is_not_disturbed() {
    let mut cell = Cell::new(Flow::Run);
    let first = cell.observe(Watch::Yield);
    let second = cell.observe(Watch::Yield);
    assert_eq!(cell.answer(second), Some(&Answer::Refused(Refusal::Busy)));
    cell.emit();
    cell.finish(completed());
    assert_eq!(cell.answer(first), Some(&Answer::Ended(vec![text(1)], completed())));
}

#[test]
fn an_abandoned_observation_takes_no_output_with_it() {
    let mut cell = Cell::new(Flow::Run);
    let first = cell.observe(Watch::Yield);
    cell.emit();
    cell.input(Input::Abandon(first));
    let second = cell.observe(Watch::Yield);
    cell.emit();
    cell.input(Input::YieldNow(second));
    assert_eq!(cell.answer(first), Some(&Answer::Refused(Refusal::Aborted)));
    assert_eq!(cell.answer(second), Some(&Answer::Running(vec![text(1), text(2)])));
}

#[test]
fn output_that_could_not_be_delivered_comes_before_newer_output() {
    let mut cell = Cell::new(Flow::Run);
    let first = cell.observe(Watch::Yield);
    cell.emit();
    let effects = cell.phase.handle(Input::YieldNow(first));
    let Some(Effect::Answer(_, answer)) = effects.into_iter().next() else { panic!("no answer") };
    cell.emit();
    cell.phase.give_back(answer);
    let second = cell.observe(Watch::Yield);
    cell.input(Input::YieldNow(second));
    assert_eq!(cell.answer(second), Some(&Answer::Running(vec![text(1), text(2)])));
}

#[test]
fn a_completion_that_could_not_be_delivered_waits_for_the_next_observer() {
    let mut cell = Cell::new(Flow::Run);
    cell.observe(Watch::Yield);
    cell.engine_stopped = true;
    let effects = cell.phase.handle(Input::EngineFinished(completed()));
    for effect in effects {
        if let Effect::Answer(_, answer) = effect {
            cell.phase.give_back(answer);
        }
    }
    cell.commits = 1;
    assert!(cell.phase.is_ended());
    let second = cell.observe(Watch::Yield);
    assert_eq!(cell.answer(second), Some(&Answer::Ended(vec![], completed())));
}

#[test]
fn terminate_returns_the_completion_that_waits_unobserved() {
    let mut cell = Cell::new(Flow::Run);
    cell.emit();
    cell.finish(completed());
    let ticket = cell.terminate();
    assert_eq!(cell.answer(ticket), Some(&Answer::Ended(vec![text(1)], completed())));
}

#[test]
fn a_termination_that_wins_before_the_commit_drops_the_completion() {
    let mut cell = Cell::new(Flow::Run);
    cell.input(Input::ToolCalled(TOOL));
    cell.finish(completed());
    let ticket = cell.terminate();
    assert_eq!(cell.answer(ticket), None, "the aborted tool has not ended yet");
    cell.input(Input::ToolEnded(TOOL));
    assert_eq!(cell.answer(ticket), Some(&Answer::Ended(vec![], Ending::Terminated)));
    assert_eq!(cell.commits, 0);
}

#[test]
fn a_second_termination_is_refused_while_the_first_is_under_way() {
    let mut cell = Cell::new(Flow::Run);
    let first = cell.terminate();
    let second = cell.terminate();
    assert_eq!(cell.answer(second), Some(&Answer::Refused(Refusal::Terminating)));
    cell.finish(Ending::Terminated);
    assert_eq!(cell.answer(first), Some(&Answer::Ended(vec![], Ending::Terminated)));
}

#[test]
fn termination_answers_the_observer_too_and_only_when_everything_has_stopped() {
    let mut cell = Cell::new(Flow::Run);
    let observer = cell.observe(Watch::Yield);
    cell.input(Input::ToolCalled(TOOL));
    cell.input(Input::Notified(NotificationId::new(1)));
    let terminator = cell.terminate();
    cell.finish(Ending::Terminated);
    cell.input(Input::ToolEnded(TOOL));
    assert_eq!(cell.answer(terminator), None);
    cell.input(Input::NotificationEnded(NotificationId::new(1)));
    for ticket in [observer, terminator] {
        assert_eq!(cell.answer(ticket), Some(&Answer::Ended(vec![], Ending::Terminated)));
    }
}

#[test]
fn completion_waits_for_notifications_then_aborts_tools_and_waits_for_them() {
    let mut cell = Cell::new(Flow::Run);
    let observer = cell.observe(Watch::Yield);
    cell.input(Input::ToolCalled(TOOL));
    cell.input(Input::Notified(NotificationId::new(1)));
    cell.finish(completed());
    assert_eq!(cell.aborted_tools, 0, "tools may go on while notifications are delivered");
    cell.input(Input::NotificationEnded(NotificationId::new(1)));
    assert_eq!(cell.aborted_tools, 1);
    assert_eq!(cell.answer(observer), None);
    cell.input(Input::ToolEnded(TOOL));
    assert_eq!(cell.answer(observer), Some(&Answer::Ended(vec![], completed())));
}

#[test]
fn callbacks_that_ignore_their_end_do_not_hold_the_answer_for_ever() {
    let mut cell = Cell::new(Flow::Run);
    let observer = cell.observe(Watch::Yield);
    cell.input(Input::ToolCalled(TOOL));
    cell.input(Input::Notified(NotificationId::new(1)));
    cell.finish(completed());
    cell.input(Input::GraceOver);
    assert_eq!(cell.answer(observer), None, "the tools have a time of their own");
    cell.input(Input::GraceOver);
    assert_eq!(cell.answer(observer), Some(&Answer::Ended(vec![], completed())));
}

#[test]
fn a_frontier_freezes_until_the_next_observation() {
    let mut cell = Cell::new(Flow::Step);
    let first = cell.observe(Watch::Frontier);
    cell.input(Input::ToolCalled(TOOL));
    cell.input(Input::Frontier(0));
    assert_eq!(cell.answer(first), Some(&Answer::Pending(vec![], vec![TOOL])));
    let second = cell.ticket();
    let effects = cell.input(Input::Observe(second, Watch::Frontier));
    assert_eq!(effects, [Effect::SetFlow(Flow::Step, 1)], "the script thaws");
    cell.input(Input::Frontier(1));
    assert_eq!(cell.answer(second), Some(&Answer::Pending(vec![], vec![])), "no call was made since");
    let third = cell.ticket();
    let effects = cell.input(Input::Observe(third, Watch::Yield));
    assert_eq!(effects, [Effect::SetFlow(Flow::Run, 2)]);
}

#[test]
fn yield_control_does_not_end_a_frontier_observation() {
    let mut cell = Cell::new(Flow::Step);
    let observer = cell.observe(Watch::Frontier);
    cell.input(Input::YieldRequested);
    assert_eq!(cell.answer(observer), None);
}

#[test]
fn a_frontier_of_an_earlier_flow_is_not_delivered() {
    let mut cell = Cell::new(Flow::Step);
    let first = cell.observe(Watch::Frontier);
    cell.input(Input::Abandon(first));
    let second = cell.observe(Watch::Frontier);
    cell.input(Input::Frontier(0));
    assert_eq!(cell.answer(second), None);
    cell.input(Input::Frontier(2));
    assert_eq!(cell.answer(second), Some(&Answer::Pending(vec![], vec![])));
}

#[test]
fn a_lost_engine_ends_the_cell_and_merges_nothing() {
    let mut cell = Cell::new(Flow::Run);
    let observer = cell.observe(Watch::Yield);
    cell.emit();
    cell.engine_stopped = true;
    cell.input(Input::EngineLost(lost()));
    let ending = Ending::Failed { error: lost(), unhandled_rejections: Vec::new() };
    assert_eq!(cell.answer(observer), Some(&Answer::Ended(vec![text(1)], ending)));
    assert_eq!(cell.commits, 0);
}

#[test]
fn shutdown_forgets_a_result_that_nobody_took() {
    let mut cell = Cell::new(Flow::Run);
    cell.finish(completed());
    cell.input(Input::Shutdown);
    assert!(cell.phase.is_closed());
}

/// What the exhaustive test chooses from.
#[derive(Clone, Copy, Debug)]
enum Step {
    Result,
    Terminate,
    Abort,
    Shutdown,
    ObserveYield,
    ObserveFrontier,
    Abandon,
    YieldNow,
    YieldRequested,
    Emit,
    ToolEnd,
    NotificationEnd,
    Frontier,
    Lost,
    Grace,
}

const STEPS: [Step; 15] = [
    Step::Result,
    Step::Terminate,
    Step::Abort,
    Step::Shutdown,
    Step::ObserveYield,
    Step::ObserveFrontier,
    Step::Abandon,
    Step::YieldNow,
    Step::YieldRequested,
    Step::Emit,
    Step::ToolEnd,
    Step::NotificationEnd,
    Step::Frontier,
    Step::Lost,
    Step::Grace,
];

impl Cell {
    fn step(&mut self, step: Step) {
        let last = self.asked.last().copied().unwrap_or(Ticket(0));
        match step {
            // An engine ends once, and says nothing afterwards.
            Step::Result if self.engine_stopped => {}
            Step::Result if self.interrupts > 0 => self.finish(Ending::Terminated),
            Step::Result => self.finish(completed()),
            Step::Terminate => drop(self.terminate()),
            Step::Abort => drop(self.input(Input::Terminate(None))),
            Step::Shutdown => drop(self.input(Input::Shutdown)),
            Step::ObserveYield => drop(self.observe(Watch::Yield)),
            Step::ObserveFrontier => drop(self.observe(Watch::Frontier)),
            Step::Abandon => drop(self.input(Input::Abandon(last))),
            Step::YieldNow => drop(self.input(Input::YieldNow(last))),
            Step::YieldRequested if self.engine_stopped => {}
            Step::YieldRequested => drop(self.input(Input::YieldRequested)),
            Step::Emit if self.engine_stopped => {}
            Step::Emit => self.emit(),
            Step::ToolEnd => drop(self.input(Input::ToolEnded(TOOL))),
            Step::NotificationEnd => drop(self.input(Input::NotificationEnded(NotificationId::new(1)))),
            Step::Frontier if self.engine_stopped => {}
            Step::Frontier => drop(self.input(Input::Frontier(self.flow_number))),
            Step::Lost if self.engine_stopped => {}
            Step::Lost => {
                self.engine_stopped = true;
                self.input(Input::EngineLost(lost()));
            }
            Step::Grace => drop(self.input(Input::GraceOver)),
        }
    }

    /// Whatever has happened, a stop of everything answers everybody, and the cell is over.
    fn come_to_an_end(&mut self, last: Step) {
        self.input(Input::Shutdown);
        self.step(last);
        self.input(Input::ToolEnded(TOOL));
        self.input(Input::NotificationEnded(NotificationId::new(1)));
        assert!(self.phase.is_closed(), "the cell is over");
        assert_eq!(self.closes, 1);
        for ticket in &self.asked {
            assert!(self.answer(*ticket).is_some(), "{ticket:?} was never answered");
        }
    }
}

fn explore(cell: &Cell, steps: &[Step], depth: u32, count: &mut usize) {
    *count += 1;
    for last in [Step::Result, Step::Lost] {
        cell.clone().come_to_an_end(last);
    }
    if depth == 0 {
        return;
    }
    for step in steps {
        let mut next = cell.clone();
        next.step(*step);
        explore(&next, steps, depth - 1, count);
    }
}

/// A cell that is observed, has called a tool, and has notified.
fn busy_cell(flow: Flow) -> Cell {
    let mut cell = Cell::new(flow);
    cell.observe(if flow == Flow::Run { Watch::Yield } else { Watch::Frontier });
    cell.input(Input::ToolCalled(TOOL));
    cell.input(Input::Notified(NotificationId::new(1)));
    cell
}

fn explore_all(steps: &[Step], depth: u32) {
    for flow in [Flow::Run, Flow::Step] {
        let mut count = 0;
        explore(&busy_cell(flow), steps, depth, &mut count);
        assert!(count > steps.len().pow(depth));
    }
}

#[test]
fn every_order_of_the_main_inputs_up_to_length_six_keeps_the_rules() {
    let steps = [
        Step::Result,
        Step::Terminate,
        Step::Shutdown,
        Step::ObserveYield,
        Step::Abandon,
        Step::YieldNow,
        Step::ToolEnd,
        Step::NotificationEnd,
    ];
    explore_all(&steps, 6);
}

#[test]
fn every_order_of_all_inputs_up_to_length_four_keeps_the_rules() {
    explore_all(&STEPS, 4);
}

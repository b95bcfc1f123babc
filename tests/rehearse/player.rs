//! A run with scripted answers, played to its end: its events and their times.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use mission_control::api::status::EscalationStatus;
use mission_control::api::{Action, Phase, Span};
use mission_control::engine::effect::Launch;
use mission_control::rehearse::cluster::SimulatedCluster;
use mission_control::rehearse::player::{AttemptEnd, AttemptResult, DecisionInput, LIMIT, Source, play};
use mission_control::rehearse::timeline::{Event, What};

use crate::script;

/// Attempts by place, the next one first; people likewise. The last answer of an agent repeats.
#[derive(Default)]
struct Scripted {
    agents: BTreeMap<&'static str, VecDeque<AttemptResult>>,
    people: VecDeque<DecisionInput>,
    orders: Vec<DecisionInput>,
}

fn says(after: u64, text: &str) -> AttemptResult {
    let end = AttemptEnd::Exits { code: 0, text: text.into() };
    AttemptResult { after: Duration::from_secs(after), end, made_up: BTreeMap::new() }
}

fn word(after: u64, action: Action) -> DecisionInput {
    let after = Duration::from_secs(after);
    DecisionInput { after, action, feedback: None, outputs: BTreeMap::new(), by: None }
}

impl Source for Scripted {
    fn attempt(&mut self, launch: &Launch) -> AttemptResult {
        match self.agents.get_mut(launch.step.as_str()) {
            Some(list) if list.len() > 1 => list.pop_front().unwrap(),
            Some(list) => list.front().unwrap().clone(),
            None => says(1, "STATUS: done"),
        }
    }
    fn question(&mut self, _: &EscalationStatus) -> Option<DecisionInput> {
        self.people.pop_front()
    }
    fn orders(&mut self) -> Vec<DecisionInput> {
        std::mem::take(&mut self.orders)
    }
}

fn rehearsed(
    flow: &str,
    mut source: Scripted,
    limit: usize,
) -> (SimulatedCluster, Result<Vec<Event>, String>) {
    let mut cluster = SimulatedCluster::new();
    script::event(&mut cluster, &format!("workflow: {flow}")).unwrap();
    script::event(&mut cluster, "run").unwrap();
    let told = play(&mut cluster, &mut source, limit);
    (cluster, told)
}

/// `+3s a: Starts`, without the explanation.
fn lines(told: Result<Vec<Event>, String>) -> Vec<String> {
    let line = |e: Event| {
        let step = e.step.map_or(String::new(), |s| format!(" {s}"));
        format!("+{}{step}: {:?}", Span::from(e.at), e.what)
    };
    told.unwrap().into_iter().map(line).collect()
}

#[test]
fn time_goes_on_to_the_next_answer_or_to_the_end_of_a_backoff() {
    let mut source = Scripted::default();
    source.agents.insert("a", [says(3, "STATUS: failed"), says(2, "STATUS: done")].into());
    let (cluster, told) = rehearsed("a limit=1", source, LIMIT);
    assert_eq!(
        lines(told),
        [
            "+0s a: Starts",
            "+3s a: Ends(Failed, Some(StatusFailed))",
            "+3s a: Waits(1s)",
            "+4s a: Starts",
            "+6s a: Ends(Done, None)",
        ]
    );
    assert_eq!(cluster.run.unwrap().status.unwrap().phase, Some(Phase::Succeeded));
}

#[test]
fn an_attempt_that_takes_too_long_is_stopped_at_its_timeout() {
    let source =
        Scripted { agents: [("a", [says(720, "STATUS: done")].into())].into(), ..Scripted::default() };
    let (_, told) = rehearsed("a limit=0 timeout=10m onExhausted=Fail", source, LIMIT);
    let told = lines(told);
    assert_eq!(told[..2], ["+0s a: Starts", "+10m a: Ends(TimedOut, Some(Timeout))"]);
    assert_eq!(told[2..], ["+10m a: GivesUp", "+10m: RunEnds(Failed, StepFailed)"]);
}

#[test]
fn a_question_without_an_answer_ends_the_rehearsal_or_expires() {
    let (cluster, told) = rehearsed("a approval=\"go on?\"", Scripted::default(), LIMIT);
    assert_eq!(lines(told), ["+0s a: Asks(Approval, [Approve, Reject, Abort])"]);
    assert_eq!(cluster.run.unwrap().status.unwrap().phase, Some(Phase::Paused));
    let (cluster, told) =
        rehearsed("a approval=\"go on?\" | spec expiresAfter=2h", Scripted::default(), LIMIT);
    assert_eq!(lines(told)[1..], ["+2h a: Expires", "+2h: RunEnds(Cancelled, EscalationExpired)"]);
    assert_eq!(cluster.run.unwrap().status.unwrap().phase, Some(Phase::Cancelled));
    let (_, told) =
        rehearsed("a approval=\"go on?\" | spec expiresAfter=2h onExpiry=Skip", Scripted::default(), LIMIT);
    // A gate that nobody answered never passes.
    assert_eq!(lines(told)[1..], ["+2h a: Expires", "+2h: RunEnds(Failed, ApprovalExpired)"]);
}

#[test]
fn the_end_is_told_before_what_runs_at_the_end() {
    let flow = "a approval=\"go on?\" | finally clean | spec expiresAfter=2h";
    let (_, told) = rehearsed(flow, Scripted::default(), LIMIT);
    let end = "+2h: RunEnds(Cancelled, EscalationExpired)";
    assert_eq!(
        lines(told)[1..],
        ["+2h a: Expires", end, "+2h clean: Starts", "+2h1s clean: Ends(Done, None)"]
    );
}

#[test]
fn a_refused_answer_is_followed_by_another() {
    let people = [word(5, Action::Retry), word(60, Action::Approve)].into();
    let (_, told) = rehearsed("a approval=\"go on?\"", Scripted { people, ..Scripted::default() }, LIMIT);
    let again = "+5s a: Asks(Approval, [Approve, Reject, Abort])";
    assert_eq!(lines(told)[1..], ["+5s a: Refuses(Retry)", again, "+1m5s a: Decides(Approve)"]);
}

#[test]
fn an_order_to_the_run_comes_at_its_time() {
    let agents = [("a", [says(60, "STATUS: done")].into())].into();
    let orders = vec![word(30, Action::Abort)];
    let (_, told) = rehearsed("a", Scripted { agents, orders, ..Scripted::default() }, LIMIT);
    let told = lines(told);
    assert!(told.contains(&"+30s: Decides(Abort)".to_string()), "{told:?}");
    assert!(told.contains(&"+30s a: Ends(Stopped, Some(RunEnded))".to_string()), "{told:?}");
}

#[test]
fn rejected_work_is_told_with_its_feedback() {
    let judge = [says(1, "ISSUES: too short\nSTATUS: retry"), says(1, "STATUS: done")].into();
    let source = Scripted { agents: [("b", judge)].into(), ..Scripted::default() };
    let (_, told) = rehearsed("a | b onRetry=a:2:ISSUES", source, LIMIT);
    let again = told.clone().unwrap().into_iter().find(|e| e.what == What::Again).unwrap();
    assert_eq!((again.step.as_deref(), again.why.as_str()), (Some("a"), "too short"));
    assert_eq!(lines(told).iter().filter(|l| l.ends_with("Starts")).count(), 4);
}

#[test]
fn a_run_without_an_end_is_given_up() {
    let source =
        Scripted { agents: [("a", [says(1, "STATUS: failed")].into())].into(), ..Scripted::default() };
    let (_, told) = rehearsed("a limit=100", source, 20);
    let error = told.unwrap_err();
    assert!(error.contains("after 20 events") && error.contains("step a goes on and on"), "{error}");
}

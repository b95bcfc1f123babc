//! The step table: what a fact about the attempt under way does to its step, or to its item.

use std::time::Duration;

use crate::api::status::CurrentAttempt;
use crate::api::{Cause, Outcome, Stamp, StepPhase};

use super::budget::{charge_failure, charge_loss, exhausted};
use super::definition::{Definition, StepDef, Task};
use super::draft::Draft;
use super::effect::Effect;
use super::place::{Place, places};
use super::snapshot::{AttemptFact, Exit, Loss};
use super::stop::{insist, order_stop};
use super::verdict::{self, Rules, Verdict};
use super::work::{self, End, record, set_phase};
use super::{answer, ending, escalate, launch, output, rework, scope, volume};

/// One attempt under way, and all that is known of what it is for.
struct Attempt<'a> {
    all: &'a Definition,
    def: &'a StepDef,
    task: &'a Task,
    at: Place,
    current: CurrentAttempt,
}

/// Applies what was seen of every attempt under way: its end is judged, or the attempt is followed up.
pub fn observe(draft: &mut Draft<'_>, all: &Definition) {
    each(draft, all, |draft, a, fact| {
        if !judged(draft, a, fact) {
            follow_up(draft, a, fact);
        }
    });
}

/// Judges the attempts that are over. Only the status changes: nothing is asked of the shell.
pub fn judge(draft: &mut Draft<'_>, all: &Definition) {
    each(draft, all, |draft, a, fact| {
        judged(draft, a, fact);
    });
}

fn each(draft: &mut Draft<'_>, all: &Definition, apply: impl Fn(&mut Draft<'_>, &Attempt<'_>, &AttemptFact)) {
    for at in places(&draft.status) {
        let Some(current) = draft.work(at).and_then(|w| w.current.clone()) else { continue };
        let Some((def, task)) = all.steps.get(at.step).and_then(|d| Some((d, d.task()?))) else { continue };
        let fact = draft.seen.attempts.get(&current.job).unwrap_or(&AttemptFact::Absent);
        apply(draft, &Attempt { all, def, task, at, current }, fact);
    }
}

/// An attempt that is over enters the status. False: it goes on.
fn judged(draft: &mut Draft<'_>, a: &Attempt<'_>, fact: &AttemptFact) -> bool {
    match fact {
        AttemptFact::Absent if is_unwanted(draft, a) => never_started(draft, a),
        AttemptFact::Blocked { .. } if is_unwanted(draft, a) => never_started(draft, a),
        AttemptFact::Blocked { since, message } if draft.now() >= start_limit(a, *since) => {
            blocked_too_long(draft, a, message);
        }
        AttemptFact::Refused { message } => {
            let message = format!("the API server refused the Pod of attempt {}: {message}", a.current.n);
            give_up(draft, a, Cause::PodRefused, message);
        }
        AttemptFact::Exited(exit) => exited(draft, a, exit),
        AttemptFact::Lost { cause, message } => lost(draft, a, *cause, message),
        AttemptFact::NameTaken { message } => give_up(draft, a, Cause::NameTaken, message.clone()),
        AttemptFact::Absent
        | AttemptFact::Pending { .. }
        | AttemptFact::Blocked { .. }
        | AttemptFact::Running { .. }
        | AttemptFact::Unread
        | AttemptFact::Unreachable { .. } => return false,
    }
    true
}

/// An attempt that goes on: its Job is created, its limits are watched, its troubles are shown.
fn follow_up(draft: &mut Draft<'_>, a: &Attempt<'_>, fact: &AttemptFact) {
    match fact {
        AttemptFact::Absent => absent(draft, a),
        AttemptFact::Pending { since, message } => {
            if let Some(message) = message {
                trouble(draft, a, message);
            }
            pending(draft, a, *since);
        }
        AttemptFact::Blocked { since, message } => {
            trouble(draft, a, &format!("the Pod cannot be created yet: {message}"));
            draft.wake_at(start_limit(a, *since).min(draft.now().plus(Duration::from_secs(5))));
        }
        AttemptFact::Running { since } => running(draft, a, *since),
        AttemptFact::Unread => draft.wake_at(draft.now().plus(Duration::from_secs(1))),
        AttemptFact::Unreachable { since, overdue, message } => {
            unreachable(draft, a, *since, *overdue, message);
        }
        AttemptFact::Refused { .. }
        | AttemptFact::Exited(_)
        | AttemptFact::Lost { .. }
        | AttemptFact::NameTaken { .. } => {}
    }
}

/// Why an attempt does not get on, for people.
fn trouble(draft: &mut Draft<'_>, a: &Attempt<'_>, message: &str) {
    draft.trouble = Some((a.at.step, format!("step {}: {message}", a.def.name)));
}

/// When an attempt that has no started container is given up.
fn start_limit(a: &Attempt<'_>, since: Stamp) -> Stamp {
    since.max(a.current.intent_at).plus(a.def.pending_timeout.as_duration())
}

/// No attempt could be made, and none of the same kind could.
fn give_up(draft: &mut Draft<'_>, a: &Attempt<'_>, cause: Cause, message: String) {
    record(draft, a.at, &a.current, End::of(Outcome::Failed, Some(cause)), &message);
    escalate::open(draft, a.at, cause, message);
}

/// The intent is written, the Job is not there: it is created now.
fn absent(draft: &mut Draft<'_>, a: &Attempt<'_>) {
    match launch::prepare(draft, a.all, a.at, a.task, a.current.n) {
        Ok(launch) => {
            draft.wake_at(a.current.intent_at.plus(a.def.pending_timeout.as_duration()));
            draft.after.push(Effect::Launch(Box::new(launch)));
        }
        Err((cause, message)) => give_up(draft, a, cause, message),
    }
}

fn is_unwanted(draft: &Draft<'_>, a: &Attempt<'_>) -> bool {
    ending::is_over(draft, a.def) || a.current.stop.is_some()
}

fn never_started(draft: &mut Draft<'_>, a: &Attempt<'_>) {
    let end = End::of(Outcome::Stopped, Some(Cause::RunEnded));
    record(draft, a.at, &a.current, end, "the run ended before it was started");
    set_phase(draft, a.at, StepPhase::Cancelled);
}

fn pending(draft: &mut Draft<'_>, a: &Attempt<'_>, since: Stamp) {
    let limit = start_limit(a, since);
    if a.current.stop.is_some() {
        insist(draft, &a.current);
    } else if draft.now() >= limit {
        order_stop(draft, a.at, Cause::PendingTimeout);
    } else {
        draft.wake_at(limit);
    }
}

/// No Pod exists, and only this process could create one: it can be given up at once.
fn blocked_too_long(draft: &mut Draft<'_>, a: &Attempt<'_>, message: &str) {
    let message = format!("no Pod within {}: {message}", a.def.pending_timeout);
    record(draft, a.at, &a.current, End::of(Outcome::TimedOut, Some(Cause::PendingTimeout)), &message);
    charge_failure(draft, a.all, a.at, Cause::PendingTimeout, None, &message);
}

fn running(draft: &mut Draft<'_>, a: &Attempt<'_>, since: Stamp) {
    escalate::close_beside(draft, a.at);
    let limit = since.plus(a.def.timeout.as_duration());
    if a.current.stop.is_some() {
        insist(draft, &a.current);
    } else if draft.now() >= limit {
        order_stop(draft, a.at, Cause::Timeout);
    } else {
        draft.wake_at(limit);
    }
}

fn unreachable(draft: &mut Draft<'_>, a: &Attempt<'_>, since: Stamp, overdue: bool, message: &str) {
    let words = format!(
        "the Pod of attempt {} is being deleted since {since} on a node that does not answer: {message}",
        a.current.n
    );
    trouble(draft, a, &words);
    if overdue {
        escalate::open_beside(draft, a.at, Cause::NodeUnreachable, words);
    } else {
        draft.wake_at(draft.now().plus(Duration::from_secs(10)));
    }
}

fn exited(draft: &mut Draft<'_>, a: &Attempt<'_>, exit: &Exit) {
    escalate::close_beside(draft, a.at);
    let input = scope::rendered_input(draft, a.all, a.at, a.task);
    let verdict = verdict::judge(
        exit,
        &Rules {
            timeout: a.def.timeout,
            stopped: a.current.stop.as_ref().map(|s| s.cause),
            expects: a.task.expects.as_deref(),
            rendered_input: input.as_deref(),
        },
    );
    let verdict = answer::examine(verdict, a.def, a.all.stories_limit(a.at.step));
    let message = verdict.message.clone().unwrap_or_default();
    let end = End { outcome: verdict.outcome, cause: verdict.cause, exit_code: verdict.exit_code };
    record(draft, a.at, &a.current, end, &message);
    match verdict.outcome {
        Outcome::Done => done(draft, a, verdict),
        Outcome::SentBack => sent_back(draft, a, &verdict),
        Outcome::Stopped => set_phase(draft, a.at, StepPhase::Cancelled),
        Outcome::Lost => {
            charge_loss(draft, a.all, a.at, verdict.cause.unwrap_or(Cause::Disrupted), &message);
        }
        Outcome::Failed | Outcome::TimedOut => {
            keep_output(draft, a.at, &verdict);
            let cause = verdict.cause.unwrap_or(Cause::ExitCode);
            if cause == Cause::ResultUnreadable {
                work::count(draft, a.at, |w| w.failures += 1);
                escalate::open(draft, a.at, cause, message);
            } else {
                charge_failure(draft, a.all, a.at, cause, verdict.exit_code, &message);
            }
        }
    }
}

fn done(draft: &mut Draft<'_>, a: &Attempt<'_>, verdict: Verdict) {
    set_phase(draft, a.at, StepPhase::Succeeded);
    if let Some(work) = draft.work_mut(a.at) {
        work.outputs = work.supplied.clone();
        let values = verdict.output.map(|o| o.values).unwrap_or_default();
        work.outputs.extend(values.into_iter().map(|(k, v)| (k.to_lowercase(), v)));
        work.output = Some(output::marked(verdict.text, verdict.cut));
    }
    if volume::fit(&mut draft.status, a.all) {
        return rework::accepted(draft, a.all, a.at);
    }
    if let Some(work) = draft.work_mut(a.at) {
        work.output = None;
        work.outputs.clear();
    }
    let message = "what the step said does not fit into the run's status (512 KiB in all)".to_string();
    escalate::open(draft, a.at, Cause::StatusTooLarge, message);
}

/// The attempt did what was asked: it judged earlier work, which goes back.
fn sent_back(draft: &mut Draft<'_>, a: &Attempt<'_>, verdict: &Verdict) {
    keep_output(draft, a.at, verdict);
    if ending::is_over(draft, a.def) {
        return set_phase(draft, a.at, StepPhase::Cancelled);
    }
    let Some(rule) = &a.def.on_retry else { return };
    let none = std::collections::BTreeMap::new();
    let values = verdict.output.as_ref().map_or(&none, |o| &o.values);
    let feedback = rework::feedback_of(rule, values, &verdict.text);
    if !rework::send_back(draft, a.all, a.at, rule, &feedback) {
        let times = rule.limit;
        let message = format!("it rejects the work again, which was sent back {times} time(s) already");
        exhausted(draft, a.all, a.at, Cause::ReworkExhausted, &message);
    }
}

/// What a failed attempt said stays readable in the status.
fn keep_output(draft: &mut Draft<'_>, at: Place, verdict: &Verdict) {
    if let Some(work) = draft.work_mut(at) {
        work.output = Some(output::marked(verdict.text.clone(), verdict.cut)).filter(|t| !t.is_empty());
    }
}

fn lost(draft: &mut Draft<'_>, a: &Attempt<'_>, loss: Loss, message: &str) {
    escalate::close_beside(draft, a.at);
    let cause = match loss {
        Loss::PodDeleted => Cause::PodDeleted,
        Loss::Disrupted => Cause::Disrupted,
        Loss::PodRejected => Cause::PodRejected,
        Loss::NeverStarted => Cause::NeverStarted,
    };
    match a.current.stop.as_ref().map(|s| s.cause) {
        Some(Cause::RunEnded) => {
            record(draft, a.at, &a.current, End::of(Outcome::Stopped, Some(Cause::RunEnded)), message);
            set_phase(draft, a.at, StepPhase::Cancelled);
        }
        Some(stopped) => {
            let limit = if stopped == Cause::PendingTimeout { a.def.pending_timeout } else { a.def.timeout };
            let message = format!("Timeout after {limit}");
            record(draft, a.at, &a.current, End::of(Outcome::TimedOut, Some(stopped)), &message);
            charge_failure(draft, a.all, a.at, stopped, None, &message);
        }
        None => {
            record(draft, a.at, &a.current, End::of(Outcome::Lost, Some(cause)), message);
            charge_loss(draft, a.all, a.at, cause, message);
        }
    }
}

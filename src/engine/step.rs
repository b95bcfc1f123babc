//! The step table: how a fact about a running attempt changes its step, or its item.

use std::time::Duration;

use crate::api::status::CurrentAttempt;
use crate::api::{Cause, Outcome, Stamp, StepPhase};

use super::budget::{charge_failure, charge_loss, exhausted};
use super::definition::{Definition, StepDef, Task};
use super::draft::Draft;
use super::effect::Effect;
use super::snapshot::{AttemptFact, Exit, Loss};
use super::stop::{escalate_stop, order_stop};
use super::verdict::{self, Rules, Verdict};
use super::work::{self, End, count_loss, record, set_phase};
use super::work_ref::{WorkRef, work_refs};
use super::{answer, ending, escalate, launch, output, rework, scope, status_size};

/// One attempt under way, and what it belongs to.
struct Attempt<'a> {
    definition: &'a Definition,
    def: &'a StepDef,
    task: &'a Task,
    work_ref: WorkRef,
    current: CurrentAttempt,
}

/// Applies the fact of every attempt under way: the attempt is judged, or followed up.
pub(super) fn observe(draft: &mut Draft<'_>, definition: &Definition) {
    each(draft, definition, |draft, attempt, fact| {
        if !judged(draft, attempt, fact) {
            follow_up(draft, attempt, fact);
        }
    });
}

/// Judges the attempts that have ended. Only the status changes; there are no effects.
pub(super) fn judge(draft: &mut Draft<'_>, definition: &Definition) {
    each(draft, definition, |draft, attempt, fact| {
        judged(draft, attempt, fact);
    });
}

fn each(
    draft: &mut Draft<'_>,
    definition: &Definition,
    apply: impl Fn(&mut Draft<'_>, &Attempt<'_>, &AttemptFact),
) {
    for work_ref in work_refs(&draft.status) {
        let Some(current) = draft.work(work_ref).and_then(|w| w.current.clone()) else { continue };
        let Some((def, task)) = definition.steps.get(work_ref.step).and_then(|d| Some((d, d.task()?))) else {
            continue;
        };
        let fact = draft.snapshot.attempts.get(&current.job).unwrap_or(&AttemptFact::Absent);
        apply(draft, &Attempt { definition, def, task, work_ref, current }, fact);
    }
}

/// Writes an attempt that has ended to the status. False: it continues.
fn judged(draft: &mut Draft<'_>, attempt: &Attempt<'_>, fact: &AttemptFact) -> bool {
    match fact {
        AttemptFact::Absent | AttemptFact::Blocked { .. } if ending::is_over(draft, attempt.def) => {
            never_started(draft, attempt);
        }
        AttemptFact::Absent | AttemptFact::Blocked { .. } if attempt.current.stop.is_some() => {
            lost(draft, attempt, Loss::NeverStarted, "the attempt was stopped before it was started");
        }
        AttemptFact::Blocked { since, message } if draft.now() >= start_limit(attempt, *since) => {
            blocked_too_long(draft, attempt, message);
        }
        AttemptFact::Refused { message } => {
            let message =
                format!("the API server refused the Pod of attempt {}: {message}", attempt.current.n);
            fail_and_escalate(draft, attempt, Cause::PodRefused, message);
        }
        AttemptFact::Exited(exit) => exited(draft, attempt, exit),
        AttemptFact::Unreachable { overdue: true, message, .. } if asks_nobody(draft, attempt) => {
            left_behind(draft, attempt, message);
        }
        AttemptFact::Lost { cause, message } => lost(draft, attempt, *cause, message),
        AttemptFact::NameTaken { message } => {
            fail_and_escalate(draft, attempt, Cause::NameTaken, message.clone())
        }
        AttemptFact::Absent
        | AttemptFact::Pending { .. }
        | AttemptFact::Blocked { .. }
        | AttemptFact::Running { .. }
        | AttemptFact::Unread
        | AttemptFact::Unreachable { .. } => return false,
    }
    true
}

/// An attempt that continues: its Job is created, its limits are checked, its problems are shown.
fn follow_up(draft: &mut Draft<'_>, attempt: &Attempt<'_>, fact: &AttemptFact) {
    match fact {
        AttemptFact::Absent => absent(draft, attempt),
        AttemptFact::Pending { since, message } => {
            if let Some(message) = message {
                trouble(draft, attempt, message);
            }
            pending(draft, attempt, *since);
        }
        AttemptFact::Blocked { since, message } => {
            trouble(draft, attempt, &format!("the Pod cannot be created yet: {message}"));
            draft.wake_at(start_limit(attempt, *since).min(draft.now().plus(Duration::from_secs(5))));
        }
        AttemptFact::Running { since } => running(draft, attempt, *since),
        AttemptFact::Unread => draft.wake_at(draft.now().plus(Duration::from_secs(1))),
        AttemptFact::Unreachable { since, overdue, message } => {
            unreachable(draft, attempt, *since, *overdue, message);
        }
        AttemptFact::Refused { .. }
        | AttemptFact::Exited(_)
        | AttemptFact::Lost { .. }
        | AttemptFact::NameTaken { .. } => {}
    }
}

/// Why an attempt makes no progress, for people.
fn trouble(draft: &mut Draft<'_>, attempt: &Attempt<'_>, message: &str) {
    draft.trouble = Some((attempt.work_ref.step, format!("step {}: {message}", attempt.def.name)));
}

/// When an attempt without a started container is given up.
fn start_limit(attempt: &Attempt<'_>, since: Stamp) -> Stamp {
    since.max(attempt.current.intent_at).plus(attempt.def.pending_timeout.as_duration())
}

/// The attempt could not be created, and no other attempt could be.
fn fail_and_escalate(draft: &mut Draft<'_>, attempt: &Attempt<'_>, cause: Cause, message: String) {
    record(draft, attempt.work_ref, &attempt.current, End::of(Outcome::Failed, Some(cause)), &message);
    escalate::open(draft, attempt.work_ref, cause, message);
}

/// The intent is written, the Job does not exist: it is created now.
fn absent(draft: &mut Draft<'_>, attempt: &Attempt<'_>) {
    match launch::prepare(draft, attempt.definition, attempt.work_ref, attempt.task, attempt.current.n) {
        Ok(launch) => {
            draft.wake_at(attempt.current.intent_at.plus(attempt.def.pending_timeout.as_duration()));
            draft.after.push(Effect::Launch(Box::new(launch)));
        }
        Err((cause, message)) => fail_and_escalate(draft, attempt, cause, message),
    }
}

/// The run does not wait for a person any more: it ends, or the step is one of `finally`.
fn asks_nobody(draft: &Draft<'_>, attempt: &Attempt<'_>) -> bool {
    attempt.def.finally || ending::is_over(draft, attempt.def)
}

/// The Pod may run for as long as its node does not answer. The run ends without it: there is no further attempt.
fn left_behind(draft: &mut Draft<'_>, attempt: &Attempt<'_>, message: &str) {
    escalate::close_beside(draft, attempt.work_ref);
    let words = format!("its node does not answer: {message}");
    let end = End::of(Outcome::Lost, Some(Cause::NodeUnreachable));
    record(draft, attempt.work_ref, &attempt.current, end, &words);
    count_loss(draft, attempt.work_ref);
    let over = ending::is_over(draft, attempt.def);
    set_phase(draft, attempt.work_ref, if over { StepPhase::Cancelled } else { StepPhase::Failed });
}

fn never_started(draft: &mut Draft<'_>, attempt: &Attempt<'_>) {
    let end = End::of(Outcome::Stopped, Some(Cause::RunEnded));
    record(draft, attempt.work_ref, &attempt.current, end, "the run ended before it was started");
    set_phase(draft, attempt.work_ref, StepPhase::Cancelled);
}

fn pending(draft: &mut Draft<'_>, attempt: &Attempt<'_>, since: Stamp) {
    let limit = start_limit(attempt, since);
    if attempt.current.stop.is_some() {
        escalate_stop(draft, &attempt.current);
    } else if draft.now() >= limit {
        order_stop(draft, attempt.work_ref, Cause::PendingTimeout);
    } else {
        draft.wake_at(limit);
    }
}

/// No Pod exists, and only this process could create one: the attempt can be given up at once.
fn blocked_too_long(draft: &mut Draft<'_>, attempt: &Attempt<'_>, message: &str) {
    let message = format!("no Pod within {}: {message}", attempt.def.pending_timeout);
    record(
        draft,
        attempt.work_ref,
        &attempt.current,
        End::of(Outcome::TimedOut, Some(Cause::PendingTimeout)),
        &message,
    );
    charge_failure(draft, attempt.definition, attempt.work_ref, Cause::PendingTimeout, None, &message);
}

fn running(draft: &mut Draft<'_>, attempt: &Attempt<'_>, since: Stamp) {
    escalate::close_beside(draft, attempt.work_ref);
    // The clock of the node may be behind ours.
    let limit = since.max(attempt.current.intent_at).plus(attempt.def.timeout.as_duration());
    if attempt.current.stop.is_some() {
        escalate_stop(draft, &attempt.current);
    } else if draft.now() >= limit {
        order_stop(draft, attempt.work_ref, Cause::Timeout);
    } else {
        draft.wake_at(limit);
    }
}

fn unreachable(draft: &mut Draft<'_>, attempt: &Attempt<'_>, since: Stamp, overdue: bool, message: &str) {
    let words = format!(
        "the Pod of attempt {} has been terminating since {since} on a node that does not respond: {message}",
        attempt.current.n
    );
    trouble(draft, attempt, &words);
    if overdue {
        escalate::open_beside(draft, attempt.work_ref, Cause::NodeUnreachable, words);
    } else {
        draft.wake_at(draft.now().plus(Duration::from_secs(10)));
    }
}

fn exited(draft: &mut Draft<'_>, attempt: &Attempt<'_>, exit: &Exit) {
    draft.last_exit = draft.last_exit.max(exit.finished.map(|at| at.min(draft.now())));
    escalate::close_beside(draft, attempt.work_ref);
    let input = scope::rendered_input(draft, attempt.definition, attempt.work_ref, attempt.task);
    let verdict = verdict::evaluate(
        exit,
        &Rules {
            timeout: attempt.def.timeout,
            stopped: attempt.current.stop.as_ref().map(|s| s.cause),
            expects: attempt.task.expects.as_deref(),
            rendered_input: input.as_deref(),
            definition: Some(attempt.definition),
        },
    );
    let verdict =
        answer::check_outputs(verdict, attempt.def, attempt.definition.stories_limit(attempt.work_ref.step));
    let message = verdict.message.clone().unwrap_or_default();
    let end = End { outcome: verdict.outcome, cause: verdict.cause, exit_code: verdict.exit_code };
    record(draft, attempt.work_ref, &attempt.current, end, &message);
    match verdict.outcome {
        Outcome::Done => done(draft, attempt, verdict),
        Outcome::SentBack => sent_back(draft, attempt, &verdict),
        Outcome::Stopped => set_phase(draft, attempt.work_ref, StepPhase::Cancelled),
        Outcome::Lost => {
            charge_loss(
                draft,
                attempt.definition,
                attempt.work_ref,
                verdict.cause.unwrap_or(Cause::Disrupted),
                &message,
            );
        }
        Outcome::Failed | Outcome::TimedOut => {
            keep_output(draft, attempt.work_ref, &verdict);
            let cause = verdict.cause.unwrap_or(Cause::ExitCode);
            if cause == Cause::ResultUnreadable {
                work::count(draft, attempt.work_ref, |w| w.failures += 1);
                escalate::open(draft, attempt.work_ref, cause, message);
            } else {
                charge_failure(
                    draft,
                    attempt.definition,
                    attempt.work_ref,
                    cause,
                    verdict.exit_code,
                    &message,
                );
            }
        }
    }
}

fn done(draft: &mut Draft<'_>, attempt: &Attempt<'_>, verdict: Verdict) {
    set_phase(draft, attempt.work_ref, StepPhase::Succeeded);
    if let Some(work) = draft.work_mut(attempt.work_ref) {
        work.outputs = work.supplied.clone();
        let values = verdict.output.map(|o| o.values).unwrap_or_default();
        work.outputs.extend(values.into_iter().map(|(k, v)| (k.to_lowercase(), v)));
        work.output = Some(output::marked(verdict.text, verdict.cut));
    }
    if status_size::fit(&mut draft.status, attempt.definition) {
        return rework::accepted(draft, attempt.definition, attempt.work_ref);
    }
    if let Some(work) = draft.work_mut(attempt.work_ref) {
        work.output = None;
        work.outputs.clear();
    }
    let message = "the step's output does not fit into the run's status (512 KiB in all)".to_string();
    escalate::open(draft, attempt.work_ref, Cause::StatusTooLarge, message);
}

/// The attempt succeeded: it rejected earlier work, which goes back.
fn sent_back(draft: &mut Draft<'_>, attempt: &Attempt<'_>, verdict: &Verdict) {
    keep_output(draft, attempt.work_ref, verdict);
    if ending::is_over(draft, attempt.def) {
        return set_phase(draft, attempt.work_ref, StepPhase::Cancelled);
    }
    let Some(rule) = &attempt.def.on_retry else { return };
    let none = std::collections::BTreeMap::new();
    let values = verdict.output.as_ref().map_or(&none, |o| &o.values);
    let feedback = rework::feedback_of(rule, values, &verdict.text);
    if !rework::send_back(draft, attempt.definition, attempt.work_ref, rule, &feedback) {
        let times = rule.limit;
        let message = format!(
            "it rejects the work again, after it was sent back as often as onRetry.limit ({times}) allows"
        );
        exhausted(draft, attempt.definition, attempt.work_ref, Cause::ReworkExhausted, &message);
    }
}

/// The output of a failed attempt stays readable in the status.
fn keep_output(draft: &mut Draft<'_>, work_ref: WorkRef, verdict: &Verdict) {
    if let Some(work) = draft.work_mut(work_ref) {
        work.output = Some(output::marked(verdict.text.clone(), verdict.cut)).filter(|t| !t.is_empty());
    }
}

fn lost(draft: &mut Draft<'_>, attempt: &Attempt<'_>, loss: Loss, message: &str) {
    escalate::close_beside(draft, attempt.work_ref);
    let cause = match loss {
        Loss::PodDeleted => Cause::PodDeleted,
        Loss::Disrupted => Cause::Disrupted,
        Loss::PodRejected => Cause::PodRejected,
        Loss::NeverStarted => Cause::NeverStarted,
    };
    match attempt.current.stop.as_ref().map(|s| s.cause) {
        Some(Cause::RunEnded) => {
            record(
                draft,
                attempt.work_ref,
                &attempt.current,
                End::of(Outcome::Stopped, Some(Cause::RunEnded)),
                message,
            );
            set_phase(draft, attempt.work_ref, StepPhase::Cancelled);
        }
        Some(stopped) => {
            let limit = if stopped == Cause::PendingTimeout {
                attempt.def.pending_timeout
            } else {
                attempt.def.timeout
            };
            let message = format!("Timeout after {limit}");
            record(
                draft,
                attempt.work_ref,
                &attempt.current,
                End::of(Outcome::TimedOut, Some(stopped)),
                &message,
            );
            charge_failure(draft, attempt.definition, attempt.work_ref, stopped, None, &message);
        }
        None => {
            record(draft, attempt.work_ref, &attempt.current, End::of(Outcome::Lost, Some(cause)), message);
            charge_loss(draft, attempt.definition, attempt.work_ref, cause, message);
        }
    }
}

//! The step table: what a fact about the attempt under way does to its step.

use std::time::Duration;

use crate::api::status::{CurrentAttempt, LastAttempt, StopOrder};
use crate::api::step::OnExhausted;
use crate::api::{Cause, Outcome, Phase, Reason, Stamp, StepPhase};

use super::definition::{Definition, StepDef};
use super::effect::Effect;
use super::plan::Draft;
use super::snapshot::{AttemptFact, Exit, Loss, STOP_GRACE};
use super::verdict::{self, Rules, Verdict};
use super::{end, escalate, launch, volume};

/// Applies what was seen of every attempt under way.
pub fn observe(draft: &mut Draft<'_>, definition: &Definition) {
    for (i, def) in definition.steps.iter().enumerate() {
        let Some(current) = draft.status.steps.get(i).and_then(|s| s.current.clone()) else {
            continue;
        };
        let fact = draft.seen.attempts.get(&current.job).unwrap_or(&AttemptFact::Absent);
        apply(draft, definition, def, i, &current, fact);
    }
}

/// The run ends and its definition is lost: attempts that are over are recorded as stopped, unjudged.
pub fn stopped(draft: &mut Draft<'_>) {
    for i in 0..draft.status.steps.len() {
        let Some(current) = draft.status.steps.get(i).and_then(|s| s.current.clone()) else {
            continue;
        };
        match draft.seen.attempts.get(&current.job).unwrap_or(&AttemptFact::Absent) {
            AttemptFact::Pending { .. } | AttemptFact::Running { .. } => insist(draft, &current),
            AttemptFact::Unread | AttemptFact::Unreachable { .. } => {
                draft.wake_at(draft.now().plus(Duration::from_secs(5)));
            }
            AttemptFact::Absent
            | AttemptFact::Blocked { .. }
            | AttemptFact::Refused { .. }
            | AttemptFact::Exited(_)
            | AttemptFact::Lost { .. }
            | AttemptFact::NameTaken { .. } => {
                record(draft, i, &current, Outcome::Stopped, Some(Cause::RunEnded), None, "the run ended");
                set_phase(draft, i, StepPhase::Cancelled);
            }
        }
    }
}

fn apply(
    draft: &mut Draft<'_>,
    all: &Definition,
    def: &StepDef,
    i: usize,
    current: &CurrentAttempt,
    fact: &AttemptFact,
) {
    match fact {
        AttemptFact::Absent => absent(draft, def, i, current),
        AttemptFact::Pending { since, message } => {
            if let Some(message) = message {
                draft.status.waiting = Some(format!("step {}: {message}", def.name));
            }
            pending(draft, def, i, current, *since);
        }
        AttemptFact::Blocked { since, message } => {
            draft.status.waiting =
                Some(format!("step {}: the Pod cannot be created yet: {message}", def.name));
            blocked(draft, def, i, current, *since, message);
        }
        AttemptFact::Refused { message } => {
            let message = format!("the API server refused the Pod of attempt {}: {message}", current.n);
            record(draft, i, current, Outcome::Failed, Some(Cause::PodRefused), None, &message);
            escalate::open(draft, i, Cause::PodRefused, message);
        }
        AttemptFact::Running { since } => running(draft, def, i, current, *since),
        AttemptFact::Unread => draft.wake_at(draft.now().plus(Duration::from_secs(1))),
        AttemptFact::Exited(exit) => exited(draft, all, def, i, current, exit),
        AttemptFact::Lost { cause, message } => lost(draft, def, i, current, *cause, message),
        AttemptFact::Unreachable { since, overdue, message } => {
            let words = format!(
                "the Pod of attempt {} is being deleted since {since} on a node that does not answer: {message}",
                current.n
            );
            draft.status.waiting = Some(format!("step {}: {words}", def.name));
            if *overdue {
                escalate::open_beside(draft, i, Cause::NodeUnreachable, words);
            } else {
                draft.wake_at(draft.now().plus(Duration::from_secs(10)));
            }
        }
        AttemptFact::NameTaken { message } => {
            record(draft, i, current, Outcome::Failed, Some(Cause::NameTaken), None, message);
            escalate::open(draft, i, Cause::NameTaken, message.clone());
        }
    }
}

/// The intent is written, the Job is not there: it is created now, unless the run is ending.
fn absent(draft: &mut Draft<'_>, def: &StepDef, i: usize, current: &CurrentAttempt) {
    if draft.status.ending.is_some() || current.stop.is_some() {
        record(
            draft,
            i,
            current,
            Outcome::Stopped,
            Some(Cause::RunEnded),
            None,
            "the run ended before it was started",
        );
        return set_phase(draft, i, StepPhase::Cancelled);
    }
    match launch::prepare(draft, def, i, current.n) {
        Ok(launch) => {
            draft.wake_at(current.intent_at.plus(def.pending_timeout.as_duration()));
            draft.after.push(Effect::Launch(Box::new(launch)));
        }
        Err((cause, message)) => {
            record(draft, i, current, Outcome::Failed, Some(cause), None, &message);
            escalate::open(draft, i, cause, message);
        }
    }
}

fn pending(draft: &mut Draft<'_>, def: &StepDef, i: usize, current: &CurrentAttempt, since: Stamp) {
    let limit = since.max(current.intent_at).plus(def.pending_timeout.as_duration());
    if current.stop.is_some() {
        insist(draft, current);
    } else if draft.now() >= limit {
        order_stop(draft, i, Cause::PendingTimeout);
    } else {
        draft.wake_at(limit);
    }
}

/// No Pod exists, and only this process could create one: it can be given up at once.
fn blocked(
    draft: &mut Draft<'_>,
    def: &StepDef,
    i: usize,
    current: &CurrentAttempt,
    since: Stamp,
    message: &str,
) {
    let limit = since.max(current.intent_at).plus(def.pending_timeout.as_duration());
    if draft.now() < limit {
        return draft.wake_at(limit.min(draft.now().plus(Duration::from_secs(5))));
    }
    let message = format!("no Pod within {}: {message}", def.pending_timeout);
    record(draft, i, current, Outcome::TimedOut, Some(Cause::PendingTimeout), None, &message);
    charge_failure(draft, def, i, Cause::PendingTimeout, None, &message);
}

fn running(draft: &mut Draft<'_>, def: &StepDef, i: usize, current: &CurrentAttempt, since: Stamp) {
    close_beside(draft, i);
    let limit = since.plus(def.timeout.as_duration());
    if current.stop.is_some() {
        insist(draft, current);
    } else if draft.now() >= limit {
        order_stop(draft, i, Cause::Timeout);
    } else {
        draft.wake_at(limit);
    }
}

/// Tells an attempt to stop; the order stands in the status before it is carried out.
pub fn order_stop(draft: &mut Draft<'_>, i: usize, cause: Cause) {
    let at = draft.now();
    let Some(current) = draft.status.steps.get_mut(i).and_then(|s| s.current.as_mut()) else {
        return;
    };
    current.stop = Some(StopOrder { at, cause });
    let job = current.job.clone();
    draft.after.push(Effect::Stop { job });
    draft.wake_at(at.plus(STOP_GRACE.as_duration()));
}

/// An attempt that was told to stop and did not: after a while it is read and deleted.
fn insist(draft: &mut Draft<'_>, current: &CurrentAttempt) {
    let Some(stop) = &current.stop else { return };
    let limit = stop.at.plus(STOP_GRACE.as_duration());
    if draft.now() >= limit {
        draft.after.push(Effect::Kill { job: current.job.clone() });
        draft.wake_at(draft.now().plus(Duration::from_secs(10)));
    } else {
        draft.wake_at(limit);
    }
}

fn exited(
    draft: &mut Draft<'_>,
    all: &Definition,
    def: &StepDef,
    i: usize,
    current: &CurrentAttempt,
    exit: &Exit,
) {
    close_beside(draft, i);
    let input = launch::rendered_input(draft, def, i);
    let verdict = verdict::judge(
        exit,
        &Rules {
            timeout: def.timeout,
            stopped: current.stop.as_ref().map(|s| s.cause),
            expects: def.expects.as_deref(),
            rendered_input: input.as_deref(),
        },
    );
    let message = verdict.message.clone().unwrap_or_default();
    record(draft, i, current, verdict.outcome, verdict.cause, verdict.exit_code, &message);
    match verdict.outcome {
        Outcome::Done => done(draft, all, i, verdict),
        Outcome::Stopped => set_phase(draft, i, StepPhase::Cancelled),
        Outcome::Lost => charge_loss(draft, def, i, verdict.cause.unwrap_or(Cause::Disrupted), &message),
        Outcome::Failed | Outcome::TimedOut => {
            keep_output(draft, i, &verdict);
            let cause = verdict.cause.unwrap_or(Cause::ExitCode);
            if cause == Cause::ResultUnreadable {
                escalate::open(draft, i, cause, message);
            } else {
                charge_failure(draft, def, i, cause, verdict.exit_code, &message);
            }
        }
    }
}

fn done(draft: &mut Draft<'_>, all: &Definition, i: usize, verdict: Verdict) {
    let now = draft.now();
    if let Some(step) = draft.status.steps.get_mut(i) {
        let values = verdict.output.map(|o| o.values).unwrap_or_default();
        step.outputs.extend(values.into_iter().map(|(k, v)| (k.to_lowercase(), v)));
        step.output = Some(marked(verdict.text, verdict.cut));
        step.phase = StepPhase::Succeeded;
        step.finished_at = Some(now);
    }
    if !volume::fit(&mut draft.status, all) {
        if let Some(step) = draft.status.steps.get_mut(i) {
            step.output = None;
            step.outputs.clear();
            step.finished_at = None;
        }
        let message = "what the step said does not fit into the run's status (512 KiB in all)".to_string();
        escalate::open(draft, i, Cause::StatusTooLarge, message);
    }
}

/// A reader must see that the beginning is missing.
fn marked(text: String, cut: bool) -> String {
    if cut { format!("[the beginning was cut off]\n{text}") } else { text }
}

/// What a failed attempt said stays readable in the status.
fn keep_output(draft: &mut Draft<'_>, i: usize, verdict: &Verdict) {
    if let Some(step) = draft.status.steps.get_mut(i) {
        step.output = Some(marked(verdict.text.clone(), verdict.cut)).filter(|t| !t.is_empty());
    }
}

fn lost(draft: &mut Draft<'_>, def: &StepDef, i: usize, current: &CurrentAttempt, loss: Loss, message: &str) {
    close_beside(draft, i);
    let cause = match loss {
        Loss::PodDeleted => Cause::PodDeleted,
        Loss::Disrupted => Cause::Disrupted,
        Loss::PodRejected => Cause::PodRejected,
        Loss::NeverStarted => Cause::NeverStarted,
    };
    match current.stop.as_ref().map(|s| s.cause) {
        Some(Cause::RunEnded) => {
            record(draft, i, current, Outcome::Stopped, Some(Cause::RunEnded), None, message);
            set_phase(draft, i, StepPhase::Cancelled);
        }
        Some(stopped) => {
            let limit = if stopped == Cause::PendingTimeout { def.pending_timeout } else { def.timeout };
            let message = format!("Timeout after {limit}");
            record(draft, i, current, Outcome::TimedOut, Some(stopped), None, &message);
            charge_failure(draft, def, i, stopped, None, &message);
        }
        None => {
            record(draft, i, current, Outcome::Lost, Some(cause), None, message);
            charge_loss(draft, def, i, cause, message);
        }
    }
}

/// The attempt is over: its outcome enters the status, exactly once.
fn record(
    draft: &mut Draft<'_>,
    i: usize,
    current: &CurrentAttempt,
    outcome: Outcome,
    cause: Option<Cause>,
    exit_code: Option<i32>,
    message: &str,
) {
    if let Some(step) = draft.status.steps.get_mut(i) {
        step.current = None;
        let message: String = message.chars().take(256).collect();
        let message = Some(message).filter(|m| !m.is_empty());
        step.last = Some(LastAttempt { n: current.n, outcome, cause, exit_code, message });
    }
}

fn set_phase(draft: &mut Draft<'_>, i: usize, phase: StepPhase) {
    let now = draft.now();
    if let Some(step) = draft.status.steps.get_mut(i) {
        step.phase = phase;
        step.finished_at = phase.is_finished().then_some(now);
    }
}

/// A failed attempt spends a retry, or the step is exhausted.
fn charge_failure(
    draft: &mut Draft<'_>,
    def: &StepDef,
    i: usize,
    cause: Cause,
    code: Option<i32>,
    message: &str,
) {
    let retries = draft.status.steps.get(i).map_or(0, |s| s.retries);
    let hopeless = code.is_some_and(|c| def.retry.no_retry_exit_codes.contains(&c));
    if hopeless || retries >= def.retry.limit {
        return exhausted(draft, def, i, cause, message);
    }
    if draft.status.ending.is_some() {
        return set_phase(draft, i, StepPhase::Cancelled);
    }
    if let Some(totals) = draft.status.totals.as_mut() {
        totals.retries += 1;
    }
    back_off(draft, i, def.retry.wait(retries), |s| s.retries += 1);
}

/// A lost attempt spends the other budget.
fn charge_loss(draft: &mut Draft<'_>, def: &StepDef, i: usize, cause: Cause, message: &str) {
    if let Some(totals) = draft.status.totals.as_mut() {
        totals.lost += 1;
    }
    let lost = draft.status.steps.get(i).map_or(0, |s| s.lost);
    if lost >= def.retry.lost_limit {
        return exhausted(draft, def, i, cause, message);
    }
    if draft.status.ending.is_some() {
        return set_phase(draft, i, StepPhase::Cancelled);
    }
    back_off(draft, i, def.retry.wait(lost), |s| s.lost += 1);
}

fn back_off(draft: &mut Draft<'_>, i: usize, wait: Duration, charge: impl Fn(&mut crate::api::StepStatus)) {
    let at = draft.now().plus(wait);
    if let Some(step) = draft.status.steps.get_mut(i) {
        charge(step);
        step.phase = StepPhase::Backoff;
        step.next_attempt_at = Some(at);
    }
}

fn exhausted(draft: &mut Draft<'_>, def: &StepDef, i: usize, cause: Cause, message: &str) {
    let attempts = draft.status.steps.get(i).map_or(0, |s| s.attempts);
    let message = format!("step {} failed after {attempts} attempt(s): {cause}: {message}", def.name);
    if draft.status.ending.is_some() {
        return set_phase(draft, i, StepPhase::Failed);
    }
    match def.on_exhausted {
        OnExhausted::Escalate => escalate::open(draft, i, cause, message),
        OnExhausted::Continue => set_phase(draft, i, StepPhase::Tolerated),
        OnExhausted::Fail => {
            set_phase(draft, i, StepPhase::Failed);
            end::order(draft, Phase::Failed, Reason::StepFailed, message);
        }
    }
}

/// The node answers again: the question about it is answered.
fn close_beside(draft: &mut Draft<'_>, i: usize) {
    let Some(name) = draft.status.steps.get(i).map(|s| s.name.clone()) else {
        return;
    };
    let before = draft.status.escalations.len();
    draft.status.escalations.retain(|e| !(e.step == name && e.cause == Cause::NodeUnreachable));
    if draft.status.escalations.len() < before
        && let Some(step) = draft.status.steps.get_mut(i)
    {
        step.phase = StepPhase::Running;
    }
}

//! A run -> its view for people: a head, a line per step and item, the open questions.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::ResourceExt;

use crate::api::status::EscalationStatus;
use crate::api::{Outcome, Phase, Stamp, StepPhase, StepStatus, Work, WorkflowRun, WorkflowSpec};
use crate::engine::definition::{Definition, StepDef};

use super::plain::one_line;
use super::time::short;

/// The view of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    pub name: String,
    pub namespace: String,
    pub workflow: String,
    pub phase: Option<Phase>,
    pub reason: String,
    pub message: String,
    pub task: String,
    pub progress: String,
    pub started: Option<Stamp>,
    /// From its start to its end, or to now.
    pub duration: Option<Duration>,
    pub waiting: Option<String>,
    pub steps: Vec<StepView>,
    pub questions: Vec<EscalationStatus>,
    pub outputs: BTreeMap<String, String>,
}

/// A step, or (`item`) one of its items.
#[derive(Clone, Debug, PartialEq)]
pub struct StepView {
    pub step: String,
    pub item: Option<String>,
    /// The item's title.
    pub title: Option<String>,
    pub phase: StepPhase,
    pub agent: String,
    pub attempts: u32,
    /// `1/3`: retries used, of those that `retry.limit` grants; `-` if none was used.
    pub retries: String,
    pub rounds: u32,
    /// From its first start to its end, or to now.
    pub duration: Option<Duration>,
    /// Why it waits, or the result of its last attempt.
    pub note: String,
    pub finally: bool,
}

impl RunView {
    /// `spec`: the workflow's revision that the run executes, if it is available.
    pub fn of(run: &WorkflowRun, spec: Option<&WorkflowSpec>, now: Stamp) -> Self {
        let status = run.status.clone().unwrap_or_default();
        let all = spec.and_then(|s| Definition::read(s).ok());
        let steps = status.steps.iter().flat_map(|step| {
            let def = all.as_ref().and_then(|all| all.steps.iter().find(|d| d.name == step.name));
            step_lines(step, def, now)
        });
        Self {
            name: run.name_any(),
            namespace: run.namespace().unwrap_or_default(),
            workflow: run.spec.workflow_ref.name.clone(),
            phase: status.phase,
            reason: status.reason.map_or_else(String::new, |r| r.to_string()),
            message: one_line(status.message.as_deref().unwrap_or_default()),
            task: run.spec.task.clone().unwrap_or_default(),
            progress: status.progress.clone().unwrap_or_default(),
            started: status.started_at,
            duration: status.started_at.map(|at| status.finished_at.unwrap_or(now).since(at)),
            waiting: status.waiting.as_deref().map(one_line),
            steps: steps.collect(),
            questions: status.escalations,
            outputs: status.outputs,
        }
    }
}

fn step_lines(step: &StepStatus, def: Option<&StepDef>, now: Stamp) -> Vec<StepView> {
    let of_step =
        StepView { step: step.name.clone(), finally: step.finally, ..work_line(&step.work, def, now) };
    let items = step.items.iter().map(|item| StepView {
        step: step.name.clone(),
        item: Some(item.id.clone()),
        title: item.title.as_deref().map(one_line),
        finally: step.finally,
        ..work_line(&item.work, def, now)
    });
    std::iter::once(of_step).chain(items).collect()
}

fn work_line(work: &Work, def: Option<&StepDef>, now: Stamp) -> StepView {
    let limit = def.map(|d| d.retry.limit);
    StepView {
        step: String::new(),
        item: None,
        title: None,
        phase: work.phase,
        agent: def
            .map_or_else(String::new, |d| d.task().map_or("(a person)".into(), |t| t.agent.name.clone())),
        attempts: work.attempts,
        retries: match (work.retries, limit) {
            (0, _) => "-".into(),
            (n, Some(limit)) => format!("{n}/{limit}"),
            (n, None) => n.to_string(),
        },
        rounds: work.rounds,
        duration: work.started_at.map(|at| work.finished_at.unwrap_or(now).since(at)),
        note: note(work, now),
        finally: false,
    }
}

/// The most important fact about a step or item beside its phase.
fn note(work: &Work, now: Stamp) -> String {
    let last = work.last.as_ref().filter(|l| !matches!(l.outcome, Outcome::Done)).map(|l| {
        let cause = l.cause.map(|c| format!(" ({c})")).unwrap_or_default();
        let message = l.message.as_deref().map(|m| format!(": {}", one_line(m))).unwrap_or_default();
        format!("attempt {} {}{cause}{message}", l.n, l.outcome)
    });
    let sent_back = work.verify_feedback.as_deref().map(|f| format!("sent back: {}", one_line(f)));
    match work.phase {
        StepPhase::Backoff => {
            let next = work.next_attempt_at.map(|at| format!("next attempt in {}", short(at.since(now))));
            next.into_iter().chain(last).collect::<Vec<_>>().join("; ")
        }
        StepPhase::Running | StepPhase::Pending => sent_back.or(last).unwrap_or_default(),
        StepPhase::Escalated | StepPhase::Failed | StepPhase::Tolerated | StepPhase::Cancelled => {
            last.unwrap_or_default()
        }
        StepPhase::Succeeded | StepPhase::Skipped => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: serde_json::Value) -> WorkflowRun {
        serde_json::from_value(serde_json::json!({
            "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun",
            "metadata": {"name": "demo", "namespace": "team"},
            "spec": {"workflowRef": {"name": "flow"}, "task": "do it"},
            "status": status,
        }))
        .unwrap()
    }

    fn at(text: &str) -> Stamp {
        Stamp(text.parse().unwrap())
    }

    #[test]
    fn a_step_that_waits_says_for_how_long_and_why() {
        let run = run(serde_json::json!({"phase": "Running", "steps": [{
            "name": "build", "phase": "Backoff", "attempts": 2, "retries": 2,
            "startedAt": "2026-01-01T00:00:00Z", "nextAttemptAt": "2026-01-01T00:01:04Z",
            "last": {"n": 2, "outcome": "Failed", "cause": "ExitCode", "message": "exit code 1"},
        }]}));
        let spec: WorkflowSpec = serde_json::from_value(serde_json::json!({
            "agents": [{"name": "smith", "image": "i"}],
            "steps": [{"name": "build", "agent": "smith", "input": "x", "retry": {"limit": 3}}],
        }))
        .unwrap();
        let view = RunView::of(&run, Some(&spec), at("2026-01-01T00:01:00Z"));
        let [step] = &view.steps[..] else { panic!("{view:?}") };
        assert_eq!(step.note, "next attempt in 4.0s; attempt 2 Failed (ExitCode): exit code 1");
        assert_eq!((step.retries.as_str(), step.agent.as_str()), ("2/3", "smith"));
        assert_eq!(step.duration, Some(Duration::from_secs(60)));
    }

    #[test]
    fn items_follow_their_step() {
        let run = run(serde_json::json!({"steps": [{"name": "each", "phase": "Running", "items": [
            {"id": "a", "title": "First\none", "phase": "Succeeded"}, {"id": "b", "phase": "Pending"},
        ]}]}));
        let view = RunView::of(&run, None, at("2026-01-01T00:01:00Z"));
        let seen: Vec<_> =
            view.steps.iter().map(|s| (s.item.as_deref(), s.title.as_deref(), s.retries.as_str())).collect();
        assert_eq!(seen, [(None, None, "-"), (Some("a"), Some("First one"), "-"), (Some("b"), None, "-")]);
    }

    #[test]
    fn a_run_that_nobody_has_seen_yet_is_shown_too() {
        let view = RunView::of(
            &run(serde_json::json!({"observedGeneration": -1})),
            None,
            at("2026-01-01T00:00:00Z"),
        );
        assert_eq!((view.phase, view.duration, view.steps.len()), (None, None, 0));
    }
}

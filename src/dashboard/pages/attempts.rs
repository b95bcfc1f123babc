//! A run's status and its Jobs -> the attempts at each step and item, as far as they are known.
//!
//! A status keeps the current attempt and the last one that ended. All others are known only while their Jobs exist,
//! and only to readers who may list Jobs. The missing ones are counted, so that a page can say so. Start reading at
//! [`attempts`].

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;

use crate::api::work::LastAttempt;
use crate::api::{Outcome, Stamp, StepStatus, Work, labels};
use crate::dashboard::parts::Tone;

/// One attempt.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attempt {
    pub(super) n: u32,
    /// The name of its Job, if the Job is known.
    pub(super) job: Option<String>,
    pub(super) from: Option<Stamp>,
    pub(super) to: Option<Stamp>,
    pub(super) end: AttemptEnd,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum AttemptEnd {
    /// In progress.
    Running,
    /// As in the status.
    Known(LastAttempt),
    /// As in its Job: done or not, without the reason.
    Done,
    NotDone,
}

impl AttemptEnd {
    pub(super) fn tone(&self) -> Tone {
        match self {
            AttemptEnd::Running => Tone::Live,
            AttemptEnd::Known(last) => Tone::from(last.outcome),
            AttemptEnd::Done => Tone::Good,
            AttemptEnd::NotDone => Tone::Bad,
        }
    }

    /// `Failed (ExitCode), exit code 1`
    pub(super) fn words(&self) -> String {
        match self {
            AttemptEnd::Running => "Running".into(),
            AttemptEnd::Done => Outcome::Done.to_string(),
            AttemptEnd::NotDone => "not done".into(),
            AttemptEnd::Known(last) => {
                let cause = last.cause.map(|c| format!(" ({c})")).unwrap_or_default();
                let code = last
                    .exit_code
                    .filter(|c| *c != 0)
                    .map(|c| format!(", exit code {c}"))
                    .unwrap_or_default();
                format!("{}{cause}{code}", last.outcome)
            }
        }
    }
}

/// A step, or one of its items.
pub(super) type WorkKey = (String, Option<String>);

/// The attempts at each step and item, in order.
pub(super) fn attempts(steps: &[StepStatus], jobs: &[Arc<Job>]) -> BTreeMap<WorkKey, Vec<Attempt>> {
    let mut by_label: BTreeMap<WorkKey, Vec<Attempt>> = BTreeMap::new();
    for job in jobs {
        if let Some((place, attempt)) = of_job(job) {
            by_label.entry(place).or_default().push(attempt);
        }
    }
    let own = steps.iter().map(|s| ((s.name.clone(), None), &s.work));
    let items = steps
        .iter()
        .flat_map(|s| s.items.iter().map(move |i| ((s.name.clone(), Some(i.id.clone())), &i.work)));
    own.chain(items)
        .map(|(place, work)| {
            // A label holds at most 63 characters of an item's id.
            let label = (place.0.clone(), place.1.as_deref().map(|i| labels::label_value(i).to_string()));
            (place, merged(work, by_label.remove(&label).unwrap_or_default()))
        })
        .collect()
}

fn of_job(job: &Job) -> Option<(WorkKey, Attempt)> {
    let label = |name: &str| job.labels().get(name).cloned();
    let n = label(labels::ATTEMPT)?.parse().ok()?;
    let status = job.status.as_ref();
    let ended = status
        .iter()
        .flat_map(|s| s.conditions.iter().flatten())
        .find(|c| matches!(c.type_.as_str(), "Complete" | "Failed") && c.status == "True");
    let attempt = Attempt {
        n,
        job: Some(job.name_any()),
        from: job.creation_timestamp().map(|t| Stamp::of(t.0)),
        to: ended.and_then(|c| c.last_transition_time.as_ref()).map(|t| Stamp::of(t.0)),
        end: match ended.map(|c| c.type_.as_str()) {
            Some("Complete") => AttemptEnd::Done,
            Some(_) => AttemptEnd::NotDone,
            None => AttemptEnd::Running,
        },
    };
    Some(((label(labels::STEP)?, label(labels::ITEM)), attempt))
}

/// The status knows the result of the last attempt, and which attempt is current.
fn merged(work: &Work, mut found: Vec<Attempt>) -> Vec<Attempt> {
    if let Some(last) = &work.last {
        let known = AttemptEnd::Known(last.clone());
        match found.iter_mut().find(|a| a.n == last.n) {
            Some(attempt) => attempt.end = known,
            None => {
                // With a single attempt the step's own times are the attempt's.
                let alone = work.attempts == 1;
                let (from, to) = (work.started_at.filter(|_| alone), work.finished_at.filter(|_| alone));
                found.push(Attempt { n: last.n, job: None, from, to, end: known });
            }
        }
    }
    if let Some(current) = &work.current {
        found.retain(|a| a.n != current.n);
        let (job, from) = (Some(current.job.clone()), Some(current.intent_at));
        found.push(Attempt { n: current.n, job, from, to: None, end: AttemptEnd::Running });
    }
    found.sort_by_key(|a| a.n);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(n: u32, item: Option<&str>, end: Option<&str>) -> Arc<Job> {
        let mut labels = json!({labels::STEP: "build", labels::ATTEMPT: n.to_string()});
        if let Some(item) = item {
            labels[labels::ITEM] = json!(item);
        }
        let conditions =
            end.map(|e| json!([{"type": e, "status": "True", "lastTransitionTime": "2026-01-01T00:01:00Z"}]));
        Arc::new(
            serde_json::from_value(json!({
                "metadata": {"name": format!("j{n}"), "labels": labels, "creationTimestamp": "2026-01-01T00:00:00Z"},
                "status": {"conditions": conditions},
            }))
            .unwrap(),
        )
    }

    fn steps(work: serde_json::Value) -> Vec<StepStatus> {
        let mut step = json!({"name": "build", "phase": "Running"});
        step.as_object_mut().unwrap().extend(work.as_object().unwrap().clone());
        vec![serde_json::from_value(step).unwrap()]
    }

    fn told(steps: &[StepStatus], jobs: &[Arc<Job>], item: Option<&str>) -> Vec<(u32, String)> {
        let all = attempts(steps, jobs);
        all[&("build".to_string(), item.map(String::from))].iter().map(|a| (a.n, a.end.words())).collect()
    }

    #[test]
    fn a_job_tells_of_an_attempt_that_the_status_has_forgotten() {
        let steps = steps(json!({"attempts": 3,
            "last": {"n": 2, "outcome": "Failed", "cause": "ExitCode", "exitCode": 7},
            "current": {"n": 3, "job": "j3", "intentAt": "2026-01-01T00:02:00Z"}}));
        let jobs = [job(2, None, Some("Failed")), job(1, None, Some("Failed")), job(3, None, None)];
        let expected =
            [(1, "not done".into()), (2, "Failed (ExitCode), exit code 7".into()), (3, "Running".into())];
        assert_eq!(told(&steps, &jobs, None), expected);
        assert_eq!(told(&steps, &[], None), expected[1..]);
    }

    #[test]
    fn items_have_their_own() {
        let steps =
            steps(json!({"items": [{"id": "a", "phase": "Succeeded"}, {"id": "b", "phase": "Pending"}]}));
        let jobs = [job(1, Some("a"), Some("Complete"))];
        assert_eq!(told(&steps, &jobs, Some("a")), [(1, "Done".into())]);
        assert_eq!(told(&steps, &jobs, Some("b")), []);
        assert_eq!(told(&steps, &jobs, None), []);
    }
}

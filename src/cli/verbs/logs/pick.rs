//! A run and the selected step, item and attempt -> the attempts to print, in the order of the steps. Pure.

use std::fmt;
use std::str::FromStr;

use kube::ResourceExt;

use crate::api::work::LastAttempt;
use crate::api::{Outcome, Phase, Work, WorkflowRun, WorkflowRunStatus};
use crate::engine::ids;
use crate::engine::work_ref::{WorkRef, work_refs};

/// Which attempts of a step or item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Newest,
    All,
    Number(u32),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "newest" => Ok(Which::Newest),
            "all" => Ok(Which::All),
            _ => match text.parse() {
                Ok(n) if n > 0 => Ok(Which::Number(n)),
                _ => Err("attempts are numbered from 1: use a number or all".into()),
            },
        }
    }
}

/// The selection.
#[derive(Clone, Debug)]
pub(crate) struct Pick {
    pub step: Option<String>,
    pub item: Option<String>,
    pub which: Which,
}

/// One attempt of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attempt {
    pub step: String,
    pub item: Option<String>,
    pub n: u32,
    /// The name of its Job.
    pub job: String,
    pub kept: Kept,
}

/// The output of an attempt in the run's status.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kept {
    /// The attempt is running.
    NotYet,
    /// The stored output.
    Text(String),
    /// No output, and the reason.
    Nothing(String),
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.step)?;
        if let Some(item) = &self.item {
            write!(f, ", item {item}")?;
        }
        write!(f, " (attempt {})", self.n)
    }
}

impl Attempt {
    /// Whether the attempt has ended, in this state of the run.
    pub(crate) fn is_over(&self, run: &WorkflowRun) -> bool {
        let Some(status) = run.status.as_ref().filter(|s| !s.phase.is_some_and(Phase::is_terminal)) else {
            return true;
        };
        !status.works().filter_map(|w| w.current.as_ref()).any(|c| c.job == self.job)
    }
}

impl Pick {
    /// Whether a single step or item is selected, so that its log needs no heading.
    pub(crate) fn is_one(&self, run: &WorkflowRun) -> bool {
        let steps = run.status.iter().flat_map(|s| &s.steps);
        let named = self.step.as_ref().and_then(|name| steps.into_iter().find(|s| s.name == *name));
        // A step that is not in the status yet may get items; so may a loop without items.
        self.which != Which::All
            && self.step.is_some()
            && (self.item.is_some() || named.is_none_or(|s| s.items.is_empty()))
    }

    /// The selected attempts that have started.
    pub(crate) fn of(&self, run: &WorkflowRun) -> Result<Vec<Attempt>, String> {
        let Some(status) = run.status.as_ref().filter(|s| !s.steps.is_empty()) else { return Ok(Vec::new()) };
        self.check(run, status)?;
        let meant = work_refs(status).into_iter().filter(|at| self.means(status, *at));
        Ok(meant.flat_map(|at| self.attempts(run, status, at)).collect())
    }

    /// Checks that the step and item exist.
    fn check(&self, run: &WorkflowRun, status: &WorkflowRunStatus) -> Result<(), String> {
        let name = run.name_any();
        if let Some(step) = self.step.as_deref().filter(|s| !status.steps.iter().any(|x| x.name == *s)) {
            let all: Vec<&str> = status.steps.iter().map(|s| s.name.as_str()).collect();
            return Err(format!("run {name} has no step {step}; its steps are {}", all.join(", ")));
        }
        let Some(item) = &self.item else { return Ok(()) };
        let steps = status.steps.iter().filter(|s| self.step.as_ref().is_none_or(|name| *name == s.name));
        let mut items: Vec<&str> = steps.flat_map(|s| &s.items).map(|i| i.id.as_str()).collect();
        if items.contains(&item.as_str()) {
            return Ok(());
        }
        items.dedup();
        let place = self.step.as_ref().map_or(format!("run {name}"), |s| format!("step {s} of run {name}"));
        Err(match items.as_slice() {
            [] => format!("{place} has no items"),
            all => format!("{place} has no item {item}; its items are {}", all.join(", ")),
        })
    }

    fn means(&self, status: &WorkflowRunStatus, at: WorkRef) -> bool {
        let Some(step) = status.steps.get(at.step) else { return false };
        let item = at.item.and_then(|k| step.items.get(k)).map(|i| i.id.as_str());
        self.step.as_ref().is_none_or(|name| *name == step.name)
            && self.item.as_deref().is_none_or(|id| item == Some(id))
    }

    fn attempts(&self, run: &WorkflowRun, status: &WorkflowRunStatus, at: WorkRef) -> Vec<Attempt> {
        let (Some(step), Some(work)) = (status.steps.get(at.step), at.of(status)) else { return Vec::new() };
        let numbers = match self.which {
            Which::Newest => work.attempts.max(1)..=work.attempts,
            Which::All => 1..=work.attempts,
            Which::Number(n) => n..=n.min(work.attempts),
        };
        let (name, uid) = (run.name_any(), run.uid().unwrap_or_default());
        let key = at.item_key(status);
        let item = at.item.and_then(|k| step.items.get(k)).map(|i| i.id.clone());
        let one = |n| {
            let words = Attempt {
                step: step.name.clone(),
                item: item.clone(),
                n,
                job: ids::job_name(&name, &uid, &step.name, key.as_deref(), n),
                kept: Kept::NotYet,
            };
            Attempt { kept: kept(work, n, &words.to_string()), ..words }
        };
        numbers.map(one).collect()
    }

    /// Why there is nothing to print.
    pub(crate) fn not_empty(&self, run: &WorkflowRun, found: Vec<Attempt>) -> Result<Vec<Attempt>, String> {
        if !found.is_empty() {
            return Ok(found);
        }
        let name = run.name_any();
        let phase = run.status.as_ref().and_then(|s| s.phase).unwrap_or(Phase::Pending);
        let most = run
            .status
            .iter()
            .flat_map(|s| work_refs(s).into_iter().filter(|at| self.means(s, *at)).filter_map(|at| at.of(s)));
        let most = most.map(|w| w.attempts).max().unwrap_or(0);
        let place = match (&self.step, &self.item) {
            (Some(step), Some(item)) => format!("step {step}, item {item} of run {name}"),
            (Some(step), None) => format!("step {step} of run {name}"),
            (None, Some(item)) => format!("item {item} of run {name}"),
            (None, None) => format!("run {name} ({phase})"),
        };
        Err(match (self.which, most) {
            (Which::Number(n), 1..) => format!("{place} has no attempt {n}; the newest is {most}"),
            _ => format!("{place} has no attempt yet, so there is no log"),
        })
    }
}

/// The stored output of an attempt: the status has that of the last one only.
fn kept(work: &Work, n: u32, attempt: &str) -> Kept {
    if work.current.as_ref().is_some_and(|c| c.n == n) {
        return Kept::NotYet;
    }
    let nothing = |why: String| Kept::Nothing(format!("{attempt}: {why}"));
    match &work.last {
        Some(last) if last.n == n && was_judged(last) => match &work.output {
            Some(text) => Kept::Text(text.clone()),
            None => nothing("its Pod is gone, and the status has no output".into()),
        },
        Some(last) if last.n == n => {
            let cause = last.cause.map(|c| format!(" ({c})")).unwrap_or_default();
            nothing(format!("it was {}{cause} and left no output", last.outcome))
        }
        last => {
            let last = last.as_ref().map_or(work.attempts, |l| l.n);
            nothing(format!(
                "its Pod is gone; the run's status keeps the output of the last attempt ({last}) only"
            ))
        }
    }
}

/// Whether the output of the attempt was stored. That of a lost or stopped attempt is not read: `output` is then from
/// an earlier attempt.
fn was_judged(last: &LastAttempt) -> bool {
    let ended = match last.outcome {
        Outcome::Done | Outcome::SentBack | Outcome::Failed | Outcome::TimedOut => true,
        Outcome::Lost | Outcome::Stopped => false,
    };
    ended && last.exit_code.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run() -> WorkflowRun {
        serde_json::from_value(json!({
            "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun",
            "metadata": {"name": "demo", "namespace": "team", "uid": "u"},
            "spec": {"workflowRef": {"name": "flow"}},
            "status": {"phase": "Running", "steps": [
                {"name": "plan", "phase": "Succeeded", "attempts": 2, "output": "two",
                 "last": {"n": 2, "outcome": "Done", "exitCode": 0}},
                {"name": "each", "phase": "Running", "attempts": 3, "items": [
                    {"id": "a", "phase": "Failed", "attempts": 2, "output": "of the first",
                     "last": {"n": 2, "outcome": "Lost", "cause": "PodDeleted"}},
                    {"id": "b", "phase": "Running", "attempts": 1, "listed": 1,
                     "current": {"n": 1, "job": "j", "intentAt": "2026-01-01T00:00:00Z"}}]},
                {"name": "gate", "phase": "Pending"},
            ]},
        }))
        .unwrap()
    }

    fn pick(step: Option<&str>, item: Option<&str>, which: Which) -> Pick {
        Pick { step: step.map(String::from), item: item.map(String::from), which }
    }

    fn shown(pick: &Pick) -> Vec<String> {
        pick.of(&run()).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_newest_attempt_of_all_that_has_begun_is_meant_where_nothing_is_named() {
        let all = shown(&pick(None, None, Which::Newest));
        assert_eq!(all, ["plan (attempt 2)", "each, item a (attempt 2)", "each, item b (attempt 1)"]);
    }

    #[test]
    fn attempts_are_chosen_by_number_or_all_of_them() {
        assert_eq!(shown(&pick(Some("plan"), None, Which::Number(1))), ["plan (attempt 1)"]);
        assert_eq!(
            shown(&pick(None, Some("a"), Which::All)),
            ["each, item a (attempt 1)", "each, item a (attempt 2)"]
        );
        assert_eq!("0".parse::<Which>().unwrap_err(), "attempts are numbered from 1: use a number or all");
    }

    #[test]
    fn an_item_that_came_up_in_a_later_round_has_a_job_of_another_name() {
        let found = pick(None, Some("b"), Which::Newest).of(&run()).unwrap();
        assert_eq!(found[0].job, ids::job_name("demo", "u", "each", Some("b~1"), 1));
        assert_eq!(found[0].kept, Kept::NotYet);
    }

    #[test]
    fn the_status_has_the_words_of_the_last_attempt_only() {
        let kept = |step, item, n| pick(step, item, Which::Number(n)).of(&run()).unwrap().remove(0).kept;
        assert_eq!(kept(Some("plan"), None, 2), Kept::Text("two".into()));
        let Kept::Nothing(why) = kept(Some("plan"), None, 1) else { panic!() };
        assert!(why.starts_with("plan (attempt 1): its Pod is gone"), "{why}");
        // `output` is what attempt 1 said.
        let Kept::Nothing(why) = kept(None, Some("a"), 2) else { panic!() };
        assert_eq!(why, "each, item a (attempt 2): it was Lost (PodDeleted) and left no output");
    }

    #[test]
    fn a_name_that_is_not_there_is_answered_with_those_that_are() {
        let fails = |step, item| pick(step, item, Which::Newest).of(&run()).unwrap_err();
        assert_eq!(fails(Some("x"), None), "run demo has no step x; its steps are plan, each, gate");
        assert_eq!(fails(None, Some("x")), "run demo has no item x; its items are a, b");
        assert_eq!(fails(Some("plan"), Some("a")), "step plan of run demo has no items");
        let none = |step, which| {
            let pick = pick(Some(step), None, which);
            pick.not_empty(&run(), pick.of(&run()).unwrap()).unwrap_err()
        };
        assert!(none("gate", Which::Newest).starts_with("step gate of run demo has no attempt yet"));
        assert_eq!(none("plan", Which::Number(5)), "step plan of run demo has no attempt 5; the newest is 2");
    }
}

//! The form of a run's page -> a WorkflowDecision, created with the reader's own token and with the user name that
//! the API server knows. The run's status then shows the result.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Extension, Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use crate::api::{Action, Phase, WorkflowDecision, WorkflowDecisionSpec, WorkflowRun};
use crate::dashboard::Dashboard;
use crate::dashboard::access::rights::ObjectKind;
use crate::dashboard::access::{AccessError, Reader};
use crate::dashboard::cluster_view::readable;
use crate::dashboard::page::Problem;

/// The fields of the form.
#[derive(Debug, Deserialize)]
pub struct DecisionForm {
    csrf: String,
    action: Action,
    /// The answered question; empty: an order to the run.
    #[serde(default)]
    escalation: String,
    #[serde(default)]
    feedback: String,
    /// `KEY=value`, one per line.
    #[serde(default)]
    outputs: String,
}

pub async fn decide(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Path((namespace, name)): Path<(String, String)>,
    Form(form): Form<DecisionForm>,
) -> Result<Redirect, Problem> {
    if !d.actions || !d.access.sees(&reader, ObjectKind::Runs, &namespace, &name).await? {
        return Err(Problem::NotFound);
    }
    if form.csrf != reader.csrf {
        return Err(Problem::Forbidden(
            "The form belongs to another session, so nothing was done. Load the page again.".into(),
        ));
    }
    let seen = (d.cluster.run)(&namespace, &name).ok_or(Problem::NotFound)?;
    let run = readable::<WorkflowRun>(&seen).ok_or(Problem::NotFound)?;
    let decision = decision(run, &name, &form, &reader.user).map_err(Problem::Invalid)?;
    match d.access.decide(&reader, &namespace, &decision).await {
        Ok(made) => {
            let decision = made.metadata.name.unwrap_or_default();
            tracing::info!(run = %format!("{namespace}/{name}"), decision, by = reader.user, action = %form.action, "decided");
            Ok(Redirect::to(&format!("/runs/{namespace}/{name}")))
        }
        Err(AccessError::Rejected(status)) if status.code == 409 => {
            let why = "This question is already answered. The run's page shows by whom, and the result.";
            Err(Problem::Invalid(why.into()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Signing in on the page that answered a form leads here.
pub async fn redirect_to_run(Path((namespace, name)): Path<(String, String)>) -> Redirect {
    Redirect::to(&format!("/runs/{namespace}/{name}"))
}

/// The decision, or why it would have no effect.
fn decision(
    run: &WorkflowRun,
    name: &str,
    form: &DecisionForm,
    by: &str,
) -> Result<WorkflowDecision, String> {
    let status = run.status.clone().unwrap_or_default();
    let over = status.phase.is_some_and(Phase::is_terminal);
    let question = match form.escalation.as_str() {
        "" if over => return Err(format!("Run {name} is over: {} changes nothing.", form.action)),
        "" if !matches!(form.action, Action::Abort | Action::Pause | Action::Resume) => {
            return Err(format!("{} answers a question, and none was named.", form.action));
        }
        "" => None,
        id => {
            let open = status.escalations.into_iter().find(|q| q.id == id);
            let open = open.ok_or("This question is no longer open. The run's page shows the result.")?;
            if !open.actions.contains(&form.action) {
                return Err(format!("{} does not answer that question.", form.action));
            }
            Some(open)
        }
    };
    Ok(WorkflowDecision::said(WorkflowDecisionSpec {
        run: name.into(),
        escalation: question.map(|q| q.id),
        action: form.action,
        feedback: Some(form.feedback.trim().replace("\r\n", "\n")).filter(|f| !f.is_empty()),
        outputs: outputs(&form.outputs)?,
        by: Some(by.into()),
    }))
}

fn outputs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let pair = |line: &str| match line.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_string(), value.trim().to_string()))
        }
        _ => Err(format!("'{line}' is not a value: write KEY=value, one per line.")),
    };
    lines.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(phase: &str) -> WorkflowRun {
        serde_json::from_value(json!({
            "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun", "metadata": {"name": "r"},
            "spec": {"workflowRef": {"name": "w"}},
            "status": {"phase": phase, "escalations": [{"id": "e1-a", "step": "s", "cause": "NoItems",
                "message": "m", "since": "2026-01-01T00:00:00Z", "actions": ["Retry", "Abort"]}]},
        }))
        .unwrap()
    }

    fn form(action: Action, escalation: &str, outputs: &str) -> DecisionForm {
        let (escalation, outputs) = (escalation.into(), outputs.into());
        DecisionForm { csrf: String::new(), action, escalation, feedback: " a\r\nb ".into(), outputs }
    }

    #[test]
    fn an_answer_is_named_by_its_question_and_says_who_gave_it() {
        let made = decision(&run("Paused"), "r", &form(Action::Retry, "e1-a", "A=1\n\n b = x=y \n"), "alice")
            .unwrap();
        assert_eq!(made.metadata.name.as_deref(), Some("r-e1-a"));
        assert_eq!((made.spec.by.as_deref(), made.spec.feedback.as_deref()), (Some("alice"), Some("a\nb")));
        let outputs: Vec<_> = made.spec.outputs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(outputs, [("A", "1"), ("b", "x=y")]);
    }

    #[test]
    fn what_would_change_nothing_is_refused_with_the_reason() {
        let why = |phase, form: DecisionForm| decision(&run(phase), "r", &form, "alice").unwrap_err();
        assert!(why("Paused", form(Action::Skip, "e1-a", "")).contains("does not answer"));
        assert!(why("Paused", form(Action::Retry, "e2-b", "")).contains("no longer open"));
        assert!(why("Paused", form(Action::Retry, "", "")).contains("none was named"));
        assert!(why("Paused", form(Action::Retry, "e1-a", "nonsense")).contains("KEY=value"));
        assert!(why("Succeeded", form(Action::Abort, "", "")).contains("is over"));
    }

    #[test]
    fn an_order_has_no_question() {
        let made = decision(&run("Running"), "r", &form(Action::Pause, "", ""), "alice").unwrap();
        assert_eq!((made.metadata.name, made.metadata.generate_name.as_deref()), (None, Some("r-pause-")));
        assert_eq!(made.spec.escalation, None);
    }
}

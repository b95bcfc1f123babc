//! `retry`, `skip`, `approve`, `reject`, `abort`, `pause`: a user's decision about a run, as a WorkflowDecision.
//!
//! Selects the open question, creates the decision in the caller's own name, and prints the operator's result.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use futures::StreamExt;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::api::PostParams;
use kube::runtime::watcher;
use kube::{Api, ResourceExt};

use crate::api::decision::WorkflowDecisionStatus;
use crate::api::status::EscalationStatus;
use crate::api::{Action, WorkflowDecision, WorkflowDecisionSpec, WorkflowRun};
use crate::cli::cluster::find::{self, Which};
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global, pair};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program, run_status};
use crate::view::words;

/// How long to wait for the operator's result.
const ANSWER: Duration = Duration::from_secs(15);

/// The arguments of an answer to a run's question.
#[derive(Args, Clone, Debug)]
pub(crate) struct Answer {
    #[command(flatten)]
    which: Which,
    /// The step to answer for; required if several steps have open questions.
    #[arg(long, value_name = "NAME")]
    step: Option<String>,
    /// The item of that step.
    #[arg(long, value_name = "ID")]
    item: Option<String>,
    /// The ID of the question, such as e1-295a71, instead of --step and --item.
    #[arg(long, value_name = "ID", conflicts_with_all = ["step", "item"])]
    escalation: Option<String>,
    /// A message for the agent that does the work.
    #[arg(long, value_name = "TEXT")]
    feedback: Option<String>,
    /// An output that the step did not give; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

/// Retry an escalated step with a fresh retry budget.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow retry note-1 --feedback \"mention the new flag\"
  mc workflow retry note-1 --step fix --item sec-2")]
pub(crate) struct Retry {
    #[command(flatten)]
    answer: Answer,
}

/// Skip an escalated step and continue the run.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow skip note-1
  mc workflow skip note-1 --set branch=main")]
pub(crate) struct Skip {
    #[command(flatten)]
    answer: Answer,
}

/// Approve a step that waits for approval.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mc workflow approve release-7 --feedback \"ship it\"")]
pub(crate) struct Approve {
    #[command(flatten)]
    answer: Answer,
}

/// Reject a step that waits for approval
///
/// If the step has onRetry, its work is sent back; otherwise the run fails.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mc workflow reject release-7 --feedback \"say that it is free\"")]
pub(crate) struct Reject {
    #[command(flatten)]
    answer: Answer,
}

/// Abort a run
///
/// Stops its Pods and runs its finally steps. A second abort stops the finally
/// steps, too.
#[derive(Args, Debug)]
#[command(visible_alias = "stop", after_help = "Example:\n  mc workflow abort note-1")]
pub(crate) struct Abort {
    #[command(flatten)]
    which: Which,
}

/// Pause a run: no new attempt starts until it is resumed
///
/// Running attempts continue, and their results count.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mc workflow pause note-1")]
pub(crate) struct Pause {
    #[command(flatten)]
    which: Which,
}

pub(crate) fn retry(args: &Retry, global: &Global) -> Result<Exit, Fault> {
    answer(&args.answer, Action::Retry, global)
}

pub(crate) fn skip(args: &Skip, global: &Global) -> Result<Exit, Fault> {
    answer(&args.answer, Action::Skip, global)
}

pub(crate) fn approve(args: &Approve, global: &Global) -> Result<Exit, Fault> {
    answer(&args.answer, Action::Approve, global)
}

pub(crate) fn reject(args: &Reject, global: &Global) -> Result<Exit, Fault> {
    answer(&args.answer, Action::Reject, global)
}

pub(crate) fn abort(args: &Abort, global: &Global) -> Result<Exit, Fault> {
    order(&args.which, Action::Abort, global)
}

pub(crate) fn pause(args: &Pause, global: &Global) -> Result<Exit, Fault> {
    order(&args.which, Action::Pause, global)
}

fn answer(args: &Answer, action: Action, global: &Global) -> Result<Exit, Fault> {
    session::with(global, async |session| {
        let run = find::run(&session, &args.which).await?;
        let question = question(&run, args, action)?;
        let input = DecisionInput {
            action,
            feedback: args.feedback.clone(),
            outputs: args.set.iter().cloned().collect(),
        };
        submit(&session, &run, Some(&question), input, global.output).await
    })
}

fn order(which: &Which, action: Action, global: &Global) -> Result<Exit, Fault> {
    session::with(global, async |session| {
        let run = find::run(&session, which).await?;
        submit_order(&session, &run, action, global.output).await
    })
}

/// Submits an order to the run, which answers no question.
pub(crate) async fn submit_order(
    session: &Session,
    run: &WorkflowRun,
    action: Action,
    format: Option<Format>,
) -> Result<Exit, Fault> {
    if let Some(phase) = run.status.as_ref().and_then(|s| s.phase).filter(|p| p.is_terminal()) {
        return Err(Fault::input(format!(
            "run {} has ended ({phase}): {action} has no effect",
            run.name_any()
        )));
    }
    submit(session, run, None, DecisionInput { action, feedback: None, outputs: BTreeMap::new() }, format)
        .await
}

/// The content of a decision.
pub(crate) struct DecisionInput {
    pub action: Action,
    pub feedback: Option<String>,
    pub outputs: BTreeMap<String, String>,
}

/// The open question that the arguments select.
fn question(run: &WorkflowRun, args: &Answer, action: Action) -> Result<EscalationStatus, Fault> {
    let name = run.name_any();
    let open = run.status.as_ref().map(|s| s.escalations.clone()).unwrap_or_default();
    let named = |q: &EscalationStatus| {
        args.escalation.as_ref().is_none_or(|id| *id == q.id)
            && args.step.as_ref().is_none_or(|s| *s == q.step)
            && args.item.as_ref().is_none_or(|i| Some(i) == q.item.as_ref())
    };
    let meant: Vec<&EscalationStatus> = open.iter().filter(|q| named(q)).collect();
    let fit: Vec<&EscalationStatus> = meant.iter().copied().filter(|q| q.actions.contains(&action)).collect();
    match (&fit[..], &meant[..]) {
        ([one], _) => Ok((*one).clone()),
        ([], []) if open.is_empty() => {
            let phase = words::shown(run.status.as_ref().and_then(|s| s.phase));
            Err(Fault::input(format!("run {name} has no open question ({phase})"))
                .next(format!("{} workflow status {name}", program::name())))
        }
        ([], []) => {
            Err(Fault::input(format!("run {name} has no such question. It asks:\n{}", listed(&open))))
        }
        ([], _) => {
            let commands: Vec<String> = meant
                .iter()
                .flat_map(|q| run_status::commands(&name, q, open.len() == 1))
                .map(|c| format!("  {c}"))
                .collect();
            Err(Fault::input(format!(
                "{action} is no answer to this question. Use one of:\n{}",
                commands.join("\n")
            )))
        }
        (_, _) => {
            let fit: Vec<EscalationStatus> = fit.into_iter().cloned().collect();
            Err(Fault::input(format!("run {name} has {} open questions:\n{}", fit.len(), listed(&fit)))
                .next("select one with --step NAME (and --item ID), or --escalation ID"))
        }
    }
}

fn listed(questions: &[EscalationStatus]) -> String {
    let line = |q: &EscalationStatus| {
        let message = crate::view::plain::one_line(&q.message_with_hint());
        format!("  {}  {} ({}): {message}", q.id, run_status::work_path(&q.step, q.item.as_deref()), q.cause)
    };
    questions.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Creates the decision and waits for the operator's result.
pub(crate) async fn submit(
    session: &Session,
    run: &WorkflowRun,
    question: Option<&EscalationStatus>,
    input: DecisionInput,
    format: Option<Format>,
) -> Result<Exit, Fault> {
    let name = run.name_any();
    let api: Api<WorkflowDecision> = session.beside(run);
    let action = input.action;
    let decision = decision(&name, question, input, caller_name(session).await?);
    let created = api
        .create(&PostParams::default(), &decision)
        .await
        .map_err(|e| refused(session, &name, question, &e))?;
    let outcome = tokio::time::timeout(ANSWER, result(&api, &created.name_any())).await;
    match format {
        Some(format @ (Format::Json | Format::Yaml | Format::Name)) => {
            let stored =
                api.get_opt(&created.name_any()).await.ok().flatten().unwrap_or_else(|| created.clone());
            out::object(&stored, format)?;
        }
        None | Some(Format::Wide) => {}
    }
    let about = question
        .map(|q| format!(" of {}", run_status::work_path(&q.step, q.item.as_deref())))
        .unwrap_or_default();
    match outcome {
        Ok(Some(status)) if status.is_applied() => {
            out::note(format!("{name}: {action}{about} was applied"));
            Ok(Exit::Done)
        }
        Ok(Some(status)) => {
            Err(Fault::failed(format!("{name}: {action}{about}: {}", status.result.unwrap_or_default()))
                .next(format!("{} workflow status {name}", program::name())))
        }
        Ok(None) | Err(_) => {
            out::note(format!(
                "{name}: {action}{about} is created as workflowdecision {}, but the operator has not applied it yet: check {} doctor",
                created.name_any(),
                program::name()
            ));
            Ok(Exit::Done)
        }
    }
}

fn decision(
    run: &str,
    question: Option<&EscalationStatus>,
    input: DecisionInput,
    by: String,
) -> WorkflowDecision {
    let spec = WorkflowDecisionSpec {
        run: run.into(),
        escalation: question.map(|q| q.id.clone()),
        action: input.action,
        feedback: input.feedback,
        outputs: input.outputs,
        by: Some(by),
    };
    WorkflowDecision::said(spec)
}

/// The caller's user name in the API server: an admission policy compares it with spec.by.
async fn caller_name(session: &Session) -> Result<String, Fault> {
    let api: Api<SelfSubjectReview> = Api::all(session.client.clone());
    let review = api
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await
        .map_err(|e| session.fault("read your user name", &e))?;
    let user = review.status.and_then(|s| s.user_info).and_then(|u| u.username);
    user.filter(|u| !u.is_empty()).ok_or_else(|| Fault::input("the API server gave no user name for you"))
}

fn refused(session: &Session, run: &str, question: Option<&EscalationStatus>, error: &kube::Error) -> Fault {
    match (error, question) {
        (kube::Error::Api(status), Some(q)) if status.code == 409 => {
            let name = format!("{run}-{}", q.id);
            Fault::failed(format!("this question was already answered by workflowdecision {name}")).next(
                format!("kubectl get workflowdecision {name} -o yaml shows who answered, and the result"),
            )
        }
        _ => session.fault("create workflowdecisions", error),
    }
}

async fn result(api: &Api<WorkflowDecision>, name: &str) -> Option<WorkflowDecisionStatus> {
    let mut states = Box::pin(watcher::watch_object(api.clone(), name));
    while let Some(state) = states.next().await {
        let status = state.ok()?.and_then(|d| d.status).filter(|s| s.result.is_some());
        if status.is_some() {
            return status;
        }
    }
    None
}

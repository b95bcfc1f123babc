//! `retry`, `skip`, `approve`, `reject`, `abort`, `pause`: a person's word about a run, as a WorkflowDecision.
//!
//! Chooses the question that is meant, writes the decision in the caller's own name, and says what came of it.

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
use crate::view::words;

use super::args::{Format, Global};
use super::exit::{Exit, Fault};
use super::find::{self, Which};
use super::session::{self, Session};
use super::{out, pairs, program, show};

/// How long the operator may take to say what came of a decision.
const ANSWER: Duration = Duration::from_secs(15);

/// An answer to a question of a run.
#[derive(Args, Clone, Debug)]
pub struct Answer {
    #[command(flatten)]
    which: Which,
    /// The step that asks; needed where several ask.
    #[arg(long, value_name = "NAME")]
    step: Option<String>,
    /// The item of the step that asks.
    #[arg(long, value_name = "ID")]
    item: Option<String>,
    /// The question by its id, such as e1-295a71.
    #[arg(long, value_name = "ID", conflicts_with_all = ["step", "item"])]
    escalation: Option<String>,
    /// A word to whoever does the work.
    #[arg(long, value_name = "TEXT")]
    feedback: Option<String>,
    /// A value that the step did not give; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pairs::pair)]
    set: Vec<(String, String)>,
}

/// Do a step again that asks for help, with a fresh budget.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow retry note-1 --feedback \"mention the new flag\"
  mc workflow retry note-1 --step fix --item sec-2")]
pub struct Retry {
    #[command(flatten)]
    answer: Answer,
}

/// Go on without a step that asks for help.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow skip note-1
  mc workflow skip note-1 --set branch=main")]
pub struct Skip {
    #[command(flatten)]
    answer: Answer,
}

/// Say yes at an approval step.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mc workflow approve release-7 --feedback \"ship it\"")]
pub struct Approve {
    #[command(flatten)]
    answer: Answer,
}

/// Say no at an approval step.
///
/// The work goes back where the step says so; else the run ends.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mc workflow reject release-7 --feedback \"say that it is free\"")]
pub struct Reject {
    #[command(flatten)]
    answer: Answer,
}

/// End a run.
///
/// Its Pods are stopped, and its `finally` steps run. Asked for twice, those are
/// stopped, too.
#[derive(Args, Debug)]
#[command(visible_alias = "stop", after_help = "Example:\n  mc workflow abort note-1")]
pub struct Abort {
    #[command(flatten)]
    which: Which,
}

/// Start no new attempt of a run until it is resumed.
///
/// What runs may end, and is recorded.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mc workflow pause note-1")]
pub struct Pause {
    #[command(flatten)]
    which: Which,
}

pub fn retry(args: &Retry, global: &Global) -> Result<Exit, Fault> {
    answer(&args.answer, Action::Retry, global)
}

pub fn skip(args: &Skip, global: &Global) -> Result<Exit, Fault> {
    answer(&args.answer, Action::Skip, global)
}

pub fn approve(args: &Approve, global: &Global) -> Result<Exit, Fault> {
    answer(&args.answer, Action::Approve, global)
}

pub fn reject(args: &Reject, global: &Global) -> Result<Exit, Fault> {
    answer(&args.answer, Action::Reject, global)
}

pub fn abort(args: &Abort, global: &Global) -> Result<Exit, Fault> {
    order(&args.which, Action::Abort, global)
}

pub fn pause(args: &Pause, global: &Global) -> Result<Exit, Fault> {
    order(&args.which, Action::Pause, global)
}

fn answer(args: &Answer, action: Action, global: &Global) -> Result<Exit, Fault> {
    session::with(global, async |session| {
        let run = find::run(&session, &args.which).await?;
        let question = question(&run, args, action)?;
        let word =
            Word { action, feedback: args.feedback.clone(), outputs: args.set.iter().cloned().collect() };
        say(&session, &run, Some(&question), word, global.output).await
    })
}

fn order(which: &Which, action: Action, global: &Global) -> Result<Exit, Fault> {
    session::with(global, async |session| {
        let run = find::run(&session, which).await?;
        give(&session, &run, action, global.output).await
    })
}

/// An order to the run, which answers no question.
pub async fn give(
    session: &Session,
    run: &WorkflowRun,
    action: Action,
    format: Option<Format>,
) -> Result<Exit, Fault> {
    if let Some(phase) = run.status.as_ref().and_then(|s| s.phase).filter(|p| p.is_terminal()) {
        return Err(Fault::input(format!(
            "run {} is over ({phase}): {action} changes nothing",
            run.name_any()
        )));
    }
    say(session, run, None, Word { action, feedback: None, outputs: BTreeMap::new() }, format).await
}

/// What is said.
pub struct Word {
    pub action: Action,
    pub feedback: Option<String>,
    pub outputs: BTreeMap<String, String>,
}

/// The open question that is meant.
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
            Err(Fault::input(format!("run {name} asks nobody anything (it is {phase})"))
                .next(format!("{} workflow status {name}", program::said())))
        }
        ([], []) => Err(Fault::input(format!("run {name} asks something else:\n{}", listed(&open)))),
        ([], _) => {
            let commands: Vec<String> = meant
                .iter()
                .flat_map(|q| show::commands(&name, q, open.len() == 1))
                .map(|c| format!("  {c}"))
                .collect();
            Err(Fault::input(format!("{action} does not answer that. What does:\n{}", commands.join("\n"))))
        }
        (_, _) => {
            let fit: Vec<EscalationStatus> = fit.into_iter().cloned().collect();
            Err(Fault::input(format!("run {name} asks {} questions:\n{}", fit.len(), listed(&fit)))
                .next("choose one with --step NAME (and --item ID), or --escalation ID"))
        }
    }
}

fn listed(questions: &[EscalationStatus]) -> String {
    let line = |q: &EscalationStatus| {
        let message = crate::view::plain::one_line(&q.message_with_hint());
        format!("  {}  {} ({}): {message}", q.id, show::place(&q.step, q.item.as_deref()), q.cause)
    };
    questions.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Writes the decision and waits for what comes of it.
pub async fn say(
    session: &Session,
    run: &WorkflowRun,
    question: Option<&EscalationStatus>,
    word: Word,
    format: Option<Format>,
) -> Result<Exit, Fault> {
    let name = run.name_any();
    let api: Api<WorkflowDecision> = session.beside(run);
    let action = word.action;
    let decision = decision(&name, question, word, who(session).await?);
    let made = api
        .create(&PostParams::default(), &decision)
        .await
        .map_err(|e| refused(session, &name, question, &e))?;
    let answered = tokio::time::timeout(ANSWER, result(&api, &made.name_any())).await;
    match format {
        Some(format @ (Format::Json | Format::Yaml | Format::Name)) => {
            let seen = api.get_opt(&made.name_any()).await.ok().flatten().unwrap_or_else(|| made.clone());
            out::object(&seen, format)?;
        }
        None | Some(Format::Wide) => {}
    }
    let about =
        question.map(|q| format!(" of {}", show::place(&q.step, q.item.as_deref()))).unwrap_or_default();
    match answered {
        Ok(Some(status)) if status.is_applied() => {
            out::note(format!("{name}: {action}{about} is applied"));
            Ok(Exit::Done)
        }
        Ok(Some(status)) => {
            Err(Fault::failed(format!("{name}: {action}{about}: {}", status.result.unwrap_or_default()))
                .next(format!("{} workflow status {name}", program::said())))
        }
        Ok(None) | Err(_) => {
            out::note(format!(
                "{name}: {action}{about} is written as workflowdecision {}; the operator has not answered yet ({} doctor)",
                made.name_any(),
                program::said()
            ));
            Ok(Exit::Done)
        }
    }
}

fn decision(run: &str, question: Option<&EscalationStatus>, word: Word, by: String) -> WorkflowDecision {
    let spec = WorkflowDecisionSpec {
        run: run.into(),
        escalation: question.map(|q| q.id.clone()),
        action: word.action,
        feedback: word.feedback,
        outputs: word.outputs,
        by: Some(by),
    };
    WorkflowDecision::said(spec)
}

/// The caller's name, as the API server knows it: a policy compares the two.
async fn who(session: &Session) -> Result<String, Fault> {
    let api: Api<SelfSubjectReview> = Api::all(session.client.clone());
    let review = api
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await
        .map_err(|e| session.fault("ask who you are", &e))?;
    let user = review.status.and_then(|s| s.user_info).and_then(|u| u.username);
    user.filter(|u| !u.is_empty()).ok_or_else(|| Fault::input("the API server does not know your name"))
}

fn refused(session: &Session, run: &str, question: Option<&EscalationStatus>, error: &kube::Error) -> Fault {
    match (error, question) {
        (kube::Error::Api(status), Some(q)) if status.code == 409 => {
            let name = format!("{run}-{}", q.id);
            Fault::failed(format!("somebody has answered that already: workflowdecision {name}"))
                .next(format!("kubectl get workflowdecision {name} -o yaml shows who, and what came of it"))
        }
        _ => session.fault("create workflowdecisions", error),
    }
}

async fn result(api: &Api<WorkflowDecision>, name: &str) -> Option<WorkflowDecisionStatus> {
    let mut states = Box::pin(watcher::watch_object(api.clone(), name));
    while let Some(state) = states.next().await {
        let said = state.ok()?.and_then(|d| d.status).filter(|s| s.result.is_some());
        if said.is_some() {
            return said;
        }
    }
    None
}

//! `mc workflow resume`: resumes a paused run, retries escalated steps, and prints the commands for other questions.

use clap::Args;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::api::status::EscalationStatus;
use crate::api::{Action, Phase, WorkflowRun, WorkflowRunStatus};
use crate::cli::cluster::find::{self, Which};
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program, run_status};
use crate::view::words;

use super::decide::{self, DecisionInput};

/// Resume a paused run, and retry its escalated steps.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow resume note-1
  mc workflow resume note-1 --feedback \"the server is up again\"

Approvals and missing values need an explicit answer: resume prints the
commands for them and exits with code 2.")]
pub(crate) struct Resume {
    #[command(flatten)]
    which: Which,
    /// A message for the agents that are retried.
    #[arg(long, value_name = "TEXT")]
    feedback: Option<String>,
}

pub(crate) fn run(args: &Resume, global: &Global) -> Result<Exit, Fault> {
    session::with(global, async |session| {
        let run = find::run(&session, &args.which).await?;
        resume(&session, &run, args.feedback.as_ref(), global.output).await
    })
}

async fn resume(
    session: &Session,
    run: &WorkflowRun,
    feedback: Option<&String>,
    format: Option<Format>,
) -> Result<Exit, Fault> {
    let name = run.name_any();
    let status = run.status.clone().unwrap_or_default();
    if let Some(phase) = status.phase.filter(|p| p.is_terminal()) {
        return Err(over(&name, phase));
    }
    let mut moved = false;
    if run.spec.suspend == Some(true) {
        unsuspend(session, run).await?;
        moved = true;
    }
    if status.hold.is_some() {
        decide::submit_order(session, run, Action::Resume, format).await?;
        moved = true;
    }
    let (again, ask): (Vec<_>, Vec<_>) = status.escalations.iter().partition(|q| can_be_done_again(q));
    for question in again {
        let input = DecisionInput { action: Action::Retry, feedback: feedback.cloned(), outputs: [].into() };
        decide::submit(session, run, Some(question), input, format).await?;
        moved = true;
    }
    let alone = status.escalations.len() == 1;
    for question in &ask {
        let path = run_status::work_path(&question.step, question.item.as_deref());
        let message = question.message_with_hint();
        out::note(format!("{name}: {path} ({}) needs your answer: {message}", question.cause));
        run_status::commands(&name, question, alone).iter().for_each(|c| out::line(format!("  {c}")));
    }
    Ok(match (ask.is_empty(), moved) {
        (false, _) => Exit::NeedsYou,
        (true, true) => Exit::Done,
        (true, false) => {
            out::note(waits_for(&name, &status));
            Exit::Done
        }
    })
}

fn can_be_done_again(question: &EscalationStatus) -> bool {
    question.actions.contains(&Action::Retry) && !question.cause.needs_outputs()
}

/// The error for a run that has ended.
fn over(name: &str, phase: Phase) -> Fault {
    let mc = program::name();
    let next = match phase {
        Phase::Succeeded => format!("{mc} workflow status {name}"),
        Phase::Pending | Phase::Running | Phase::Paused | Phase::Failed | Phase::Cancelled => {
            format!("{mc} workflow run WORKFLOW \"the task\" starts a new run")
        }
    };
    Fault::failed(format!("run {name} has ended ({phase})")).next(next)
}

/// What a run waits for that is not paused and has no question.
fn waits_for(name: &str, status: &WorkflowRunStatus) -> String {
    let phase = words::shown(status.phase);
    let why = status.waiting.as_ref().or(status.message.as_ref());
    let why = why.map(|w| format!(": {w}")).unwrap_or_default();
    format!("{name} is {phase}{why}")
}

async fn unsuspend(session: &Session, run: &WorkflowRun) -> Result<(), Fault> {
    let patch = Patch::Merge(json!({"spec": {"suspend": false}}));
    let runs = session.beside::<WorkflowRun>(run);
    runs.patch(&run.name_any(), &PatchParams::default(), &patch)
        .await
        .map_err(|e| session.fault("patch workflowruns", &e))?;
    out::note(format!(
        "{}: spec.suspend is now false (if the run is in Git, change it there, too)",
        run.name_any()
    ));
    Ok(())
}

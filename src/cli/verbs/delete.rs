//! `mc workflow delete`: runs -> gone, with all that belongs to them. What stays is said.

use std::io::{IsTerminal, Write};

use clap::Args;
use kube::ResourceExt;
use kube::api::{DeleteParams, Preconditions};

use crate::api::{Phase, RunRecord, WorkflowRun};
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program};
use crate::engine::ids;

/// Delete runs, with their Jobs, Pods and volumes
///
/// The RunRecord of a run that ended stays: the same run, applied again, is
/// answered by it and executes nothing. With --with-record it goes, too. A run
/// that has not ended is stopped, and leaves no record.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  mc workflow delete oauth-login
  mc workflow delete oauth-login nightly-3 --yes --with-record

Asks before it deletes; where there is no terminal to ask on, --yes is needed.
To end a run and keep it, abort it: mc workflow abort RUN."
)]
pub(crate) struct Delete {
    /// The runs.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Keep the RunRecords. This is what happens anyway.
    #[arg(long, conflicts_with = "with_record")]
    keep_record: bool,
    /// Delete the RunRecords, too: the same run may then be executed again.
    #[arg(long)]
    with_record: bool,
}

/// A run that is to go.
struct Target {
    run: WorkflowRun,
    record: Option<RunRecord>,
}

pub(crate) fn run(args: &Delete, global: &Global) -> Result<Exit, Fault> {
    if global.all_namespaces {
        return Err(Fault::input("runs are deleted in one namespace: use -n instead of -A"));
    }
    if !args.yes && !std::io::stdin().is_terminal() {
        return Err(
            Fault::input("nothing was deleted: there is no terminal to ask on").next("add --yes to go ahead")
        );
    }
    session::with(global, async |session| delete(args, global.output, session).await)
}

async fn delete(args: &Delete, output: Option<Format>, session: Session) -> Result<Exit, Fault> {
    let mut names = args.runs.clone();
    names.sort();
    names.dedup();
    // All are looked at before one is deleted.
    let mut targets = Vec::new();
    for name in &names {
        targets.push(find_target(&session, name, args.with_record).await?);
    }
    targets.iter().for_each(|target| warn(target, args.with_record));
    if !args.yes && !confirmed(&names) {
        out::note("nothing was deleted");
        return Ok(Exit::Done);
    }
    let mut deleted = Vec::new();
    for one in targets {
        remove(&session, &one).await?;
        let name = one.run.name_any();
        if output.is_none() {
            out::line(format!("run {name} deleted"));
        }
        match &one.record {
            Some(record) if args.with_record => {
                remove_record(&session, &one, record, false).await?;
                if output.is_none() {
                    out::line(format!("record {} deleted", record.name_any()));
                }
            }
            record => note_kept_record(&one.run, record.as_ref()),
        }
        deleted.push(one.run);
    }
    if let Some(format) = output {
        out::list(&deleted, format)?;
    }
    Ok(Exit::Done)
}

async fn find_target(session: &Session, name: &str, with_record: bool) -> Result<Target, Fault> {
    let run = named(session, name).await?;
    let record = ids::record_name(name, &ids::spec_hash(&run.spec));
    let found = session.beside::<RunRecord>(&run).get_opt(&record).await;
    let record = found.map_err(|e| session.fault(&format!("get record {record}"), &e))?;
    let target = Target { run, record };
    if let Some(record) = target.record.as_ref().filter(|_| with_record) {
        // Whoever may not delete the record is told so before the run is gone.
        remove_record(session, &target, record, true).await?;
    }
    Ok(target)
}

/// The run of that name in the session's namespace.
async fn named(session: &Session, name: &str) -> Result<WorkflowRun, Fault> {
    let found = session.api::<WorkflowRun>().get_opt(name).await;
    let found = found.map_err(|e| session.fault(&format!("get run {name}"), &e))?;
    found.ok_or_else(|| {
        Fault::input(format!("there is no run {name} in namespace {}", session.namespace))
            .next(format!("{} workflow runs -A shows all runs", program::name()))
    })
}

fn is_live(run: &WorkflowRun) -> bool {
    !run.status.as_ref().and_then(|s| s.phase).is_some_and(Phase::is_terminal)
}

/// What somebody may not expect.
fn warn(target: &Target, with_record: bool) {
    let name = target.run.name_any();
    if is_live(&target.run) {
        let phase = target.run.status.as_ref().and_then(|s| s.phase).unwrap_or(Phase::Pending);
        out::note(format!(
            "run {name} has not ended ({phase}): its Pods are stopped, and its finally steps do not run"
        ));
    }
    if let Some(record) = target.record.as_ref().filter(|_| with_record) {
        out::note(format!("record {} goes, too: the same run may then be executed again", record.name_any()));
    }
}

fn confirmed(names: &[String]) -> bool {
    let _ = write!(anstream::stderr().lock(), "delete {}? [y/N] ", names.join(", "));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

async fn remove(session: &Session, target: &Target) -> Result<(), Fault> {
    let name = target.run.name_any();
    let runs = session.beside::<WorkflowRun>(&target.run);
    // A run of the same name that was created meanwhile is another run.
    let preconditions = Some(Preconditions { uid: target.run.uid(), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::background() };
    runs.delete(&name, &params).await.map_err(|e| session.fault(&format!("delete run {name}"), &e))?;
    Ok(())
}

async fn remove_record(
    session: &Session,
    target: &Target,
    record: &RunRecord,
    dry_run: bool,
) -> Result<(), Fault> {
    let name = record.name_any();
    let preconditions = Some(Preconditions { uid: record.uid(), resource_version: None });
    let params = DeleteParams { dry_run, preconditions, ..DeleteParams::default() };
    let done = session.beside::<RunRecord>(&target.run).delete(&name, &params).await;
    done.map_err(|e| session.fault(&format!("delete record {name}"), &e))?;
    Ok(())
}

fn note_kept_record(run: &WorkflowRun, record: Option<&RunRecord>) {
    match record {
        Some(record) => {
            let (name, namespace) = (record.name_any(), record.namespace().unwrap_or_default());
            out::note(format!(
                "record {name} stays: the same run, applied again, is answered by it and executes nothing"
            ));
            out::note(format!("next:  kubectl delete -n {namespace} mcrec/{name}  (to execute it again)"));
        }
        None => {
            out::note(format!("run {} leaves no record: applied again it is executed anew", run.name_any()))
        }
    }
}

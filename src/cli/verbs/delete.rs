//! `mc workflow delete`: deletes runs and everything that belongs to them, and prints what stays.

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

/// Delete runs with their Jobs, Pods and volumes
///
/// The RunRecord of an ended run is kept: if the same run is applied again, the
/// operator reports the recorded result and executes nothing. --with-record
/// deletes the record, too. A run that has not ended is stopped and leaves no
/// record.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  mc workflow delete oauth-login
  mc workflow delete oauth-login nightly-3 --yes --with-record

Asks for confirmation; without a terminal --yes is required.
To end a run and keep it, abort it: mc workflow abort RUN."
)]
pub(crate) struct Delete {
    /// Names of the runs.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// Do not ask for confirmation.
    #[arg(short, long)]
    yes: bool,
    /// Keep the RunRecords (the default).
    #[arg(long, conflicts_with = "with_record")]
    keep_record: bool,
    /// Delete the RunRecords, too, so that the same run can be executed again.
    #[arg(long)]
    with_record: bool,
}

/// A run to delete.
struct Target {
    run: WorkflowRun,
    record: Option<RunRecord>,
}

pub(crate) fn run(args: &Delete, global: &Global) -> Result<Exit, Fault> {
    if global.all_namespaces {
        return Err(Fault::input("delete needs one namespace: use -n NAME instead of -A"));
    }
    if !args.yes && !std::io::stdin().is_terminal() {
        return Err(Fault::input("nothing was deleted: there is no terminal to ask for confirmation")
            .next("add --yes to delete without confirmation"));
    }
    session::with(global, async |session| delete(args, global.output, session).await)
}

async fn delete(args: &Delete, output: Option<Format>, session: Session) -> Result<Exit, Fault> {
    let mut names = args.runs.clone();
    names.sort();
    names.dedup();
    // All runs are read before the first is deleted.
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
        // A caller who may not delete the record gets the error before the run is deleted.
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
            .next(format!("{} workflow runs -A lists all runs", program::name()))
    })
}

fn is_live(run: &WorkflowRun) -> bool {
    !run.status.as_ref().and_then(|s| s.phase).is_some_and(Phase::is_terminal)
}

/// Warnings before the confirmation.
fn warn(target: &Target, with_record: bool) {
    let name = target.run.name_any();
    if is_live(&target.run) {
        let phase = target.run.status.as_ref().and_then(|s| s.phase).unwrap_or(Phase::Pending);
        out::note(format!(
            "run {name} has not ended ({phase}): its Pods will be stopped, and its finally steps will not run"
        ));
    }
    if let Some(record) = target.record.as_ref().filter(|_| with_record) {
        out::note(format!(
            "record {} will be deleted, too: the same run can then be executed again",
            record.name_any()
        ));
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
    // Never deletes another run that was created with the same name in between.
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
                "record {name} is kept: the same run is not executed again if it is applied again"
            ));
            out::note(format!(
                "next:  kubectl delete -n {namespace} mcrec/{name}  (to allow another execution)"
            ));
        }
        None => out::note(format!(
            "run {} leaves no record: if it is applied again, it is executed again",
            run.name_any()
        )),
    }
}

//! `mc workflow revisions`: a Workflow -> its revisions, the runs that use each, and the difference of two of them.

use std::collections::BTreeSet;

use clap::Args;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::ResourceExt;
use kube::api::ListParams;
use similar::TextDiff;

use crate::api::labels::{self, label_value};
use crate::api::{Stamp, Workflow, WorkflowRun, WorkflowSpec};
use crate::cli::cluster::pages;
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::table::{Cell, Table};
use crate::cli::terminal::{out, paint, program};
use crate::engine::ids;
use crate::view::plain::plain;
use crate::view::time::age;

/// List the revisions of a workflow, or compare two of them
///
/// A run executes the revision that it started with, even if the Workflow
/// changes. The operator stores a revision when its first run starts, and
/// deletes it when neither the Workflow nor an unfinished run uses it.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  mc workflow revisions feature-dev
  mc workflow revisions feature-dev --diff 9f3c
  mc workflow revisions feature-dev --diff 9f3c 41aa

--diff accepts a unique prefix of a revision's name. Fields that do not change
what a run does (suspend, description, retention, notify) are not part of a
revision."
)]
pub(crate) struct Revisions {
    /// The workflow.
    #[arg(value_name = "WORKFLOW")]
    workflow: String,
    /// Show the changes from A to B, or to the current Workflow.
    #[arg(long, num_args = 1..=2, value_names = ["A", "B"])]
    diff: Vec<String>,
}

/// A stored revision.
struct Revision {
    hash: String,
    object: ControllerRevision,
}

/// The Workflow, its revisions and its runs.
struct History {
    workflow: Option<Workflow>,
    /// Newest first.
    revisions: Vec<Revision>,
    /// The runs that have not ended.
    runs: Vec<WorkflowRun>,
}

pub(crate) fn run(args: &Revisions, global: &Global) -> Result<Exit, Fault> {
    if global.all_namespaces {
        return Err(Fault::input("revisions needs one namespace: use -n NAME instead of -A"));
    }
    if !args.diff.is_empty() && global.output.is_some() {
        return Err(Fault::input("--diff prints text only: remove -o"));
    }
    session::with(global, async |session| revisions(args, global.output, session).await)
}

async fn revisions(args: &Revisions, output: Option<Format>, session: Session) -> Result<Exit, Fault> {
    let name = &args.workflow;
    let history = read(&session, name).await?;
    if history.workflow.is_none() && history.revisions.is_empty() {
        return Err(Fault::input(format!("there is no workflow {name} {}", session.location()))
            .next(format!("{} workflow list", program::name())));
    }
    if let [a, rest @ ..] = args.diff.as_slice() {
        return difference(name, &history, a, rest.first().map(String::as_str));
    }
    if let Some(format @ (Format::Json | Format::Yaml | Format::Name)) = output {
        out::list(&history.revisions.iter().map(|r| &r.object).collect::<Vec<_>>(), format)?;
        return Ok(Exit::Done);
    }
    table(name, &history).print();
    remark(name, &history);
    Ok(Exit::Done)
}

async fn read(session: &Session, name: &str) -> Result<History, Fault> {
    let workflow = session.api::<Workflow>().get_opt(name).await;
    let workflow = workflow.map_err(|e| session.fault(&format!("get workflow {name}"), &e))?;
    let ours = format!("{}={}", labels::MANAGED_BY, labels::OPERATOR);
    let ours = ListParams::default().labels(&format!("{ours},{}={}", labels::WORKFLOW, label_value(name)));
    let found: Vec<ControllerRevision> = pages::all(session, ours).await?;
    let of = |object: ControllerRevision| {
        let hash = object.name_any().strip_prefix(&format!("{name}-")).map(String::from)?;
        Some(Revision { hash, object })
    };
    let mut revisions: Vec<Revision> = found.into_iter().filter_map(of).collect();
    revisions.sort_by_key(|r| (std::cmp::Reverse(made(&r.object)), r.hash.clone()));
    let runs = pages::all(session, pages::live(Some(name))).await?;
    Ok(History { workflow, revisions, runs })
}

fn made(revision: &ControllerRevision) -> Option<Stamp> {
    revision.creation_timestamp().map(|t| Stamp::of(t.0))
}

fn current(history: &History) -> Option<String> {
    history.workflow.as_ref().map(|w| ids::revision_hash(&w.spec))
}

/// The revisions that a run names: the one in its status and the one in its spec.
fn named(run: &WorkflowRun) -> BTreeSet<&str> {
    let executes = run.status.as_ref().and_then(|s| s.workflow.as_ref()).map(|w| w.revision.as_str());
    executes.into_iter().chain(run.spec.workflow_ref.revision.as_deref()).collect()
}

fn table(name: &str, history: &History) -> Table {
    let now = Stamp::of(Timestamp::now());
    let current = current(history);
    let mut table = Table::new(&["REVISION", "CURRENT", "AGE", "RUNS"]);
    for revision in &history.revisions {
        let is_current = current.as_ref() == Some(&revision.hash);
        let runs: Vec<String> = history
            .runs
            .iter()
            .filter(|run| named(run).contains(revision.hash.as_str()))
            .map(ResourceExt::name_any)
            .collect();
        table.row([
            revision.hash.clone().into(),
            if is_current { Cell::painted("yes", paint::GOOD) } else { "no".into() },
            made(&revision.object).map_or("-".into(), |at| age(at, now)).into(),
            if runs.is_empty() { "-".to_string() } else { runs.join(", ") }.into(),
        ]);
    }
    if history.revisions.is_empty() {
        out::note(format!("workflow {name} has no revision yet: its first run creates one"));
    }
    table
}

/// Notes below the table.
fn remark(name: &str, history: &History) {
    match current(history) {
        None => out::note(format!(
            "workflow {name} was deleted; its revisions are kept for the runs that have not ended"
        )),
        Some(hash) if !history.revisions.is_empty() && !history.revisions.iter().any(|r| r.hash == hash) => {
            out::note(format!(
                "the current workflow {name} ({hash}) has no revision yet: its next run creates one"
            ));
        }
        Some(_) => {}
    }
}

fn difference(name: &str, history: &History, a: &str, b: Option<&str>) -> Result<Exit, Fault> {
    let (from, old) = stored(name, history, a)?;
    let (to, new) = match (b, &history.workflow) {
        (Some(b), _) => stored(name, history, b)?,
        (None, Some(workflow)) => {
            let hash = ids::revision_hash(&workflow.spec);
            (format!("{name}, current ({hash})"), ids::executed_part(&workflow.spec))
        }
        (None, None) => {
            return Err(Fault::input(format!(
                "workflow {name} was deleted, so there is no current Workflow to compare with"
            ))
            .next("name two revisions after --diff"));
        }
    };
    let (old, new) = (yaml(&old)?, yaml(&new)?);
    let diff = TextDiff::from_lines(&old, &new);
    let text = diff.unified_diff().context_radius(3).header(&from, &to).to_string();
    for line in text.lines() {
        let colour = match line.chars().next() {
            Some('+') => paint::GOOD,
            Some('-') => paint::BAD,
            Some('@') => paint::FAINT,
            _ => paint::PLAIN,
        };
        out::line(format!("{colour}{}{colour:#}", plain(line)));
    }
    if text.is_empty() {
        out::note(format!("no difference between {from} and {to}"));
    }
    Ok(Exit::Done)
}

fn yaml(spec: &WorkflowSpec) -> Result<String, Fault> {
    serde_yaml::to_string(spec)
        .map_err(|e| Fault::input(format!("the revision cannot be printed as YAML: {e}")))
}

/// The stored revision with that hash, prefix of a hash, or object name.
fn stored(name: &str, history: &History, wanted: &str) -> Result<(String, WorkflowSpec), Fault> {
    let hash = wanted.strip_prefix(&format!("{name}-")).unwrap_or(wanted);
    let fits: Vec<&Revision> = history.revisions.iter().filter(|r| r.hash.starts_with(hash)).collect();
    let list = format!("{} workflow revisions {name} lists the existing ones", program::name());
    match fits.as_slice() {
        [] => Err(Fault::input(format!("workflow {name} has no revision {wanted}")).next(list)),
        [one] => {
            let spec = one.object.data.as_ref().and_then(|d| serde_json::from_value(d.0.clone()).ok());
            let spec = spec
                .ok_or_else(|| Fault::input(format!("revision {} cannot be read", one.object.name_any())))?;
            Ok((one.object.name_any(), spec))
        }
        several => {
            let all: Vec<&str> = several.iter().map(|r| r.hash.as_str()).collect();
            Err(Fault::input(format!(
                "revision prefix {wanted} is ambiguous: it matches {}",
                all.join(" and ")
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(hashes: &[&str]) -> History {
        let of = |hash: &&str| {
            let spec = WorkflowSpec { description: Some((*hash).into()), ..WorkflowSpec::default() };
            let data = serde_json::to_value(spec).unwrap();
            let object = serde_json::from_value(serde_json::json!({
                "apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 1,
                "metadata": {"name": format!("flow-{hash}")}, "data": data,
            }));
            Revision { hash: (*hash).into(), object: object.unwrap() }
        };
        History { workflow: None, revisions: hashes.iter().map(of).collect(), runs: Vec::new() }
    }

    #[test]
    fn the_beginning_of_a_revision_is_enough_where_it_tells_them_apart() {
        let history = history(&["9f3c01", "9f4d02"]);
        for wanted in ["9f3", "9f3c01", "flow-9f3c01"] {
            let (name, spec) = stored("flow", &history, wanted).unwrap();
            assert_eq!((name.as_str(), spec.description.as_deref()), ("flow-9f3c01", Some("9f3c01")));
        }
        assert_eq!(
            stored("flow", &history, "9f").unwrap_err().message,
            "revision prefix 9f is ambiguous: it matches 9f3c01 and 9f4d02"
        );
        assert_eq!(stored("flow", &history, "aa").unwrap_err().message, "workflow flow has no revision aa");
    }

    #[test]
    fn without_a_workflow_there_is_no_current_revision_to_compare_with() {
        let fault = difference("flow", &history(&["aa"]), "aa", None).unwrap_err();
        assert_eq!(fault.next.as_deref(), Some("name two revisions after --diff"));
    }
}

//! What a user types -> one run: by its exact name, else by a prefix of its name, else by words of its task.
//!
//! A text that matches several runs is an error that lists them: `mc` never guesses.

use clap::Args;
use kube::api::{Api, ListParams, ObjectList, ObjectMeta, PartialObjectMeta, Request};
use kube::{Resource, ResourceExt};
use serde::Deserialize;

use crate::api::WorkflowRun;
use crate::cli::terminal::exit::Fault;
use crate::cli::terminal::program;
use crate::view::plain::{cut, one_line};

use super::pages;
use super::session::Session;

/// How many candidates an error lists.
const LISTED: usize = 10;

/// The argument that names a run.
#[derive(Args, Clone, Debug)]
pub(crate) struct Which {
    /// The run: its name, a prefix of its name, or words of its task.
    pub run: String,
}

/// A run that matches, for the error that lists them.
struct Candidate {
    name: String,
    namespace: String,
    created: Option<jiff::Timestamp>,
    task: String,
}

/// The run that the text names; with `-A` it may be in any namespace.
pub(crate) async fn run(session: &Session, which: &Which) -> Result<WorkflowRun, Fault> {
    let text = which.run.trim();
    if text.is_empty() {
        return Err(Fault::input("the name of the run is empty").next(runs()));
    }
    if !session.everywhere && is_name(text) {
        let exact = session.api::<WorkflowRun>().get_opt(text).await;
        if let Some(found) = exact.map_err(|e| session.fault("get workflowruns", &e))? {
            return Ok(found);
        }
    }
    let mut fits = by_name(session, text).await?;
    if fits.is_empty() {
        fits = by_task(session, text).await?;
    }
    match &fits[..] {
        [] => Err(Fault::input(format!("there is no run '{text}' {}", session.location())).next(runs())),
        [one] => {
            let api: Api<WorkflowRun> = Api::namespaced(session.client.clone(), &one.namespace);
            api.get(&one.name).await.map_err(|e| session.fault("get workflowruns", &e))
        }
        _ => Err(ambiguous(text, fits)),
    }
}

/// Whether an object can have this name. Other text must not get into a URL.
fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

fn runs() -> String {
    format!("{} workflow runs", program::name())
}

/// Requests metadata only: there may be thousands of runs.
async fn by_name(session: &Session, text: &str) -> Result<Vec<Candidate>, Fault> {
    let api = session.scope::<WorkflowRun>();
    let mut fits = Vec::new();
    let list = async |page: &ListParams| api.list_metadata(page).await;
    pages::each(session, "list workflowruns", ListParams::default(), list, |meta| {
        fits.extend(Some(meta).filter(|m| m.name_any().starts_with(text)).map(candidate));
    })
    .await?;
    // With -A an exact name wins, too, if only one run has it.
    let exact = |c: &Candidate| c.name == text;
    if fits.iter().filter(|c| exact(c)).count() == 1 {
        fits.retain(exact);
    }
    Ok(fits)
}

fn candidate(meta: PartialObjectMeta<WorkflowRun>) -> Candidate {
    Candidate {
        name: meta.name_any(),
        namespace: meta.namespace().unwrap_or_default(),
        created: meta.creation_timestamp().map(|t| t.0),
        task: String::new(),
    }
}

/// The little that is kept of thousands of runs: the task of the spec, nothing of the status.
#[derive(Clone, Debug, Deserialize)]
struct Brief {
    metadata: ObjectMeta,
    spec: BriefSpec,
}

#[derive(Clone, Debug, Deserialize)]
struct BriefSpec {
    task: Option<String>,
}

async fn by_task(session: &Session, text: &str) -> Result<Vec<Candidate>, Fault> {
    let wanted = text.to_lowercase();
    let path = WorkflowRun::url_path(&(), (!session.everywhere).then_some(session.namespace.as_str()));
    let mut fits = Vec::new();
    let list = async |page: &ListParams| -> kube::Result<ObjectList<Brief>> {
        session.client.request(Request::new(&path).list(page).map_err(kube::Error::BuildRequest)?).await
    };
    pages::each(session, "list workflowruns", ListParams::default(), list, |run| {
        fits.extend(with_task(run, &wanted));
    })
    .await?;
    Ok(fits)
}

fn with_task(run: Brief, wanted: &str) -> Option<Candidate> {
    let task = run.spec.task.unwrap_or_default();
    task.to_lowercase().contains(wanted).then(|| Candidate {
        name: run.metadata.name.unwrap_or_default(),
        namespace: run.metadata.namespace.unwrap_or_default(),
        created: run.metadata.creation_timestamp.map(|t| t.0),
        task,
    })
}

fn ambiguous(text: &str, mut fits: Vec<Candidate>) -> Fault {
    fits.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.name.cmp(&b.name)));
    let more = fits.len().saturating_sub(LISTED);
    let mut lines: Vec<String> = fits
        .iter()
        .take(LISTED)
        .map(|c| format!("  {}  {}", c.name, cut(&one_line(&c.task), 60)).trim_end().to_string())
        .collect();
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    Fault::input(format!("'{text}' matches {} runs:\n{}", fits.len(), lines.join("\n")))
        .next("use the full name of one of them")
}

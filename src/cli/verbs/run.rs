//! `mc workflow run`: creates a WorkflowRun.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use kube::ResourceExt;
use kube::api::{ObjectMeta, PostParams};

use crate::api::{Workflow, WorkflowRef, WorkflowRun, WorkflowRunSpec};
use crate::cli::cluster::session::{self, Session};
use crate::cli::source;
use crate::cli::terminal::arguments::{Format, Global, pair};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program};
use crate::engine::params;

use super::wait::Patience;
use super::{wait, watch};

/// Annotations with which Flux and Argo CD replace a run whose spec was changed in Git.
const REPLACE: [(&str, &str); 2] = [
    ("kustomize.toolkit.fluxcd.io/force", "Enabled"),
    ("argocd.argoproj.io/sync-options", "Force=true,Replace=true"),
];

/// Start a run of a workflow.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow run feature-dev \"Sign in with a one-time code\" \\
      -p repo=https://git.example/shop/doorman --watch
  mc workflow run code-review --param-file diff=change.diff --wait
  mc workflow run bug-fix -f report.txt --name bug-77 --dry-run -o yaml

Exit codes with --wait or --watch: 0 the run Succeeded, 1 it Failed or was
Cancelled, 2 it needs a decision, 124 the timeout was exceeded.")]
pub(crate) struct Run {
    /// The workflow.
    workflow: String,
    /// The task: what to do.
    #[arg(conflicts_with = "file")]
    task: Option<String>,
    /// Read the task from a file, or from stdin with -.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A param of the workflow; may be repeated.
    #[arg(short, long = "param", value_name = "KEY=VALUE", value_parser = pair)]
    param: Vec<(String, String)>,
    /// A param with a file's content as its value; may be repeated.
    #[arg(long, value_name = "KEY=FILE", value_parser = pair)]
    param_file: Vec<(String, String)>,
    /// Name of the run (default: the workflow's name and five random characters).
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Wait until the run ends; the exit code is its result.
    #[arg(long)]
    wait: bool,
    /// Show the run live until it ends.
    #[arg(long, conflicts_with = "wait")]
    watch: bool,
    #[command(flatten)]
    patience: Patience,
    /// Print the WorkflowRun, for example for Git, instead of creating it.
    #[arg(long, conflicts_with_all = ["wait", "watch"])]
    dry_run: bool,
}

pub(crate) fn run(args: &Run, global: &Global) -> Result<Exit, Fault> {
    if global.all_namespaces {
        return Err(Fault::input("run needs one namespace").next("use -n NAME instead of -A"));
    }
    let task = match &args.file {
        Some(file) => Some(text_of(file)?),
        None => args.task.clone(),
    };
    let mut given: BTreeMap<String, String> = args.param.iter().cloned().collect();
    for (key, file) in &args.param_file {
        given.insert(key.clone(), text_of(&PathBuf::from(file))?);
    }
    session::with(global, async |session| start(args, task, given, global.output, session).await)
}

/// The content of a file; `-` is stdin.
fn text_of(file: &Path) -> Result<String, Fault> {
    source::text(file).map_err(|e| Fault::input(format!("cannot read {}: {e}", file.display())))
}

async fn start(
    args: &Run,
    task: Option<String>,
    given: BTreeMap<String, String>,
    format: Option<Format>,
    session: Session,
) -> Result<Exit, Fault> {
    let workflow = usable(&session, &args.workflow).await?;
    params::resolve(&workflow.spec.params, &given).map_err(|problems| {
        Fault::input(format!(
            "workflow {} cannot be run with these params:\n  {}",
            args.workflow,
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
        ))
        .next("set params with -p KEY=VALUE or --param-file KEY=FILE")
    })?;
    let wanted = wanted(args, task, given);
    if args.dry_run {
        let mut wanted = wanted;
        let annotations = REPLACE.map(|(k, v)| (k.to_string(), v.to_string()));
        wanted.metadata.annotations = Some(annotations.into());
        out::object(&wanted, format.unwrap_or(Format::Yaml))?;
        return Ok(Exit::Done);
    }
    let made = session.api::<WorkflowRun>().create(&PostParams::default(), &wanted).await;
    let made = made.map_err(|e| match &e {
        kube::Error::Api(status) if status.code == 409 => {
            Fault::input(format!("run {} already exists {}", wanted.name_any(), session.location())).next(
                format!(
                    "use another --name, or look at it: {} workflow status {}",
                    program::name(),
                    wanted.name_any()
                ),
            )
        }
        _ => session.fault("create workflowruns", &e),
    })?;
    follow(args, format, &session, &workflow, &made).await
}

async fn follow(
    args: &Run,
    format: Option<Format>,
    session: &Session,
    workflow: &Workflow,
    made: &WorkflowRun,
) -> Result<Exit, Fault> {
    let name = made.name_any();
    if args.watch {
        return watch::run(session, made).await;
    }
    if args.wait {
        out::note(format!("started run {name}; waiting until it ends"));
        return wait::until_over(session, made, &args.patience, format).await;
    }
    match format {
        Some(format @ (Format::Json | Format::Yaml | Format::Name)) => out::object(made, format)?,
        None | Some(Format::Wide) => {
            out::line(format!("Workflow:  {}", args.workflow));
            out::line(format!("Run:       {name}"));
            out::line(format!("Steps:     {}", workflow.spec.steps.len()));
            out::note(format!("next: {} workflow status {name} --watch", program::name()));
        }
    }
    Ok(Exit::Done)
}

/// The workflow, if it can be run.
async fn usable(session: &Session, name: &str) -> Result<Workflow, Fault> {
    let mc = program::name();
    let found =
        session.api::<Workflow>().get_opt(name).await.map_err(|e| session.fault("get workflows", &e))?;
    let Some(workflow) = found else {
        return Err(Fault::input(format!("there is no workflow {name} {}", session.location()))
            .next(format!("{mc} workflow list --all")));
    };
    let problems = workflow.status.as_ref().map(|s| s.problems.clone()).unwrap_or_default();
    if !problems.is_empty() {
        return Err(Fault::input(format!("workflow {name} is invalid:\n  {}", problems.join("\n  "))).next(
            format!("fix it and apply it again; {mc} workflow lint FILE checks a file without a cluster"),
        ));
    }
    if workflow.spec.suspend == Some(true) {
        return Err(Fault::input(format!("workflow {name} is suspended: no run of it starts")).next(
            format!("kubectl patch workflow {name} --type merge -p '{{\"spec\":{{\"suspend\":false}}}}'"),
        ));
    }
    Ok(workflow)
}

fn wanted(args: &Run, task: Option<String>, params: BTreeMap<String, String>) -> WorkflowRun {
    let workflow_ref = WorkflowRef { name: args.workflow.clone(), revision: None };
    let spec = WorkflowRunSpec { workflow_ref, task, params, ..WorkflowRunSpec::default() };
    let mut run = WorkflowRun::new("", spec);
    run.metadata = match (&args.name, args.dry_run) {
        (Some(name), _) => ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() },
        // A run in Git has a fixed name.
        (None, true) => ObjectMeta { name: Some(format!("{}-1", args.workflow)), ..ObjectMeta::default() },
        (None, false) => {
            ObjectMeta { generate_name: Some(format!("{}-", args.workflow)), ..ObjectMeta::default() }
        }
    };
    run
}

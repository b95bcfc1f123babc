//! `mc workflow plan`: a workflow file -> what a run of it would do, rehearsed in memory with scripted answers.
//!
//! [`files`] reads, [`crate::rehearse`] plays, [`show`] prints. Start reading at [`run`].

mod files;
mod show;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::api::Phase;
use crate::engine::definition::Definition;
use crate::engine::problem::joined;
use crate::rehearse::answers::{Answers, Script};
use crate::rehearse::drive::{LIMIT, drive, world_of};
use crate::rehearse::invent::{self, Invented};

use super::args::{Format, Global};
use super::exit::{Exit, Fault};
use super::out;
use files::Chosen;

/// Rehearse a run without a cluster
///
/// The engine of the operator runs it, in virtual time. What agents and people
/// say comes from the file with answers. A step without answers says
/// STATUS: done, and makes up each value that is asked for, such as <branch>.
#[derive(Args, Debug)]
#[command(after_help = HELP, verbatim_doc_comment)]
pub struct Plan {
    /// A file with the Workflow; if it has a run, too, that is rehearsed.
    file: PathBuf,
    /// What agents and people say (YAML); see below.
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// A file with the run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["task", "params"])]
    run: Option<PathBuf>,
    /// What the run asks for.
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,
    /// A param of the run; may be given again.
    #[arg(short = 'p', long = "param", value_name = "KEY=VALUE", value_parser = super::pairs::pair)]
    params: Vec<(String, String)>,
    /// Which Workflow of the file.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Also print the input of each attempt.
    #[arg(long)]
    show_inputs: bool,
}

const HELP: &str = "\
The file with answers has a list for each step; its last entry repeats:
  plan: [\"STATUS: done\\nSTORIES_JSON: [...]\"]   what successive attempts say
  build: [{exit: 1, says: \"no disk\"}, {lost: node}, {after: 12m}]
  build/story-2: [{unreadable: true}]           the same for one item
  gate: [{action: Reject, feedback: \"why\"}, {action: Approve}]
  decisions:                                    each answers one question
  - {step: build, action: Retry, feedback: \"...\", outputs: {KEY: value}}
  - {action: Abort, after: 1h}                  to the run, after its start
`after` is how long an attempt (1s) or a person takes. `lost` is one of node,
pod, admission and job. Approvals without an answer are approved.

Example:
  mc workflow plan workflows/bug-fix.yaml --task \"It crashes\"
  mc workflow plan flow.yaml --answers bad-day.yaml --show-inputs
  mc workflow plan flow.yaml -o json | jq '.events[].event'

Exit codes: 0 the run Succeeded, 1 it Failed or was Cancelled, 2 it waits for a
person, 3 bad input.";

pub fn run(args: &Plan, global: &Global) -> Result<Exit, Fault> {
    if global.output == Some(Format::Name) {
        return Err(Fault::input("a plan has no name").next("-o json, -o yaml, or no -o at all"));
    }
    let Chosen { workflow, run, made_up } = match files::choose(args)? {
        Ok(chosen) => chosen,
        Err(problems) => {
            problems.iter().for_each(out::line);
            return Err(Fault::input(format!("the workflow has {} problem(s)", problems.len()))
                .next("mend what is listed, and plan again"));
        }
    };
    let all = Definition::read(&workflow.spec).map_err(|p| Fault::input(joined(&p)))?;
    let script = match &args.answers {
        Some(path) => files::answers(path, &all)?,
        None => Script::default(),
    };
    let mut answers = Answers::new(script, Invented::of(&all));
    let mut world = world_of(&workflow, &run);
    let events = drive(&mut world, &mut answers, LIMIT).map_err(Fault::input)?;
    let status = world.run.and_then(|r| r.status).unwrap_or_default();
    let played = show::Played { events, status, unused: answers.unused(), run, made_up };
    match global.output {
        Some(format @ (Format::Json | Format::Yaml)) => out::value(&show::document(&played), format)?,
        Some(Format::Name | Format::Wide) | None => show::print(&played, args.show_inputs),
    }
    show::notes(&played, args.answers.as_deref());
    Ok(match played.status.phase {
        Some(Phase::Succeeded) => Exit::Done,
        Some(Phase::Failed | Phase::Cancelled) => Exit::Failed,
        None | Some(Phase::Pending | Phase::Running | Phase::Paused) => Exit::NeedsYou,
    })
}

/// What a run lacks that nobody gave: the task, and the params that it needs.
fn made_up(all: &Definition, args: &Plan) -> BTreeMap<String, String> {
    let given: BTreeMap<String, String> = args.params.iter().cloned().collect();
    let params =
        invent::params(all, &given).into_iter().map(|(name, value)| (format!("params.{name}"), value));
    let task = args.task.is_none().then(|| ("task".to_string(), "<task>".to_string()));
    task.into_iter().chain(params).collect()
}

//! The arguments of `mc workflow plan`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::terminal::arguments::pair;

/// Rehearse a run without a cluster
///
/// The engine of the operator runs it, in virtual time. What agents and people
/// say comes from the file with answers. A step without answers says
/// STATUS: done, and makes up each value that is asked for, such as <branch>.
#[derive(Args, Debug)]
#[command(after_help = HELP, verbatim_doc_comment)]
pub(crate) struct Plan {
    /// A file with the Workflow; if it has a run, too, that is rehearsed.
    pub(super) file: PathBuf,
    /// What agents and people say (YAML); see below.
    #[arg(long, value_name = "FILE")]
    pub(super) answers: Option<PathBuf>,
    /// A file with the run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["task", "params"])]
    pub(super) run: Option<PathBuf>,
    /// What the run asks for.
    #[arg(long, value_name = "TEXT")]
    pub(super) task: Option<String>,
    /// A param of the run; may be given again.
    #[arg(short = 'p', long = "param", value_name = "KEY=VALUE", value_parser = pair)]
    pub(super) params: Vec<(String, String)>,
    /// Which Workflow of the file.
    #[arg(long, value_name = "NAME")]
    pub(super) workflow: Option<String>,
    /// Also print the input of each attempt.
    #[arg(long)]
    pub(super) show_inputs: bool,
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

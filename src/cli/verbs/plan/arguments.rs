//! The arguments of `mc workflow plan`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::terminal::arguments::pair;

/// Rehearse a run without a cluster
///
/// Executes the run with the operator's engine in virtual time. The output of
/// agents and the decisions of people come from an answers file. A step without
/// answers prints STATUS: done, and a placeholder such as <branch> for each
/// value that the run needs.
#[derive(Args, Debug)]
#[command(after_help = HELP, verbatim_doc_comment)]
pub(crate) struct Plan {
    /// The file with the Workflow; a WorkflowRun in it is used as the run.
    pub(super) file: PathBuf,
    /// YAML file with the output of agents and the decisions of people; see below.
    #[arg(long, value_name = "FILE")]
    pub(super) answers: Option<PathBuf>,
    /// The file with the WorkflowRun.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["task", "params"])]
    pub(super) run: Option<PathBuf>,
    /// The run's task.
    #[arg(long, value_name = "TEXT")]
    pub(super) task: Option<String>,
    /// A param of the run; may be repeated.
    #[arg(short = 'p', long = "param", value_name = "KEY=VALUE", value_parser = pair)]
    pub(super) params: Vec<(String, String)>,
    /// The Workflow to use, if the file has several.
    #[arg(long, value_name = "NAME")]
    pub(super) workflow: Option<String>,
    /// Print the input of each attempt, too.
    #[arg(long)]
    pub(super) show_inputs: bool,
}

const HELP: &str = "\
The answers file has a list for each step; its last entry repeats:
  plan: [\"STATUS: done\\nSTORIES_JSON: [...]\"]   output of successive attempts
  build: [{exit: 1, says: \"no disk\"}, {lost: node}, {after: 12m}]
  build/story-2: [{unreadable: true}]           the same for one item
  gate: [{action: Reject, feedback: \"why\"}, {action: Approve}]
  decisions:                                    each entry is used once
  - {step: build, action: Retry, feedback: \"...\", outputs: {KEY: value}}
  - {action: Abort, after: 1h}                  time since the run's start
`after` is the duration of an attempt (default: 1s) or the delay of a decision.
`lost` is node, pod, admission or job. Approvals without an answer are approved.

Example:
  mc workflow plan workflows/bug-fix.yaml --task \"It crashes\"
  mc workflow plan flow.yaml --answers bad-day.yaml --show-inputs
  mc workflow plan flow.yaml -o json | jq '.events[].event'

Exit codes: 0 the run Succeeded, 1 it Failed or was Cancelled, 2 it needs a
decision, 3 bad input.";

//! `mc completion`: a shell script that calls `mc` at every press of Tab. `command_line::completion` answers it.

mod kubectl;

use std::io::Write;

use clap::{Args, ValueEnum};
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::program;

/// The environment variable of a completion request. Its value is the shell.
pub(crate) const VARIABLE: &str = "MC_COMPLETE";

/// Print a shell completion script.
#[derive(Args, Debug)]
#[command(after_help = "\
Completes verbs, options, and the names of runs, workflows, steps and
namespaces. Names come from the cluster, if it answers within 2 seconds.

Examples:
  # bash: for this shell, and for new shells
  source <(mc completion bash)
  echo 'source <(mc completion bash)' >> ~/.bashrc

  # zsh: after the line with compinit
  echo 'source <(mc completion zsh)' >> ~/.zshrc

  # fish
  echo 'mc completion fish | source' >> ~/.config/fish/config.fish

  # kubectl mc: a program on the PATH that kubectl calls. Requires kubectl's
  # own completion, and mc on the PATH as kubectl-mc.
  mc completion kubectl > ~/.local/bin/kubectl_complete-mc
  chmod +x ~/.local/bin/kubectl_complete-mc")]
pub(crate) struct Completion {
    /// The shell: bash, zsh, fish, or kubectl (for kubectl mc).
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Kubectl,
}

/// The supported shells.
pub(crate) const SHELLS: [&dyn EnvCompleter; 4] = [&Bash, &Zsh, &Fish, &kubectl::Kubectl];

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Shell::Bash => &Bash,
            Shell::Zsh => &Zsh,
            Shell::Fish => &Fish,
            Shell::Kubectl => &kubectl::Kubectl,
        }
    }
}

pub(crate) fn run(args: &Completion) -> Result<Exit, Fault> {
    let program = if program::name() == "mc" { "mc" } else { "kubectl-mc" };
    let mut script = Vec::new();
    args.shell
        .completer()
        .write_registration(VARIABLE, "mc", program, program, &mut script)
        .map_err(|e| Fault::input(format!("cannot generate the script: {e}")))?;
    // A closed pipe is not an error.
    let _ = std::io::stdout().write_all(script.trim_ascii_start());
    Ok(Exit::Done)
}

//! `mc completion`: a script for a shell, which asks `mc` again at every press of Tab. What it is answered is in
//! `command_line::completion`.

mod kubectl;

use std::io::Write;

use clap::{Args, ValueEnum};
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::program;

/// The variable by which a script asks. Its value is the shell.
pub(crate) const VARIABLE: &str = "MC_COMPLETE";

/// Print a script that completes verbs, options and names.
#[derive(Args, Debug)]
#[command(after_help = "\
Names of runs, workflows, steps and namespaces come from the cluster: what it
does not answer within 2 seconds is not offered.

Examples:
  # bash: now, and in every shell from now on
  source <(mc completion bash)
  echo 'source <(mc completion bash)' >> ~/.bashrc

  # zsh: after the line with compinit
  echo 'source <(mc completion zsh)' >> ~/.zshrc

  # fish
  echo 'mc completion fish | source' >> ~/.config/fish/config.fish

  # kubectl mc: a program on the PATH that kubectl asks. kubectl's own
  # completion must be on, and mc be there as kubectl-mc.
  mc completion kubectl > ~/.local/bin/kubectl_complete-mc
  chmod +x ~/.local/bin/kubectl_complete-mc")]
pub(crate) struct Completion {
    /// For which: bash, zsh, fish, or kubectl (for kubectl mc).
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

/// All shells that a script can be for.
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
        .map_err(|e| Fault::input(format!("no script: {e}")))?;
    // That nobody reads it is no fault.
    let _ = std::io::stdout().write_all(script.trim_ascii_start());
    Ok(Exit::Done)
}

//! The verbs -> clap's command tree, under the name by which the program was called. Parses nothing.

use clap::{Command, CommandFactory, Subcommand};

use crate::cli::terminal::exit::CODES;
use crate::cli::verbs::{Mc, WorkflowVerb};
use crate::view::plain::cut;

/// Maximum columns of a help text.
const WIDTH: usize = 80;
const EXAMPLE: &str = "\
Examples:
  mc workflow run feature-dev \"Sign in with a one-time code\" --watch
  mc workflow status feature-dev-x7k2p
  mc doctor";

/// The whole command. Verbs of `workflow` are listed once, at the end of the root's help.
pub fn command(name: &str) -> Command {
    let listed = format!(
        "{EXAMPLE}\n\nVerbs of mc workflow (the word workflow is optional):\n{}\n\n{CODES}",
        list(&direct())
    );
    let command = direct()
        .iter()
        .fold(all(name), |command, verb| command.mut_subcommand(verb.get_name(), |c| c.hide(true)));
    let command = command.after_help(listed);
    if name == "mc" { command } else { with_program_name(command, name) }
}

/// The same, with every verb listed in each of its places.
pub(crate) fn all(name: &str) -> Command {
    Mc::command().display_name(name.to_string()).bin_name(name.to_string())
}

/// The verbs of `workflow`, which also work without that word.
fn direct() -> Vec<Command> {
    let verbs = WorkflowVerb::augment_subcommands(Command::new(""));
    verbs.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect()
}

/// One line per verb, with its summary.
fn list(verbs: &[Command]) -> String {
    let widest = verbs.iter().map(|v| v.get_name().len()).max().unwrap_or(0);
    let line = |verb: &Command| {
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        let line = format!("  {:widest$}  {}", verb.get_name(), about.lines().next().unwrap_or(""));
        cut(line.trim_end(), WIDTH)
    };
    verbs.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Puts the name by which the program was called into the examples.
fn with_program_name(command: Command, name: &str) -> Command {
    let after_help = command.get_after_help().map(ToString::to_string);
    let command = match after_help {
        Some(text) => command.after_help(text.replace("  mc ", &format!("  {name} "))),
        None => command,
    };
    command.mut_subcommands(|c| with_program_name(c, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command("mc").debug_assert();
        command("kubectl mc").debug_assert();
    }

    #[test]
    fn examples_of_the_plugin_can_be_typed() {
        let mut help = command("kubectl mc");
        let help = help.render_help().to_string();
        assert!(help.contains("\n  kubectl mc workflow run"), "{help}");
        assert!(!help.contains("\n  mc "), "{help}");
    }
}

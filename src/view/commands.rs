//! A run and its questions -> the commands of `mc` that answer them.

use crate::api::Action;
use crate::api::status::EscalationStatus;

/// The commands that answer the question, one per line. `mc`: the name of the program; `run`: its name, with options
/// if the name alone is not enough; `alone`: no other question of the run is open.
pub fn answers(mc: &str, run: &str, question: &EscalationStatus, alone: bool) -> Vec<String> {
    question.actions.iter().map(|action| answer(mc, run, question, *action, alone)).collect()
}

/// The command for this action.
pub fn answer(mc: &str, run: &str, question: &EscalationStatus, action: Action, alone: bool) -> String {
    let which = match (&question.item, alone) {
        (_, true) => String::new(),
        (None, false) => format!(" --step {}", question.step),
        (Some(item), false) => format!(" --step {} --item {}", question.step, quoted(item)),
    };
    let (verb, more) = match action {
        Action::Retry if question.cause.needs_outputs() => ("retry", " --set KEY=VALUE"),
        Action::Retry => ("retry", " --feedback \"...\""),
        Action::Reject => ("reject", " --feedback \"...\""),
        Action::Skip => ("skip", ""),
        Action::Approve => ("approve", ""),
        Action::Abort => return format!("{mc} workflow abort {run}"),
        Action::Pause => return format!("{mc} workflow pause {run}"),
        Action::Resume => return format!("{mc} workflow resume {run}"),
    };
    format!("{mc} workflow {verb} {run}{which}{more}")
}

/// A word quoted for a shell. An agent chooses the id of an item, and people paste commands: the id must not be
/// executed.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        return word.into();
    }
    let word = super::plain::one_line(word);
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_agent_named_is_one_word_to_a_shell() {
        assert_eq!(quoted("story-1"), "story-1");
        assert_eq!(quoted("a; rm -rf ~"), "'a; rm -rf ~'");
        assert_eq!(quoted("$(id)'`id`"), "'$(id)'\\''`id`'");
        assert_eq!(quoted("--all"), "'--all'");
        assert_eq!(quoted(""), "''");
    }
}

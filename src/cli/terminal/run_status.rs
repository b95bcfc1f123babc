//! A run -> the lines that `mc status` and the live view print.

use std::fmt::Write as _;

use crate::api::status::EscalationStatus;
use crate::api::{Phase, StepPhase};
use crate::view::plain::{cut, one_line};
use crate::view::run::{RunView, StepView};
use crate::view::time::short;
use crate::view::words;

use super::table::{Cell, Table};
use super::{paint, program};

/// The whole status of a run. `frame`: the frame number of a live view, which turns the spinner.
pub(crate) fn lines(view: &RunView, width: Option<usize>, frame: Option<usize>) -> Vec<String> {
    let mut lines = head(view, width);
    if !view.steps.is_empty() {
        lines.push(String::new());
        lines.extend(steps(view, width, frame).lines(width));
    }
    section(&mut lines, "Errors:", errors(view, width));
    section(&mut lines, "Needs you:", questions(view, width));
    let outputs =
        view.outputs.iter().map(|(k, v)| format!("  {k}: {}", fitting(&one_line(v), width, k.len() + 4)));
    section(&mut lines, "Outputs:", outputs.collect());
    lines
}

fn section(lines: &mut Vec<String>, title: &str, content: Vec<String>) {
    if !content.is_empty() {
        let bold = paint::TITLE;
        lines.push(String::new());
        lines.push(format!("{bold}{title}{bold:#}"));
        lines.extend(content);
    }
}

fn fitting(text: &str, width: Option<usize>, used: usize) -> String {
    width.map_or_else(|| text.to_string(), |w| cut(text, w.saturating_sub(used).max(20)))
}

fn head(view: &RunView, width: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut push = |key: &str, value: String| {
        if !value.is_empty() {
            let faint = paint::FAINT;
            lines.push(format!("{faint}{:<10}{faint:#} {value}", format!("{key}:")));
        }
    };
    let bold = paint::TITLE;
    push("Run", format!("{bold}{}{bold:#} in namespace {}", view.name, view.namespace));
    push("Workflow", view.workflow.clone());
    push("Task", fitting(&one_line(&view.task), width, 11));
    push("Status", status(view, width));
    push("Progress", view.progress.clone());
    push("Waiting", view.waiting.as_deref().map(|w| fitting(w, width, 11)).unwrap_or_default());
    push("Time", time(view));
    lines
}

fn status(view: &RunView, width: Option<usize>) -> String {
    let style = paint::phase(view.phase);
    let word = words::shown(view.phase);
    let mut text = format!("{style}{word}{style:#}");
    let mut used = 11 + word.len();
    if !view.reason.is_empty() && view.reason != word {
        let _ = write!(text, " ({})", view.reason);
        used += view.reason.len() + 3;
    }
    let message = match view.phase {
        None => "the operator has not picked it up yet",
        Some(_) => view.message.as_str(),
    };
    if !message.is_empty() {
        let _ = write!(text, ": {}", fitting(message, width, used + 2));
    }
    text
}

fn time(view: &RunView) -> String {
    let Some(duration) = view.duration.map(short) else { return String::new() };
    match view.phase {
        Some(Phase::Succeeded) => format!("Completed in {duration}"),
        Some(Phase::Failed | Phase::Cancelled) => format!("Ended after {duration}"),
        None | Some(Phase::Pending | Phase::Running | Phase::Paused) => format!("Running for {duration}"),
    }
}

/// The column BACK is left out if no work was sent back, the column AGENT on a narrow terminal.
fn steps(view: &RunView, width: Option<usize>, frame: Option<usize>) -> Table {
    let back = view.steps.iter().any(|s| s.rounds > 0);
    let agents = width.is_none_or(|w| w >= 100);
    let shown = |head: &&str| match *head {
        "AGENT" => agents,
        "BACK" => back,
        _ => true,
    };
    let head = ["#", "STEP", "STATUS", "AGENT", "TRIES", "RETRIES", "BACK", "DURATION", "NOTE"];
    let mut table = Table::new(&head.into_iter().filter(shown).collect::<Vec<_>>());
    let mut number = 0;
    for step in &view.steps {
        let number_cell = match &step.item {
            None => {
                number += 1;
                number.to_string()
            }
            Some(_) => String::new(),
        };
        let cells = head.into_iter().zip(row(step, number_cell, frame));
        table.row(cells.filter(|(h, _)| shown(h)).map(|(_, cell)| cell));
    }
    table
}

fn row(step: &StepView, number: String, frame: Option<usize>) -> [Cell; 9] {
    const SPIN: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    let moves = step.phase == StepPhase::Running;
    let spin = frame.filter(|_| moves).and_then(|t| SPIN.get(t % SPIN.len()));
    let spin = spin.map_or(String::new(), |s| format!(" {s}"));
    let name = match (&step.item, step.finally) {
        (Some(item), _) => format!("  {item}"),
        (None, true) => format!("{} (finally)", step.step),
        (None, false) => step.step.clone(),
    };
    let count = |n: u32| if n == 0 { "-".to_string() } else { n.to_string() };
    let note = match (&step.title, step.note.is_empty()) {
        (Some(title), true) => title.clone(),
        (Some(title), false) => format!("{title}: {}", step.note),
        (None, _) => step.note.clone(),
    };
    [
        Cell::new(number),
        Cell::new(name),
        Cell::painted(format!("{}{spin}", step.phase), paint::step(step.phase)),
        Cell::new(if step.item.is_some() { String::new() } else { step.agent.clone() }),
        Cell::new(count(step.attempts)),
        Cell::new(step.retries.clone()),
        Cell::new(count(step.rounds)),
        Cell::new(step.duration.map_or("-".into(), short)),
        Cell::painted(note, paint::FAINT),
    ]
}

/// The errors in full, since the table may cut them.
fn errors(view: &RunView, width: Option<usize>) -> Vec<String> {
    let bad = |s: &&StepView| {
        matches!(s.phase, StepPhase::Failed | StepPhase::Tolerated | StepPhase::Escalated)
            && !s.note.is_empty()
    };
    let line = |s: &StepView| prose(&format!("{}: {}", work_path(&s.step, s.item.as_deref()), s.note), width);
    view.steps.iter().filter(bad).flat_map(line).collect()
}

fn questions(view: &RunView, width: Option<usize>) -> Vec<String> {
    let alone = view.questions.len() == 1;
    let style = paint::WAITS;
    view.questions
        .iter()
        .flat_map(|q| {
            let path = work_path(&q.step, q.item.as_deref());
            let question =
                format!("{style}{path}{style:#} ({}): {}", q.cause, one_line(&q.message_with_hint()));
            let commands = commands(&view.name, q, alone);
            prose(&question, width).into_iter().chain(commands.into_iter().map(|c| format!("    {c}")))
        })
        .collect()
}

/// Indented and wrapped to the terminal's width.
fn prose(text: &str, width: Option<usize>) -> Vec<String> {
    let options = textwrap::Options::new(width.unwrap_or(usize::MAX).max(40))
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .initial_indent("  ")
        .subsequent_indent("  ");
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// `step` or `step/item`.
pub(crate) fn work_path(step: &str, item: Option<&str>) -> String {
    item.map_or_else(|| step.to_string(), |item| format!("{step}/{item}"))
}

/// The commands that answer the question, one per line. `alone`: the run has no other open question.
pub(crate) fn commands(run: &str, question: &EscalationStatus, alone: bool) -> Vec<String> {
    crate::view::commands::answers(program::name(), run, question, alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Stamp, WorkflowRun};

    fn view(status: serde_json::Value) -> RunView {
        let run: WorkflowRun = serde_json::from_value(serde_json::json!({
            "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun",
            "metadata": {"name": "demo", "namespace": "team"},
            "spec": {"workflowRef": {"name": "flow"}, "task": "do\nit"}, "status": status,
        }))
        .unwrap();
        RunView::of(&run, None, Stamp("2026-01-01T00:01:00Z".parse().unwrap()))
    }

    fn shown(view: &RunView, width: Option<usize>) -> Vec<String> {
        lines(view, width, None).iter().map(|l| anstream::adapter::strip_str(l).to_string()).collect()
    }

    #[test]
    fn a_question_comes_with_the_commands_that_answer_it() {
        let view = view(serde_json::json!({
            "phase": "Paused", "reason": "Escalated", "message": "fix waits", "progress": "0/1",
            "startedAt": "2026-01-01T00:00:00Z",
            "steps": [{"name": "fix", "phase": "Escalated", "attempts": 2, "retries": 1,
                "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:30Z",
                "last": {"n": 2, "outcome": "Failed", "cause": "ExitCode", "message": "exit code 1"}}],
            "escalations": [{"id": "e1-aa", "step": "fix", "cause": "ExitCode", "message": "exit code 1",
                "since": "2026-01-01T00:00:30Z", "actions": ["Retry", "Skip", "Abort"]}],
        }));
        let expected = "\
Run:       demo in namespace team
Workflow:  flow
Task:      do it
Status:    Paused (Escalated): fix waits
Progress:  0/1
Time:      Running for 1m00s

#   STEP   STATUS      AGENT   TRIES   RETRIES   DURATION   NOTE
1   fix    Escalated           2       1         30s        attempt 2 Failed (ExitCode): exit code 1

Errors:
  fix: attempt 2 Failed (ExitCode): exit code 1

Needs you:
  fix (ExitCode): exit code 1
    mc workflow retry demo --feedback \"...\"
    mc workflow skip demo
    mc workflow abort demo";
        assert_eq!(shown(&view, None).join("\n"), expected);
    }

    #[test]
    fn no_line_of_the_table_is_wider_than_the_terminal() {
        let view = view(serde_json::json!({
            "phase": "Running", "message": "m".repeat(200),
            "steps": [{"name": "each", "phase": "Running", "items": [
                {"id": "story-1", "title": "t".repeat(100), "phase": "Running", "attempts": 1}]}],
        }));
        for width in [80, 200] {
            let wide: Vec<String> =
                shown(&view, Some(width)).into_iter().filter(|l| l.chars().count() > width).collect();
            assert_eq!(wide, Vec::<String>::new());
        }
    }
}

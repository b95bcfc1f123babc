//! The live view of a run. On a terminal it is redrawn in place; otherwise each change is a line.
//!
//! Ctrl-C ends the view, not the run.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use kube::ResourceExt;

use crate::api::{Phase, Stamp, StepPhase, WorkflowRun, WorkflowSpec};
use crate::cli::cluster::run;
use crate::cli::cluster::session::Session;
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program, run_status};
use crate::view::run::{RunView, StepView};
use crate::view::time::short;
use crate::view::words;

/// The interval at which a live view is redrawn.
const TICK: Duration = Duration::from_millis(250);

/// Shows the run until it ends. Without a terminal, also only until it needs a decision.
pub(crate) async fn run(session: &Session, run: &WorkflowRun) -> Result<Exit, Fault> {
    let name = run.name_any();
    let mut states = Box::pin(run::states(session, run));
    let mut screen = Screen::new();
    let mut current = run.clone();
    let mut spec = run::pinned_spec(session, run).await;
    let mut pinned = is_pinned(run);
    let mut tick = tokio::time::interval(TICK);
    let mut frame = 0;
    loop {
        tokio::select! {
            state = states.next() => match state {
                Some(Ok(Some(newer))) => current = newer,
                Some(Ok(None)) | None => {
                    return Err(Fault::input(format!("run {name} was deleted")));
                }
                Some(Err(fault)) => return Err(fault),
            },
            _ = tick.tick(), if screen.live => frame += 1,
            _ = tokio::signal::ctrl_c() => {
                out::note(format!("\nThe run continues. To watch it again: {} workflow status {name} --watch", program::name()));
                return Ok(Exit::Interrupted);
            }
        }
        // Read once per revision: a caller who may not read it must not cause a request with every frame.
        if !pinned && is_pinned(&current) {
            pinned = true;
            spec = run::pinned_spec(session, &current).await;
        }
        screen.draw(&current, spec.as_ref(), frame);
        let phase = current.status.as_ref().and_then(|s| s.phase);
        if phase.is_some_and(Phase::is_terminal) || (phase == Some(Phase::Paused) && !screen.live) {
            screen.leave(&current, spec.as_ref());
            return Ok(Exit::of_run(&current));
        }
    }
}

fn is_pinned(run: &WorkflowRun) -> bool {
    run.status.as_ref().is_some_and(|s| s.workflow.is_some())
}

/// The last frame, so that it can be overwritten.
struct Screen {
    live: bool,
    height: usize,
    printed: HashMap<String, String>,
}

impl Screen {
    fn new() -> Self {
        Self { live: std::io::stdout().is_terminal(), height: 0, printed: HashMap::new() }
    }

    fn draw(&mut self, run: &WorkflowRun, spec: Option<&WorkflowSpec>, frame: usize) {
        let view = RunView::of(run, spec, Stamp::of(Timestamp::now()));
        if self.live {
            let mut lines = run_status::lines(&view, out::width(), Some(frame));
            fit(&mut lines);
            self.redraw(&lines);
        } else {
            self.changes(&view);
        }
    }

    /// Prints the last frame in full.
    fn leave(&mut self, run: &WorkflowRun, spec: Option<&WorkflowSpec>) {
        let view = RunView::of(run, spec, Stamp::of(Timestamp::now()));
        if self.live {
            self.redraw(&run_status::lines(&view, out::width(), None));
        } else {
            out::line("");
            run_status::lines(&view, None, None).iter().for_each(out::line);
        }
    }

    fn redraw(&mut self, lines: &[String]) {
        // Cursor movements are needed even if colours are off.
        let plain = anstream::stdout().current_choice() == anstream::ColorChoice::Never;
        let mut text = String::new();
        if self.height > 0 {
            text.push_str(&format!("\x1b[{}A\r", self.height));
        }
        for line in lines {
            if plain {
                text.extend(anstream::adapter::strip_str(line))
            } else {
                text.push_str(line)
            }
            text.push_str("\x1b[K\n");
        }
        text.push_str("\x1b[J");
        self.height = lines.len();
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        let _ = out.flush();
    }

    /// A line for every step, item and question that changed.
    fn changes(&mut self, view: &RunView) {
        let at = view.duration.map_or("-".into(), short);
        let phase = words::shown(view.phase);
        for step in &view.steps {
            let line = step_line(step);
            if step.phase != StepPhase::Pending || self.printed.contains_key(&key(step)) {
                self.print_change(key(step), &at, line);
            }
        }
        for q in &view.questions {
            let place = run_status::work_path(&q.step, q.item.as_deref());
            self.print_change(
                format!("? {}", q.id),
                &at,
                format!("{place} asks a person ({}): {}", q.cause, q.message),
            );
        }
        let reason = if view.reason == phase { String::new() } else { format!(" ({})", view.reason) };
        self.print_change(
            "run".into(),
            &at,
            format!("run {phase}{reason} {}", view.progress).trim_end().to_string(),
        );
    }

    fn print_change(&mut self, key: String, at: &str, line: String) {
        if self.printed.get(&key) != Some(&line) {
            out::line(format!("{at:>7}  {}", crate::view::plain::one_line(&line)));
            self.printed.insert(key, line);
        }
    }
}

fn key(step: &StepView) -> String {
    run_status::work_path(&step.step, step.item.as_deref())
}

/// The state without times, which change all the time.
fn step_line(step: &StepView) -> String {
    let tried = if step.attempts > 1 { format!(", attempt {}", step.attempts) } else { String::new() };
    let back = if step.rounds > 0 { format!(", sent back {}x", step.rounds) } else { String::new() };
    let clockless =
        step.note.split("; ").filter(|n| !n.starts_with("next attempt in")).collect::<Vec<_>>().join("; ");
    let note = if clockless.is_empty() { String::new() } else { format!(": {clockless}") };
    format!("{} {}{tried}{back}{note}", key(step), step.phase)
}

/// A frame that is higher than the terminal cannot be overwritten: lines are left out in the middle.
fn fit(lines: &mut Vec<String>) {
    let Some((_, terminal_size::Height(rows))) = terminal_size::terminal_size() else { return };
    let room = usize::from(rows).saturating_sub(2).max(8);
    if lines.len() > room {
        let hidden = lines.len() - room + 1;
        let from = room.saturating_sub(room / 3).max(1);
        lines.splice(from..from + hidden, [format!("    ... {hidden} more lines ...")]);
    }
}

//! A rehearsal -> a table and its result, or one JSON document.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::api::{Outcome, Phase, Reason, Span, WorkflowRun, WorkflowRunStatus};
use crate::cli::terminal::run_status::work_path;
use crate::cli::terminal::table::{Cell, Table};
use crate::cli::terminal::{out, paint};
use crate::rehearse::timeline::{Event, What};
use crate::view::plain::{cut, one_line, plain};

/// Characters of a message in a row; the document has all of it.
const WHY: usize = 160;

/// A finished rehearsal.
pub(super) struct Rehearsal {
    pub events: Vec<Event>,
    pub status: WorkflowRunStatus,
    pub unused: Vec<String>,
    pub run: WorkflowRun,
    pub placeholders: BTreeMap<String, String>,
}

impl Rehearsal {
    fn lasted(&self) -> Duration {
        let whole = self.status.finished_at.zip(self.status.started_at).map(|(to, from)| to.since(from));
        whole.or_else(|| self.events.last().map(|e| e.at)).unwrap_or_default()
    }
}

/// Prints the table, the inputs and the result.
pub(super) fn print(rehearsal: &Rehearsal, inputs: bool) {
    let mut table = Table::new(&["TIME", "STEP", "WHAT", "WHY"]);
    for event in &rehearsal.events {
        let (what, style) = describe(event);
        let time = Cell::painted(format!("+{}", Span::from(event.at)), paint::FAINT);
        let why = cut(&one_line(&why(event)), WHY);
        table.row([time, one_line(&event_path(event)).into(), Cell::painted(what, style), why.into()]);
    }
    table.print();
    if inputs {
        print_inputs(&rehearsal.events);
    }
    end(rehearsal);
}

fn print_inputs(events: &[Event]) {
    for event in events {
        if let (Some(input), Some(n)) = (&event.input, event.attempt) {
            let title = paint::TITLE;
            out::line(format_args!(
                "\n{title}Input of {}, attempt {n}{title:#}",
                one_line(&event_path(event))
            ));
            plain(input).lines().for_each(|line| out::line(format_args!("  {line}").to_string().trim_end()));
        }
    }
}

fn end(rehearsal: &Rehearsal) {
    let status = &rehearsal.status;
    let (phase, style) = (status.phase.unwrap_or(Phase::Pending), paint::phase(status.phase));
    let reason = status.reason.filter(|r| r.as_str() != phase.as_str());
    let reason = reason.map(|r| format!(" ({r})")).unwrap_or_default();
    // The hint about answering in a cluster is of no use here.
    let asked = status.escalations.first().filter(|_| status.reason == Some(Reason::Escalated));
    let message = asked.map(|e| e.message.as_str()).or(status.message.as_deref());
    let message = one_line(message.unwrap_or_default());
    let lasted = Span::from(rehearsal.lasted());
    out::line(format_args!("\n{style}{phase}{style:#}{reason} after {lasted}: {message}"));
    let totals = status.totals.clone().unwrap_or_default();
    out::line(format_args!(
        "attempts {}, retries {}, lost {}, rounds {}, questions {}",
        totals.attempts, totals.retries, totals.lost, totals.rounds, totals.escalations
    ));
    if !status.outputs.is_empty() {
        out::line("outputs:");
        for (name, value) in &status.outputs {
            out::line(format_args!("  {name}: {}", one_line(value)));
        }
    }
}

fn event_path(event: &Event) -> String {
    work_path(event.step.as_deref().unwrap_or("(the run)"), event.item.as_deref())
}

/// What happened, and its colour.
fn describe(event: &Event) -> (String, anstyle::Style) {
    let cause = |c: &Option<crate::api::Cause>| c.map(|c| format!(" ({c})")).unwrap_or_default();
    match &event.what {
        What::Starts => (format!("starts attempt {}", event.attempt.unwrap_or_default()), paint::PLAIN),
        What::Ends(Outcome::Done, _) => ("Done".into(), paint::GOOD),
        What::Ends(Outcome::SentBack, _) => ("Done: sends work back".into(), paint::WAITS),
        What::Ends(outcome @ Outcome::Stopped, c) => (format!("{outcome}{}", cause(c)), paint::FAINT),
        What::Ends(outcome, c) => (format!("{outcome}{}", cause(c)), paint::BAD),
        What::Again => ("is sent back".into(), paint::WAITS),
        What::Waits(time) => (format!("waits {}", Span::from(*time)), paint::WAITS),
        What::Lists => ("has items".into(), paint::PLAIN),
        What::Asks(cause, _) => (format!("asks a person ({cause})"), paint::WAITS),
        What::Decides(action) => (format!("decision {}", action.as_str()), paint::MOVES),
        What::Refuses(action) => (format!("decision {} is refused", action.as_str()), paint::BAD),
        What::Expires => ("its question expires".into(), paint::WAITS),
        What::Skips => ("is skipped".into(), paint::FAINT),
        What::Tolerates => ("is tolerated".into(), paint::WAITS),
        What::GivesUp => ("has failed for good".into(), paint::BAD),
        What::RunEnds(phase, reason) => (format!("ends: {phase} ({reason})"), paint::phase(Some(*phase))),
    }
}

fn why(event: &Event) -> String {
    let actions = match &event.what {
        What::Asks(_, actions) => {
            let actions: Vec<&str> = actions.iter().map(|a| a.as_str()).collect();
            format!(" [{}]", actions.join(", "))
        }
        _ => String::new(),
    };
    if event.made_up.is_empty() {
        return format!("{}{actions}", event.why);
    }
    let values: Vec<String> =
        event.made_up.iter().map(|(key, value)| format!("{key}: {}", short(value))).collect();
    format!("made up: {}", values.join(", "))
}

/// A list as its length.
fn short(value: &str) -> String {
    match serde_json::from_str(value) {
        Ok(Value::Array(items)) => format!("({} items)", items.len()),
        _ => value.to_string(),
    }
}

/// The name of an event in the document.
fn event_name(what: &What) -> &'static str {
    match what {
        What::Starts => "Started",
        What::Ends(outcome, _) => outcome.as_str(),
        What::Again => "Again",
        What::Waits(_) => "Waits",
        What::Lists => "Listed",
        What::Asks(..) => "Asked",
        What::Decides(_) => "Decided",
        What::Refuses(_) => "Refused",
        What::Expires => "Expired",
        What::Skips => "Skipped",
        What::Tolerates => "Tolerated",
        What::GivesUp => "GaveUp",
        What::RunEnds(..) => "Ending",
    }
}

/// The event in the document; empty fields are left out.
pub(super) fn document(rehearsal: &Rehearsal) -> Value {
    let status = &rehearsal.status;
    let questions = status.escalations.iter().map(|e| {
        json!({"step": e.step, "item": e.item, "cause": e.cause, "message": e.message, "actions": e.actions})
    });
    json!({
        "workflow": rehearsal.run.spec.workflow_ref.name,
        "task": rehearsal.run.spec.task,
        "params": rehearsal.run.spec.params,
        "madeUp": rehearsal.placeholders,
        "events": rehearsal.events.iter().map(of_event).collect::<Vec<_>>(),
        "phase": status.phase,
        "reason": status.reason,
        "message": status.message,
        "seconds": seconds(rehearsal.lasted()),
        "outputs": status.outputs,
        "totals": status.totals.clone().unwrap_or_default(),
        "questions": questions.collect::<Vec<_>>(),
        "unused": rehearsal.unused,
    })
}

fn of_event(event: &Event) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() && value != json!("") && value != json!({}) {
            fields.insert(name.into(), value);
        }
    };
    put("at", seconds(event.at));
    put("event", json!(event_name(&event.what)));
    put("step", json!(event.step));
    put("item", json!(event.item));
    put("attempt", json!(event.attempt));
    match &event.what {
        What::Ends(_, cause) => put("cause", json!(cause)),
        What::Asks(cause, actions) => {
            put("cause", json!(cause));
            put("actions", json!(actions));
        }
        What::Decides(action) | What::Refuses(action) => put("action", json!(action)),
        What::Waits(time) => put("seconds", seconds(*time)),
        What::RunEnds(phase, reason) => {
            put("phase", json!(phase));
            put("reason", json!(reason));
        }
        What::Starts
        | What::Again
        | What::Lists
        | What::Expires
        | What::Skips
        | What::Tolerates
        | What::GivesUp => {}
    }
    put("message", json!(event.why));
    put("madeUp", json!(event.made_up));
    put("input", json!(event.input));
    Value::Object(fields)
}

/// Whole seconds as an integer.
fn seconds(time: Duration) -> Value {
    if time.subsec_millis() == 0 { json!(time.as_secs()) } else { json!(time.as_secs_f64()) }
}

/// Notes below the plan.
pub(super) fn notes(rehearsal: &Rehearsal, answers: Option<&Path>) {
    for (name, value) in &rehearsal.placeholders {
        out::note(format_args!("made up: {name}: {value}"));
    }
    if let Some(path) = answers {
        for work in &rehearsal.unused {
            out::note(format_args!("{}: the answer {work} was not used", path.display()));
        }
    }
    if !rehearsal.status.phase.is_some_and(Phase::is_terminal) {
        for question in &rehearsal.status.escalations {
            let work = work_path(&question.step, question.item.as_deref());
            out::note(format_args!(
                "the question of {work} has no answer; add to the answers file: decisions: [{{step: {work}, action: …}}]"
            ));
        }
    }
}

//! What a commit changed -> the notification about it, as JSON or as a line for a chat.
//!
//! It contains no agent's output: only text of the run's own status, without control characters and cut to a maximum
//! length. Pure. Start reading at [`news`].

use kube::ResourceExt;
use serde::Serialize;
use serde_json::json;

use crate::api::status::EscalationStatus;
use crate::api::workflow::NotifyEvent;
use crate::api::{Action, Cause, Phase, Reason, Stamp, WorkflowRun, WorkflowRunStatus};
use crate::engine::ids;
use crate::engine::transition::Transition;

use super::target::Kind;

/// The maximum length of a message, in characters.
const LONGEST: usize = 1024;

/// An event that people may want to learn of.
#[derive(Debug, PartialEq)]
pub(crate) struct News<'a> {
    pub(crate) event: NotifyEvent,
    /// The question that was opened.
    pub(crate) escalation: Option<&'a EscalationStatus>,
}

/// The events of that transition.
pub(super) fn news<'a>(change: &Transition<'a>) -> Vec<News<'a>> {
    let opened = change.opened().map(|e| News { event: NotifyEvent::Escalated, escalation: Some(e) });
    let ended = change.end().and_then(|phase| match phase {
        Phase::Pending | Phase::Running | Phase::Paused => None,
        Phase::Succeeded => Some(NotifyEvent::Succeeded),
        Phase::Failed => Some(NotifyEvent::Failed),
        Phase::Cancelled => Some(NotifyEvent::Cancelled),
    });
    opened.chain(ended.map(|event| News { event, escalation: None })).collect()
}

/// A notification, with all fields that a webhook receives.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) event: NotifyEvent,
    pub(crate) namespace: String,
    pub(crate) run: String,
    pub(crate) workflow: String,
    phase: Option<Phase>,
    reason: Option<Reason>,
    message: String,
    step: Option<String>,
    escalations: Vec<Question>,
    started_at: Option<Stamp>,
    finished_at: Option<Stamp>,
    attempts: u32,
    retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip)]
    key: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Question {
    id: String,
    step: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    cause: Cause,
    actions: Vec<Action>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Message {
    /// `status` is the committed one; `url` is the run's page.
    pub(crate) fn new(
        run: &WorkflowRun,
        status: &WorkflowRunStatus,
        news: &News<'_>,
        url: Option<String>,
    ) -> Self {
        let text = news.escalation.map(|e| e.message.as_str()).or(status.message.as_deref());
        let totals = status.totals.clone().unwrap_or_default();
        Self {
            event: news.event,
            namespace: run.namespace().unwrap_or_default(),
            run: run.name_any(),
            workflow: run.spec.workflow_ref.name.clone(),
            phase: status.phase,
            reason: status.reason,
            message: plain(text.unwrap_or_default()),
            step: news.escalation.map(|e| e.step.clone()).or_else(|| status.step.clone()),
            escalations: news.escalation.map(Question::of).into_iter().collect(),
            started_at: status.started_at,
            finished_at: status.finished_at,
            attempts: totals.attempts,
            retries: totals.retries,
            url,
            key: key(&run.uid().unwrap_or_default(), news),
        }
    }

    /// The same for every try, and never the same for two notifications: a receiver recognizes a repetition.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The body for a target of that kind.
    pub(crate) fn body(&self, kind: Kind) -> String {
        match kind {
            Kind::Slack => json!({"text": self.text()}).to_string(),
            // A struct of texts and numbers can always be serialised.
            Kind::Webhook => serde_json::to_string(self).unwrap_or_default(),
        }
    }

    fn text(&self) -> String {
        let step = self.step.as_ref().map(|s| format!(", step {s}")).unwrap_or_default();
        let cause = self.escalations.first().map(|q| q.cause.as_str());
        let reason = cause.or_else(|| self.reason.map(|r| r.as_str())).unwrap_or_default();
        let head = format!(
            "{}: run {}/{} of workflow {}{step} ({reason})",
            self.event.as_str(),
            self.namespace,
            self.run,
            self.workflow,
        );
        // A question without a hint contains in its message how to answer it.
        let answer = self.escalations.first().and_then(|q| q.hint.clone());
        let lines = [Some(head), Some(self.message.clone()), answer, self.url.clone()];
        let lines: Vec<String> = lines.into_iter().flatten().filter(|l| !l.is_empty()).collect();
        escape(&lines.join("\n"))
    }
}

impl Question {
    fn of(asked: &EscalationStatus) -> Self {
        Self {
            id: asked.id.clone(),
            step: asked.step.clone(),
            item: asked.item.clone(),
            cause: asked.cause,
            actions: asked.actions.clone(),
            hint: asked.hint.as_deref().map(plain),
        }
    }
}

fn key(run_uid: &str, news: &News<'_>) -> String {
    let id = news.escalation.map_or("", |e| e.id.as_str());
    let mut hex = ids::sha256_hex(format!("{run_uid}\0{}\0{id}", news.event.as_str()).as_bytes());
    hex.truncate(32);
    hex
}

/// On one line, without characters that control a terminal or the direction of writing, and cut at the maximum length.
fn plain(text: &str) -> String {
    let steers =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let spaced: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !steers(*c)).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// The three characters with a meaning in Slack: without this, a text could mention a whole channel.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;

//! A workflow file of either system in one common form. Ids and texts are still those of the file.

use crate::api::Span;
use crate::api::workflow::{Notify, NotifyEvent};

use super::shape::Shape;

/// The name of the notification target, which is defined in the operator's installation.
pub(crate) const TARGET: &str = "team-chat";

#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub shape: Shape,
    pub id: String,
    pub description: Option<String>,
    pub agents: Vec<Agent>,
    /// In the order of the file.
    pub steps: Vec<Step>,
    /// Values of every run.
    pub context: Vec<(String, String)>,
    pub events: Vec<NotifyEvent>,
    /// The template of the final notification.
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Agent {
    pub id: String,
    pub description: Option<String>,
    pub persona: Option<String>,
    /// It judges work and must not change it: read-only workspace.
    pub judges: bool,
    /// Name and path of each file.
    pub files: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    /// Its index in the old file.
    pub old: usize,
    pub id: String,
    pub agent: Option<String>,
    pub input: Option<String>,
    pub expects: Option<String>,
    pub retries: Option<u32>,
    pub timeout: Option<Span>,
    pub back: Option<Back>,
    pub each: Option<Each>,
}

/// Sends rejected work back to a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Back {
    pub to: String,
    pub limit: Option<u32>,
}

/// Runs a step once per item of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Each {
    pub list: String,
    pub verifier: Option<String>,
}

impl Draft {
    pub(crate) fn notify(&self) -> Vec<Notify> {
        let mut events = self.events.clone();
        events.sort();
        events.dedup();
        if events.is_empty() { Vec::new() } else { vec![Notify { events, target: TARGET.into() }] }
    }
}

/// Seconds as a duration of the API; `None`: zero, or more than ten years.
pub(crate) fn span(seconds: f64) -> Option<Span> {
    let known = |s: &Span| s.as_duration().as_millis() > 0 && s.to_string().parse::<Span>().is_ok();
    std::time::Duration::try_from_secs_f64(seconds)
        .ok()
        .map(|d| {
            Span::from(std::time::Duration::from_millis(u64::try_from(d.as_millis()).unwrap_or(u64::MAX)))
        })
        .filter(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_positive_and_not_longer_than_the_api_takes() {
        let shown = |s: f64| span(s).map(|s| s.to_string());
        assert_eq!(shown(1800.0), Some("30m".into()));
        assert_eq!(shown(90.5), Some("1m30s500ms".into()));
        assert_eq!([shown(0.0), shown(1e12), shown(f64::MAX)], [None, None, None]);
    }
}

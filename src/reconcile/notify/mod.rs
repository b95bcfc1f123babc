//! Committed changes of runs -> notifications to the targets that the Workflow names, as it is now.
//!
//! Nothing here is stored and no pass waits for it: a notification is sent at most once per event and target by the
//! process that committed the change, and what cannot be sent is counted and logged. Start reading at [`tell`], then
//! [`outbox`].

mod entry;
pub mod message;
pub mod outbox;
pub mod send;
pub mod targets;

use std::collections::BTreeSet;

use crate::api::workflow::{Notify, NotifyEvent};
use crate::api::{WorkflowRun, WorkflowRunStatus};
use crate::cluster::Name;

use super::Context;
use message::Message;
use outbox::Letter;

/// Tells people what a commit changed.
pub fn tell(ctx: &Context, run: &WorkflowRun, old: &WorkflowRunStatus, new: &WorkflowRunStatus) {
    let news = message::news(old, new);
    if news.is_empty() {
        return;
    }
    let name = Name::of(run);
    let workflow = name.beside(&run.spec.workflow_ref.name);
    let Some(seen) = ctx.stores.workflows.get(&workflow) else { return };
    let Ok(live) = &seen.0 else { return };
    for item in news {
        for target in wanted(&live.spec.notify, item.event) {
            let url = ctx.outbox.url_of(&name.namespace, &name.name);
            let message = Message::new(run, new, &item, url);
            ctx.outbox.post(Letter { workflow: workflow.clone(), target: target.into(), message });
        }
    }
}

/// Who is told about that event; a target that is named twice is told once.
fn wanted(notify: &[Notify], event: NotifyEvent) -> BTreeSet<&str> {
    notify.iter().filter(|n| n.events.contains(&event)).map(|n| n.target.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_is_named_twice_is_told_once() {
        use NotifyEvent::{Escalated, Failed, Succeeded};
        let entry = |target: &str, on: &[NotifyEvent]| Notify { events: on.to_vec(), target: target.into() };
        let notify = [entry("b", &[Failed]), entry("a", &[Escalated, Failed]), entry("a", &[Failed])];
        assert_eq!(wanted(&notify, Failed), ["a", "b"].into());
        assert_eq!(wanted(&notify, Escalated), ["a"].into());
        assert_eq!(wanted(&notify, Succeeded), [].into());
    }
}

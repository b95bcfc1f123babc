//! Committed changes of runs -> notifications to the targets that the Workflow names, as it is now.
//!
//! Nothing here is stored and no pass waits for it: the process that committed the change sends a notification at most
//! once per event and target. A notification that cannot be sent is counted and logged. Start reading at [`send`], then
//! [`outbox`].

mod entry;
mod http_sender;
mod message;
pub(crate) mod outbox;
pub(crate) mod reload;
mod target;
mod targets;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::WorkflowRun;
use crate::api::workflow::{Notify, NotifyEvent};
use crate::cluster::Name;
use crate::engine::transition::Transition;

use super::stores::Stores;
use message::Message;
use outbox::{Notification, Outbox};

/// Sends the notifications of a commit.
pub(super) fn send(stores: &Stores, outbox: &Arc<Outbox>, run: &WorkflowRun, change: &Transition<'_>) {
    let news = message::news(change);
    if news.is_empty() {
        return;
    }
    let name = Name::of(run);
    let workflow = name.beside(&run.spec.workflow_ref.name);
    let Some(cached) = stores.workflows.get(&workflow) else { return };
    let Ok(live) = &cached.0 else { return };
    for item in news {
        for target in wanted(&live.spec.notify, item.event) {
            let url = outbox.url_of(&name.namespace, &name.name);
            let message = Message::new(run, change.after, &item, url);
            outbox.enqueue(Notification { workflow: workflow.clone(), target: target.into(), message });
        }
    }
}

/// The targets of that event; one that is named twice gets it once.
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

//! One line -> an event of an attempt.

use mission_control::api::{Span, Stamp};
use mission_control::engine::snapshot::AttemptFact;

use mission_control::rehearse::cluster::{SimulatedCluster, loss};

/// An event of the current attempt of `step`, or of `step/item`.
pub(super) fn attempt_event(cluster: &mut SimulatedCluster, step: &str, what: &str) -> Result<(), String> {
    let job = cluster.job_of(step).ok_or(format!("step {step} has no attempt under way"))?;
    let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
    let text = rest.trim().trim_matches('"').replace("\\n", "\n");
    match verb {
        "says" => cluster.exits(&job, 0, &text),
        "exits" => {
            let (code, said) = rest.split_once(' ').unwrap_or((rest, ""));
            let code = code.parse().map_err(|_| "an exit code")?;
            cluster.exits(&job, code, &said.trim_matches('"').replace("\\n", "\n"));
        }
        "deleted" => {
            let (code, said) = rest.split_once(' ').unwrap_or((rest, ""));
            cluster.exits(&job, code.parse().map_err(|_| "an exit code")?, said.trim_matches('"'));
            if let Some(AttemptFact::Exited(exit)) = cluster.attempts.get_mut(&job) {
                exit.deleted = true;
            }
        }
        "starts" => {
            // `a starts behind=1h`: by the clock of a node that is behind.
            let behind: Span = rest.strip_prefix("behind=").unwrap_or("0s").parse()?;
            let since = Stamp::of(cluster.now.0 - behind.as_duration());
            cluster.set_fact(&job, AttemptFact::Running { since });
        }
        "waits" => cluster.set_fact(&job, AttemptFact::Pending { since: cluster.now, message: Some(text) }),
        "blocked" => cluster.set_fact(&job, AttemptFact::Blocked { since: cluster.now, message: text }),
        "refused" => cluster.set_fact(&job, AttemptFact::Refused { message: text }),
        "taken" => cluster.set_fact(&job, AttemptFact::NameTaken { message: text }),
        "unreachable" => {
            cluster.set_fact(
                &job,
                AttemptFact::Unreachable {
                    since: cluster.now,
                    overdue: text == "overdue",
                    message: "node n1".into(),
                },
            );
        }
        "loses" => {
            let cause = loss(&text).ok_or_else(|| format!("there is no loss of {text:?}"))?;
            cluster.loses(&job, cause);
        }
        "unreadable" => cluster.unreadable(&job, text.parse().unwrap_or(0)),
        _ => return Err(format!("unknown event {verb}")),
    }
    Ok(())
}

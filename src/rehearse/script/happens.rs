//! One line -> what happens to an attempt.

use crate::engine::snapshot::AttemptFact;

use super::super::world::{World, loss};

/// What happens to the attempt under way of `step`, or of `step/item`.
pub(super) fn happens(world: &mut World, step: &str, what: &str) -> Result<(), String> {
    let job = world.job_of(step).ok_or(format!("step {step} has no attempt under way"))?;
    let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
    let text = rest.trim().trim_matches('"').replace("\\n", "\n");
    match verb {
        "says" => world.exits(&job, 0, &text),
        "exits" => {
            let (code, said) = rest.split_once(' ').unwrap_or((rest, ""));
            let code = code.parse().map_err(|_| "an exit code")?;
            world.exits(&job, code, &said.trim_matches('"').replace("\\n", "\n"));
        }
        "deleted" => {
            let (code, said) = rest.split_once(' ').unwrap_or((rest, ""));
            world.exits(&job, code.parse().map_err(|_| "an exit code")?, said.trim_matches('"'));
            if let Some(AttemptFact::Exited(exit)) = world.attempts.get_mut(&job) {
                exit.deleted = true;
            }
        }
        "starts" => world.set_fact(&job, AttemptFact::Running { since: world.now }),
        "waits" => world.set_fact(&job, AttemptFact::Pending { since: world.now, message: Some(text) }),
        "blocked" => world.set_fact(&job, AttemptFact::Blocked { since: world.now, message: text }),
        "refused" => world.set_fact(&job, AttemptFact::Refused { message: text }),
        "taken" => world.set_fact(&job, AttemptFact::NameTaken { message: text }),
        "unreachable" => {
            world.set_fact(
                &job,
                AttemptFact::Unreachable {
                    since: world.now,
                    overdue: text == "overdue",
                    message: "node n1".into(),
                },
            );
        }
        "loses" => {
            let cause = loss(&text).ok_or_else(|| format!("there is no loss of {text:?}"))?;
            world.loses(&job, cause);
        }
        "unreadable" => world.unreadable(&job, text.parse().unwrap_or(0)),
        _ => return Err(format!("unknown event {verb}")),
    }
    Ok(())
}

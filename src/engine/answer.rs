//! What a step requires of an answer besides its status word: declared outputs, stories, and a target for a `retry`.

use std::collections::BTreeMap;

use regex::Regex;

use crate::api::step::StepOutput;
use crate::api::{Cause, Outcome};

pub use super::definition::key_of;

use super::definition::StepDef;
use super::list::{self, Problem};
use super::verdict::{MESSAGE_LIMIT, Verdict};

/// The verdict, with the step's own requirements applied.
pub fn check_outputs(mut verdict: Verdict, def: &StepDef, stories_limit: Option<u32>) -> Verdict {
    if verdict.retry_requested && def.on_retry.is_some() {
        verdict.outcome = Outcome::SentBack;
        verdict.cause = None;
        verdict.message = None;
        return verdict;
    }
    if verdict.outcome != Outcome::Done {
        return verdict;
    }
    let Some(output) = verdict.output.as_mut() else {
        // `expects: ""`, and the agent's output cannot be read.
        if let Some(output) = def.outputs.first() {
            verdict.outcome = Outcome::Failed;
            verdict.cause = Some(Cause::OutputMissing);
            verdict.message =
                Some(format!("Output {} is missing: the agent's output cannot be read", output.name));
        }
        return verdict;
    };
    let problem = declared(&def.outputs, &mut output.values).or_else(|| {
        let limit = stories_limit?;
        stories(output.values.get("STORIES_JSON")?, limit)
    });
    if let Some((cause, message)) = problem {
        verdict.outcome = Outcome::Failed;
        verdict.cause = Some(cause);
        verdict.message = Some(message.chars().take(MESSAGE_LIMIT).collect());
    }
    verdict
}

/// Checks that a declared output exists and fits its pattern, and makes it known by its own name as well as by its key.
fn declared(outputs: &[StepOutput], values: &mut BTreeMap<String, String>) -> Option<(Cause, String)> {
    for output in outputs {
        let key = key_of(output);
        let Some(value) = values.get(&key).cloned() else {
            return Some((
                Cause::OutputMissing,
                format!("Output {} is missing: no line {key}: …", output.name),
            ));
        };
        if let Some(pattern) = &output.pattern
            && !Regex::new(pattern).is_ok_and(|p| p.is_match(&value))
        {
            let message = format!("Output {} ({key}) does not match {pattern}", output.name);
            return Some((Cause::OutputInvalid, message));
        }
        values.insert(output.name.clone(), value);
    }
    None
}

/// An empty list passes here: the loop escalates.
fn stories(text: &str, limit: u32) -> Option<(Cause, String)> {
    match list::stories(text, limit) {
        Ok(_) | Err(Problem::Empty) => None,
        Err(Problem::Invalid(why)) => Some((Cause::StoriesInvalid, why.join("; "))),
    }
}

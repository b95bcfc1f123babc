//! Steps of antfarm -> the same steps, with every verifier right after its loop, and without invalid retry steps.

use super::draft::{Back, Step};
use super::report::{Notes, Owner};

/// Default rounds of a verifier.
const ROUNDS: u32 = 2;

pub(crate) fn arrange(steps: Vec<Step>, notes: &mut Notes) -> Vec<Step> {
    let mut steps = steps;
    for id in steps.iter().filter(|s| s.each.is_some()).map(|s| s.id.clone()).collect::<Vec<_>>() {
        verifier(&mut steps, &id, notes);
    }
    ways_back(&mut steps, notes);
    steps
}

fn position(steps: &[Step], id: &str) -> Option<usize> {
    steps.iter().position(|s| s.id == id)
}

/// Moves the step that verifies each item behind the loop; it sends work back only to the loop.
fn verifier(steps: &mut Vec<Step>, id: &str, notes: &mut Notes) {
    let Some(at) = position(steps, id) else { return };
    let Some(work) = steps.get(at).cloned() else { return };
    let Some(name) = work.each.as_ref().and_then(|e| e.verifier.clone()) else { return };
    let Some(k) =
        position(steps, &name).filter(|k| *k != at && steps.get(*k).is_some_and(|s| s.each.is_none()))
    else {
        notes.add(
            Owner::Step(work.old).at("forEach.verifyWith"),
            format!("{name:?} is not a step that can verify a story: left out"),
        );
        if let Some(each) = steps.get_mut(at).and_then(|s| s.each.as_mut()) {
            each.verifier = None;
        }
        return;
    };
    let mut judge = steps.remove(k);
    if judge.back.as_ref().is_some_and(|b| b.to != work.id) {
        notes.add(
            Owner::Step(judge.old).at("onRetry.rerun"),
            format!("it verifies the stories of {0} and sends work back only to {0}", work.id),
        );
    }
    judge.back = Some(Back { to: work.id.clone(), limit: Some(rounds(&judge, &work)) });
    let at = position(steps, id).map_or(steps.len(), |at| at + 1);
    if at != k {
        notes.add(Owner::Step(judge.old).at(""), format!("moved: it runs after every story of {}", work.id));
    }
    steps.insert(at, judge);
}

/// Rounds of a verifier of single stories.
fn rounds(verifier: &Step, work: &Step) -> u32 {
    verifier.back.as_ref().and_then(|b| b.limit).or(work.retries).unwrap_or(ROUNDS)
}

/// Work can be sent back to an earlier step, by a step that is not a loop.
fn ways_back(steps: &mut [Step], notes: &mut Notes) {
    let all: Vec<(String, Option<String>)> =
        steps.iter().map(|s| (s.id.clone(), s.each.as_ref().and_then(|e| e.verifier.clone()))).collect();
    for (i, step) in steps.iter_mut().enumerate() {
        let Some(back) = &mut step.back else { continue };
        // A step that verifies each story runs in the loop: the work is the loop's.
        if let Some((of, _)) = all
            .iter()
            .find(|(id, v)| v.as_ref() == Some(&back.to) && *id != step.id && Some(&step.id) != v.as_ref())
        {
            back.to = of.clone();
        }
        let known = all.iter().position(|(id, _)| *id == back.to).is_some_and(|k| k < i);
        let why = match (known, step.each.is_some()) {
            (true, false) => continue,
            (_, true) => "a loop cannot send work back; let a later step do it",
            (false, _) if back.to == step.id => "a failed attempt is retried in any case",
            (false, _) => "work can only be sent back to an earlier step",
        };
        notes.add(
            Owner::Step(step.old).at(""),
            format!("`on_fail.retry_step: {}` is left out: {why}", back.to),
        );
        step.back = None;
    }
}

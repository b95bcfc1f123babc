//! Faults stop, people answer, time passes: the run must end.

use mission_control::api::{Cause, Phase, StepPhase};

use super::events::{attempts, files, questions, stories};
use super::generate::Flow;
use super::{Held, Play, state_invariants};

pub(crate) fn of(play: &mut Play, flow: &Flow) -> Held {
    faults_stop(play, flow)?;
    for round in 0..400 {
        if play.status().phase.is_some_and(Phase::is_terminal) {
            return afterwards(play);
        }
        let at = (play.status(), play.cluster.now);
        if flow.clumsy {
            play.happens(["conflict", "crash"][(round / 2 % 2) as usize])?;
        }
        agents_answer(play)?;
        people_answer(play, round)?;
        if let Some(wake) = play.cluster.wake.filter(|_| play.status() == at.0) {
            let wait = wake.since(at.1).as_secs() + 1;
            play.happens(&format!("after {wait}s"))?;
        }
        if play.status() == at.0 && play.cluster.now == at.1 {
            return play
                .happens("after 1s")
                .and(Err(play.tells("the run neither moves nor asks to be looked at again")));
        }
    }
    Err(play.tells("the run does not end"))
}

fn faults_stop(play: &mut Play, flow: &Flow) -> Held {
    for line in
        ["unsuspend run", "unsuspend workflow", "other older ends", "other younger ends", "other third ends"]
    {
        play.happens(line)?;
    }
    play.happens("restore revision")?;
    if play.status().started_at.is_none() {
        play.happens(&format!("workflow: {}", flow.text))?;
    }
    if play.status().hold.is_some() {
        play.happens("decide Resume")?;
    }
    Ok(())
}

/// Every agent does everything that it could be asked for.
fn agents_answer(play: &mut Play) -> Held {
    let answer = format!("STATUS: done\\nKEY: v\\nFILES: {}\\nSTORIES_JSON: {}", files(2), stories(2));
    for place in attempts(&play.status()) {
        if attempts(&play.status()).contains(&place) {
            play.happens(&format!("{place} says \"{answer}\""))?;
        }
    }
    Ok(())
}

/// Each question is answered with Approve, or with a Retry that supplies all missing values, and then with Skip.
fn people_answer(play: &mut Play, round: u32) -> Held {
    for place in questions(&play.status()) {
        let now = play.status();
        let is_it = |e: &&mission_control::api::status::EscalationStatus| {
            e.item.as_deref().map_or_else(|| e.step.clone(), |i| format!("{}/{i}", e.step)) == place
        };
        match now.escalations.iter().find(is_it).map(|e| e.cause) {
            Some(Cause::Approval) => play.happens(&format!("decide Approve {place}"))?,
            Some(_) if round.is_multiple_of(2) => {
                let given = format!("KEY=v FILES={} STORIES_JSON={}", files(2), stories(2));
                play.happens(&format!("decide Retry {place} {given}"))?;
            }
            Some(_) => play.happens(&format!("decide Skip {place}"))?,
            None => {}
        }
    }
    Ok(())
}

/// The end is final: late decisions are refused, the run's objects are deleted in time, and its history stays.
fn afterwards(play: &mut Play) -> Held {
    let ended = play.status();
    state_invariants::ended(&play.cluster)?;
    if ended.phase == Some(Phase::Succeeded) {
        let main = ended.steps.iter().filter(|s| !s.finally);
        let open: Vec<StepPhase> = main.map(|s| s.work.phase).filter(|p| !p.is_satisfied()).collect();
        if !open.is_empty() {
            return Err(play.tells("it succeeded with unfinished steps"));
        }
    }
    for line in ["decide Abort", "decide Retry e1-000000", "suspend run", "delete workflow", "after 25h"] {
        play.happens(line)?;
    }
    if play.cluster.attempts.is_empty() {
        Ok(())
    } else {
        Err(play.tells("its Jobs are left a day after its end"))
    }
}

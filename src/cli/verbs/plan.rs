//! `mc workflow plan`: a workflow file -> the events of a run, rehearsed in memory with scripted answers.
//!
//! [`files`] reads, [`crate::rehearse`] plays, [`show`] prints. Start reading at [`run`].

mod arguments;
mod files;
mod show;

use crate::api::Phase;
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::out;
use crate::engine::definition::Definition;
use crate::engine::problem::joined;
use crate::rehearse::answers::{Answers, Script};
use crate::rehearse::player::{LIMIT, cluster_with, play};
use crate::rehearse::synthesize::Synthesized;
use files::Chosen;

pub(crate) use arguments::Plan;

pub(crate) fn run(args: &Plan, global: &Global) -> Result<Exit, Fault> {
    if global.output == Some(Format::Name) {
        return Err(
            Fault::input("plan does not support -o name").next("use -o json or -o yaml, or remove -o")
        );
    }
    let Chosen { workflow, run, placeholders } = match files::choose(args)? {
        Ok(chosen) => chosen,
        Err(problems) => {
            problems.iter().for_each(out::line);
            return Err(Fault::input(format!(
                "the workflow has {}",
                out::counted(problems.len(), "problem")
            ))
            .next("fix the problems above and run plan again"));
        }
    };
    let all = Definition::read(&workflow.spec).map_err(|p| Fault::input(joined(&p)))?;
    let script = match &args.answers {
        Some(path) => files::answers(path, &all)?,
        None => Script::default(),
    };
    let mut answers = Answers::new(script, Synthesized::of(&all));
    let mut cluster = cluster_with(&workflow, &run);
    let events = play(&mut cluster, &mut answers, LIMIT).map_err(Fault::input)?;
    let status = cluster.run.and_then(|r| r.status).unwrap_or_default();
    let rehearsal = show::Rehearsal { events, status, unused: answers.unused(), run, placeholders };
    match global.output {
        Some(format @ (Format::Json | Format::Yaml)) => out::value(&show::document(&rehearsal), format)?,
        Some(Format::Name | Format::Wide) | None => show::print(&rehearsal, args.show_inputs),
    }
    show::notes(&rehearsal, args.answers.as_deref());
    Ok(match rehearsal.status.phase {
        Some(Phase::Succeeded) => Exit::Done,
        Some(Phase::Failed | Phase::Cancelled) => Exit::Failed,
        None | Some(Phase::Pending | Phase::Running | Phase::Paused) => Exit::NeedsYou,
    })
}

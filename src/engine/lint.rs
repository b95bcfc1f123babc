//! Every problem of a workflow that can be known before anything runs, each with its field and the fix.
//!
//! [`graph`] checks how steps depend on each other, [`fields`] checks single values, [`texts`] checks templates and
//! conditions. Start reading at [`problems`].

mod fields;
mod graph;
mod location;
mod texts;

use crate::api::WorkflowSpec;

use super::definition::Definition;
use super::path::Path;
use super::problem::Problem;

pub use texts::OF_LOOPS;

/// Empty: the workflow can be executed.
pub fn problems(spec: &WorkflowSpec) -> Vec<Problem> {
    let mut all = fields::problems(spec);
    match Definition::read(spec) {
        Err(more) => all.extend(more),
        Ok(definition) => match graph::cycle(&definition) {
            Some(circle) => {
                all.push(Problem::value(
                    Path::default().fields("spec.steps"),
                    format!("{} depend on each other in a circle", circle.join(" -> ")),
                ));
            }
            None => {
                all.extend(graph::problems(&definition));
                all.extend(texts::problems(spec, &definition));
                all.extend(graph::shared_workspace(&definition));
            }
        },
    }
    all
}

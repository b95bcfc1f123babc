//! The exact name of a run -> the run.

use crate::api::WorkflowRun;
use crate::cli::terminal::exit::Fault;
use crate::cli::terminal::program;

use super::session::Session;

/// The run of that name in the session's namespace.
pub async fn run(session: &Session, name: &str) -> Result<WorkflowRun, Fault> {
    let found = session.api::<WorkflowRun>().get_opt(name).await;
    let found = found.map_err(|e| session.fault(&format!("get run {name}"), &e))?;
    found.ok_or_else(|| {
        Fault::input(format!("there is no run {name} in namespace {}", session.namespace))
            .next(format!("{} workflow runs -A shows all runs", program::said()))
    })
}

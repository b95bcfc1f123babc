//! `mc`, Mission Control's command line. Data goes to stdout, the rest to stderr.
//!
//! Modules, each importing only those after it: `command_line` (clap's tree of all verbs), `verbs` (a file per verb),
//! `cluster` (sessions and lookups), `source` (files as documents with positions), `terminal` (options, tables, exit
//! codes). Only [`main`] ends the process. Start reading at [`verbs::Verb`].

mod cluster;
mod command_line;
mod source;
mod terminal;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;

pub use command_line::docs::reference;
pub use command_line::tree::command;

use command_line::completion;
use terminal::exit::{self, Exit, Fault};
use terminal::{paint, program};
use verbs::Mc;

/// Parses the arguments, runs the verb, and returns the exit code.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(exit) = completion::complete(&arguments) {
        return exit;
    }
    match answer(&arguments) {
        Ok(exit) => exit.code(),
        Err(fault) => {
            fault.print();
            fault.exit.code()
        }
    }
}

fn answer(arguments: &[OsString]) -> Result<Exit, Fault> {
    let matches = match command(&program::name_of(arguments)).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return Ok(exit::of_usage(&error)),
    };
    let mc = Mc::from_arg_matches(&matches).map_err(|e| Fault::input(e.to_string()))?;
    paint::choose(mc.global.color);
    mc.verb.run(&mc.global)
}

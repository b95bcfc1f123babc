//! What people see of runs: the words, the order and the durations. Pure.
//!
//! [`run`] turns a run into a head, steps and questions; [`shape`] turns a workflow into its steps; [`commands`]
//! lists the commands for a person; [`words`] maps the usual names of statuses; [`time`] formats durations; [`stats`]
//! computes figures over many runs; [`plain`] removes control sequences from the output of agents. It decides
//! nothing. Start reading at [`run::RunView`].

pub mod commands;
pub mod plain;
pub mod run;
pub mod shape;
pub mod stats;
pub mod time;
pub mod words;

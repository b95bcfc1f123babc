//! What people are shown of runs: the words, the order and the lengths. Pure.
//!
//! [`run`] turns a run into a head, steps and questions; [`shape`] a workflow into its steps; [`commands`] says what a person can
//! type; [`words`] knows how people name statuses; [`time`] says how long;
//! [`stats`] makes figures of many runs;
//! [`plain`] takes control sequences out of what agents said. It decides nothing. Start reading at [`run::RunView`].

pub mod commands;
pub mod plain;
pub mod run;
pub mod shape;
pub mod stats;
pub mod time;
pub mod words;

//! One thing that the API server would refuse, and where.

use super::path::Path;

/// One thing that the API server would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where; for an unknown field the field itself, for a missing one where it should be.
    pub path: Path,
    pub kind: Kind,
    /// What is wrong; what to do.
    pub message: String,
}

/// What sort of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no such field: without it the rest may be read.
    Unknown,
    Missing,
    /// Its value is not what the field takes.
    Value,
}

//! A name that people use for a run's status -> its phase. The names of earlier systems are accepted, ignoring case.

use crate::api::Phase;

/// A run's phase as shown; a run that the operator has not seen yet has none.
pub fn shown(phase: Option<Phase>) -> &'static str {
    phase.map_or("New", Phase::as_str)
}

/// Every name that [`phase_of`] knows besides the phases themselves.
const ALSO: &[(&str, Phase)] = &[
    ("COMPLETED", Phase::Succeeded),
    ("DONE", Phase::Succeeded),
    ("SUCCESS", Phase::Succeeded),
    ("ERROR", Phase::Failed),
    ("CANCELED", Phase::Cancelled),
    ("ABORTED", Phase::Cancelled),
    ("ESCALATED", Phase::Paused),
    ("WAITING", Phase::Paused),
    ("QUEUED", Phase::Pending),
];

/// The phase that a name means; otherwise all valid names.
pub fn phase_of(word: &str) -> Result<Phase, String> {
    let own = Phase::ALL.iter().map(|(p, _)| (p.as_str(), *p));
    let mut all = own.clone().chain(ALSO.iter().copied());
    all.find(|(name, _)| name.eq_ignore_ascii_case(word.trim())).map(|(_, phase)| phase).ok_or_else(|| {
        let names: Vec<&str> = own.map(|(name, _)| name).collect();
        format!("there is no status '{word}'; there are {} (COMPLETED is understood, too)", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_earlier_systems_are_understood() {
        assert_eq!(phase_of("COMPLETED"), Ok(Phase::Succeeded));
        assert_eq!(phase_of("running"), Ok(Phase::Running));
        assert_eq!(phase_of("Paused"), Ok(Phase::Paused));
        assert!(phase_of("finished").unwrap_err().contains("Pending, Running, Paused"));
    }
}

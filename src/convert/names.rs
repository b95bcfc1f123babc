//! Ids of the earlier systems -> names of the API: lower-case letters, digits and `-`, at most 40 characters.

use std::collections::BTreeSet;

use crate::engine::context::camel_output;

/// Maximum length of a step's or an agent's name.
pub(crate) const LONGEST: usize = 40;

/// A name made from an id. The same id gives the same name.
pub(crate) fn name(id: &str, otherwise: &str, longest: usize) -> String {
    let mut name = String::new();
    let mut before_is_small = false;
    for c in id.chars() {
        if c.is_ascii_uppercase() && before_is_small {
            name.push('-');
        }
        before_is_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        let c = if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        if c != '-' || !name.ends_with('-') {
            name.push(c);
        }
    }
    let name = name.trim_matches('-');
    let name = if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.to_string()
    } else {
        format!("{otherwise}-{name}")
    };
    name.chars().take(longest).collect::<String>().trim_end_matches('-').to_string()
}

/// Names for a list of ids, and for each whether it differs from the name of its id alone.
pub(crate) fn names(ids: &[String], otherwise: &str) -> Vec<(String, bool)> {
    let mut taken = BTreeSet::new();
    ids.iter()
        .map(|id| {
            let wanted = name(id, otherwise, LONGEST);
            let mut chosen = wanted.clone();
            // Names that templates cannot tell apart count as equal.
            let mut n = 2;
            while !taken.insert(camel_output(&chosen)) {
                let tail = format!("-{n}");
                let stem: String = wanted.chars().take(LONGEST - tail.len()).collect();
                chosen = format!("{}{tail}", stem.trim_end_matches('-'));
                n += 1;
            }
            let changed = chosen != wanted;
            (chosen, changed)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_becomes_lower_case_words() {
        for (id, expected) in [
            ("plan", "plan"),
            ("traceRequirements", "trace-requirements"),
            ("trace_requirements", "trace-requirements"),
            ("Trace requirements!", "trace-requirements"),
            ("PRReview2", "prreview2"),
            ("1st", "step-1st"),
            ("--", "step"),
            ("über", "ber"),
        ] {
            assert_eq!(name(id, "step", LONGEST), expected, "{id}");
        }
        assert_eq!(name(&"a-".repeat(60), "step", LONGEST).len(), 39);
    }

    #[test]
    fn ids_that_would_be_one_name_are_told_apart() {
        let ids = ["fixIt", "fix_it", "fix-it", "fix"].map(String::from);
        let expected = [("fix-it", false), ("fix-it-2", true), ("fix-it-3", true), ("fix", false)];
        assert_eq!(names(&ids, "step"), expected.map(|(n, changed)| (n.to_string(), changed)));
        let long = [format!("{}a", "x".repeat(45)), format!("{}b", "x".repeat(45))];
        let names: Vec<String> = names(&long, "step").into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["x".repeat(40), format!("{}-2", "x".repeat(38))]);
    }
}

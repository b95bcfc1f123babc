//! The points to check after a conversion: collected while files are read, printed at the end.
//!
//! One message about several places is one entry. Places get their names when all names are known: [`Notes::settle`].

use serde::Serialize;

/// The owner of a field. Agents and steps are counted as in the old file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Spec,
    Agent(usize),
    Step(usize),
}

/// A place in the new manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Field {
    pub owner: Owner,
    pub field: String,
}

impl Owner {
    pub(crate) fn at(self, field: impl Into<String>) -> Field {
        Field { owner: self, field: field.into() }
    }
}

/// An entry of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// One or more places in the new manifest, separated by `, `.
    pub field: String,
    /// What changed, and what to do.
    pub message: String,
}

/// The indexes and names of agents and steps in the new manifest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    pub agents: Vec<String>,
    /// By index in the old file: the new index and the name.
    pub steps: Vec<(usize, String)>,
}

impl Settled {
    fn field(&self, place: &Field) -> String {
        let owner = match place.owner {
            Owner::Spec => "spec".to_string(),
            Owner::Agent(i) => {
                format!("spec.agents[{i}] ({})", self.agents.get(i).map_or("", String::as_str))
            }
            Owner::Step(k) => {
                let (i, name) = self.steps.get(k).map_or((k, ""), |(i, name)| (*i, name.as_str()));
                format!("spec.steps[{i}] ({name})")
            }
        };
        if place.field.is_empty() { owner } else { format!("{owner}.{}", place.field) }
    }

    fn rank(&self, place: &Field) -> (u8, usize) {
        match place.owner {
            Owner::Spec => (0, 0),
            Owner::Agent(i) => (1, i),
            Owner::Step(k) => (2, self.steps.get(k).map_or(k, |(i, _)| *i)),
        }
    }
}

/// Entries in the order of reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Vec<(Vec<Field>, String)>);

impl Notes {
    pub(crate) fn add(&mut self, place: Field, message: impl Into<String>) {
        let message = message.into();
        match self.0.iter_mut().find(|(_, text)| *text == message) {
            Some((places, _)) if places.contains(&place) => {}
            Some((places, _)) => places.push(place),
            None => self.0.push((vec![place], message)),
        }
    }

    /// The entries in the order of the manifest.
    pub(crate) fn settle(self, settled: &Settled) -> Vec<Entry> {
        let mut all = self.0;
        for (places, _) in &mut all {
            places.sort_by_key(|p| settled.rank(p));
        }
        all.sort_by_key(|(places, _)| places.first().map(|p| settled.rank(p)));
        all.into_iter()
            .map(|(places, message)| {
                let fields: Vec<String> = places.iter().map(|p| settled.field(p)).collect();
                Entry { field: fields.join(", "), message }
            })
            .collect()
    }
}

/// The report as text.
pub fn numbered(entries: &[Entry]) -> Vec<String> {
    let line = |(i, e): (usize, &Entry)| format!("{:>3}. {}\n     {}", i + 1, e.field, e.message);
    entries.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_about_two_places_is_one_entry_and_steps_are_named_by_their_new_place() {
        let mut notes = Notes::default();
        notes.add(Owner::Step(0).at("timeout"), "none");
        notes.add(Owner::Step(1).at("timeout"), "none");
        notes.add(Owner::Step(1).at("timeout"), "none");
        notes.add(Owner::Spec.at("name"), "first");
        let settled = Settled { agents: vec![], steps: vec![(1, "b".into()), (0, "a".into())] };
        let entries = notes.settle(&settled);
        assert_eq!(
            numbered(&entries),
            [
                "  1. spec.name\n     first",
                "  2. spec.steps[0] (a).timeout, spec.steps[1] (b).timeout\n     none"
            ]
        );
    }
}

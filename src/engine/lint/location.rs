//! Where a step is written.

use super::super::definition::Definition;
use super::super::path::Path;

/// Where a step is written.
pub(super) fn place(definition: &Definition, i: usize) -> Path {
    let main = definition.steps.iter().filter(|s| !s.finally).count();
    let name = definition.steps.get(i).map_or("", |s| s.name.as_str());
    match i.checked_sub(main) {
        None => Path::default().fields("spec.steps").named(i, name),
        Some(k) => Path::default().fields("spec.finally").named(k, name),
    }
}

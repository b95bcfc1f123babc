//! Where a step is written.

use super::super::definition::Definition;

/// Where a step is written.
pub(super) fn place(definition: &Definition, i: usize) -> String {
    let main = definition.steps.iter().filter(|s| !s.finally).count();
    let name = definition.steps.get(i).map_or("", |s| s.name.as_str());
    if i < main {
        format!("spec.steps[{i}] ({name})")
    } else {
        format!("spec.finally[{}] ({name})", i - main)
    }
}

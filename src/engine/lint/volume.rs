//! Who shares the workspace: a volume that one node mounts is not for steps that run side by side.

use crate::api::agent::WorkspaceAccess;
use crate::api::workflow::AccessMode;

use super::super::definition::Definition;
use super::super::problem::Problem;
use super::location::place;

pub(super) fn problems(definition: &Definition) -> Vec<Problem> {
    let Some(workspace) = &definition.workspace else { return Vec::new() };
    let mode = workspace.access_mode.unwrap_or_default();
    if mode == AccessMode::ReadWriteMany {
        return Vec::new();
    }
    let hint = format!(
        "the workspace is {}; order them with dependsOn, set workspaceAccess: None, or use accessMode: ReadWriteMany",
        mode.as_str()
    );
    let mut all = Vec::new();
    let mounts = |i: usize| {
        definition.steps.get(i).is_some_and(|s| !s.finally && s.workspace_access() != WorkspaceAccess::None)
    };
    for i in (0..definition.steps.len()).filter(|i| mounts(*i)) {
        let Some(step) = definition.steps.get(i) else { continue };
        if step.each.as_ref().is_some_and(|e| e.parallelism > 1) {
            all.push(Problem::value(
                place(definition, i).fields("forEach.parallelism"),
                format!("items would share the volume; {hint}"),
            ));
        }
        for k in (0..i).filter(|k| mounts(*k)) {
            if !definition.ancestors(i).contains(&k) && !definition.ancestors(k).contains(&i) {
                let other = definition.steps.get(k).map_or("", |s| s.name.as_str());
                all.push(Problem::value(place(definition, i), format!("it may run beside {other}; {hint}")));
            }
        }
    }
    all
}

//! What a run as a whole gives back: `spec.outputs`, as far as the steps they come from have given it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::definition::Definition;
use super::launch;
use super::plan::Draft;

/// The run's outputs. One whose step was skipped or failed is left out.
pub fn of_run(draft: &Draft<'_>, all: &Definition) -> BTreeMap<String, String> {
    if all.outputs.is_empty() {
        return BTreeMap::new();
    }
    let main = (0..all.steps.len()).filter(|i| all.steps.get(*i).is_some_and(|s| !s.finally));
    let context = Value::Object(launch::after_steps(draft, all, &main.collect::<Vec<_>>(), None));
    let found = all.outputs.iter().filter_map(|output| {
        let value = output.from.split('.').try_fold(&context, |at, part| at.get(part))?;
        Some((output.name.clone(), value.as_str().map_or_else(|| value.to_string(), String::from)))
    });
    found.collect()
}

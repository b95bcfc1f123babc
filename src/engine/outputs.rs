//! What a run as a whole gives back: `spec.outputs`, as far as the steps they come from have given it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::context;
use super::definition::Definition;
use super::draft::Draft;
use super::output;

/// The run's outputs. One whose step was skipped or failed is left out.
pub fn of_run(draft: &Draft<'_>, all: &Definition) -> BTreeMap<String, String> {
    if all.outputs.is_empty() {
        return BTreeMap::new();
    }
    let main = (0..all.steps.len()).filter(|i| all.steps.get(*i).is_some_and(|s| !s.finally));
    let context = Value::Object(context::after_steps(draft, all, &main.collect::<Vec<_>>(), None));
    let found = all.outputs.iter().filter_map(|given| {
        let value = given.from.split('.').try_fold(&context, |at, part| at.get(part))?;
        let text = value.as_str().map_or_else(|| value.to_string(), String::from);
        let (tail, cut) = output::keep_tail(&text);
        Some((given.name.clone(), output::marked(tail, cut)))
    });
    found.collect()
}

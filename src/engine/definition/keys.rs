//! A definition -> the keys of answers that the definition reads.
//!
//! Only those values must be complete: any line of a log may look like a key. Start reading at
//! [`Definition::keys_read`].

use std::collections::BTreeSet;

use crate::api::step::StepOutput;

use super::super::template::Template;
use super::Definition;

impl Definition {
    /// The keys of answers that something reads, in upper case. Computed at the first use.
    pub fn keys_read(&self) -> &BTreeSet<String> {
        self.keys_read.get_or_init(|| read_by(self))
    }
}

/// The key that an agent prints for a declared output.
pub fn key_of(output: &StepOutput) -> String {
    output.key.clone().unwrap_or_else(|| output.name.replace('-', "_")).to_uppercase()
}

/// Declared outputs; keys named by templates, conditions, lists and the run's outputs; and the list of stories. In
/// upper case.
fn read_by(definition: &Definition) -> BTreeSet<String> {
    let mut keys = BTreeSet::from(["STORIES_JSON".to_string()]);
    for step in &definition.steps {
        keys.extend(step.outputs.iter().map(key_of));
        for (_, text) in step.templates() {
            let variables = Template::parse(text).map(|t| t.mentioned()).unwrap_or_default();
            variables.iter().for_each(|path| of_path(path, &mut keys));
        }
        step.when.iter().for_each(|text| of_text(text, &mut keys));
        step.each.iter().for_each(|each| of_text(&each.list, &mut keys));
        let feedback = step.on_retry.as_ref().and_then(|rule| rule.feedback.as_ref());
        keys.extend(feedback.map(|key| key.to_uppercase()));
    }
    definition.outputs.iter().for_each(|output| of_text(&output.from, &mut keys));
    keys
}

/// Every dotted path in an expression, and the names in `outputs['…']`.
fn of_text(text: &str, keys: &mut BTreeSet<String>) {
    let mut before = "";
    for (k, part) in text.split(['\'', '"']).enumerate() {
        let quoted = k % 2 == 1;
        if quoted && before.ends_with("outputs[") {
            keys.insert(part.to_uppercase());
        } else if !quoted {
            let paths = part.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')));
            paths.for_each(|path| of_path(path, keys));
        }
        before = part;
    }
}

/// `repo`, or `steps.plan.outputs.repo`.
fn of_path(path: &str, keys: &mut BTreeSet<String>) {
    let mut parts = path.split('.').peekable();
    keys.extend(
        parts.peek().filter(|first| !first.is_empty() && **first != "steps").map(|p| p.to_uppercase()),
    );
    let below = parts.skip_while(|part| *part != "outputs").nth(1);
    keys.extend(below.map(str::to_uppercase));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_every_place_that_reads_them() {
        let spec = serde_json::json!({
            "agents": [{"name": "a", "image": "i", "env": [{"name": "E", "value": "{{ in_env }}"}]}],
            "outputs": [{"name": "o", "from": "steps.a.outputs.given"}],
            "steps": [
                {"name": "a", "agent": "a", "input": "{{ task }}", "outputs": [{"name": "declared-one"}, {"name": "x", "key": "OTHER"}]},
                {"name": "b", "agent": "a", "input": "{% if Guarded %}{{ steps.a.outputs.deep | default(value=\"\") }}{% endif %}",
                 "when": "steps.a.outputs.asked == 'yes' && steps['a'].outputs.quoted != '' && steps.a.outputs['indexed'] != 'yes'",
                 "onRetry": {"rerun": "a", "feedback": "issues"}},
            ],
        });
        let definition = Definition::read(&serde_json::from_value(spec).unwrap()).unwrap();
        let keys = definition.keys_read();
        for key in [
            "IN_ENV",
            "GIVEN",
            "DECLARED_ONE",
            "OTHER",
            "GUARDED",
            "DEEP",
            "ASKED",
            "QUOTED",
            "INDEXED",
            "ISSUES",
            "STORIES_JSON",
        ] {
            assert!(keys.contains(key), "{key}: {keys:?}");
        }
        for key in ["WARNING", "A", "STEPS", "YES"] {
            assert!(!keys.contains(key), "{key}: {keys:?}");
        }
    }
}

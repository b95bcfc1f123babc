//! A workflow -> default outputs for its steps and default params for its run, generated so that later steps find
//! everything that they name. Generated values are easy to tell (`<branch>`), unless a pattern asks for another form.
//!
//! [`named`] finds the names, [`value`] generates a value. Start reading at [`Synthesized::of`].

mod named;
mod value;

use std::collections::BTreeMap;

use regex::Regex;

use crate::api::step::StepOutput;
use crate::engine::answer::key_of;
use crate::engine::definition::{Definition, StepDef};
use crate::engine::params::fits;

use named::ValueKind;

/// The default output of every step.
#[derive(Clone, Debug, Default)]
pub struct Synthesized {
    steps: BTreeMap<String, SynthesizedOutput>,
}

/// The output of one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SynthesizedOutput {
    pub text: String,
    /// The generated values in it, by key.
    pub values: BTreeMap<String, String>,
}

impl Synthesized {
    pub fn of(all: &Definition) -> Self {
        let named = named::keys(all);
        let steps = all.steps.iter().zip(named).map(|(def, kinds)| (def.name.clone(), output(def, &kinds)));
        Self { steps: steps.collect() }
    }

    pub fn step(&self, name: &str) -> Option<&SynthesizedOutput> {
        self.steps.get(name)
    }
}

/// Values for the params that a run needs and that were not given.
pub fn params(all: &Definition, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let needed = named::params(all);
    let open = all.params.iter().filter(|p| p.default.is_none() && !given.contains_key(&p.name));
    let made = open.filter_map(|param| {
        let kind = match needed.get(&param.name) {
            Some(kind) => kind.clone(),
            None if param.required == Some(true) => ValueKind::Text,
            None => return None,
        };
        let fit = |text: &str| fits(param, text).is_ok();
        let whole = param.pattern.as_ref().map(|p| format!("^(?:{p})$"));
        let value = match param.one_of.first() {
            Some(first) => first.clone(),
            None => value::of(&param.name, &kind, whole.as_deref(), &fit),
        };
        Some((param.name.clone(), value))
    });
    made.collect()
}

fn output(def: &StepDef, kinds: &BTreeMap<String, ValueKind>) -> SynthesizedOutput {
    let mut values = BTreeMap::new();
    for output in &def.outputs {
        let key = key_of(output);
        let kind =
            kinds.get(&key).or_else(|| kinds.get(&output.name.to_uppercase())).unwrap_or(&ValueKind::Text);
        values.insert(key, declared(output, kind));
    }
    for (key, kind) in kinds {
        let declared = def.outputs.iter().any(|o| o.name.eq_ignore_ascii_case(key) || key_of(o) == *key);
        if !declared {
            values.insert(key.clone(), value::of(&key.to_lowercase(), kind, None, &|_| true));
        }
    }
    let mut lines = vec![];
    let expects = def.task().and_then(|t| t.expects.clone()).unwrap_or_else(|| "STATUS: done".into());
    // A value continues until the next key, so other text comes first.
    let is_status = expects.trim().to_uppercase().starts_with("STATUS:");
    lines.extend(Some(expects.clone()).filter(|e| !is_status && !e.trim().is_empty()));
    lines.extend(values.iter().map(|(key, value)| format!("{key}: {value}")));
    lines.push(if is_status { expects } else { "STATUS: done".into() });
    SynthesizedOutput { text: lines.join("\n"), values }
}

fn declared(output: &StepOutput, kind: &ValueKind) -> String {
    let pattern = output.pattern.as_deref();
    let regex = pattern.and_then(|p| Regex::new(p).ok());
    let fit = |text: &str| regex.as_ref().is_none_or(|r| r.is_match(text));
    value::of(&output.name, kind, pattern, &fit)
}

#[cfg(test)]
mod tests;

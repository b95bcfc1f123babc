//! Variables of the earlier systems -> expressions of our templates, and the params that a run must set now.
//!
//! Start reading at [`Variables::expression`].

use crate::api::workflow::Param;
use crate::engine::context::{camel_output, snake_output};

use super::report::{Field, Notes, Owner};
use super::shape::Shape;
use super::template::{Use, Wanted};

mod branch;

/// The facts about a step, in the new order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub id: String,
    pub name: String,
    pub keys: Vec<String>,
    /// Whether it is a loop.
    pub each: bool,
    /// Whether it runs once per item: a loop, or the step that verifies its items.
    pub per_item: bool,
}

#[derive(Debug)]
pub(crate) struct Variables<'a> {
    pub shape: Shape,
    pub steps: &'a [Facts],
    pub context: &'a [(String, String)],
    pub params: Vec<Param>,
}

/// The source of a variable.
enum Found {
    /// Always defined, perhaps empty.
    There(String),
    /// Free text, always defined.
    Free(String),
    /// An earlier step prints it; the param has the value in the file.
    Printed {
        key: String,
        otherwise: Option<String>,
    },
    /// Never defined at this step.
    Never(String),
    /// Perhaps defined; the text is the fallback.
    Perhaps(String, &'static str),
    Param(String),
    Nothing,
}

impl Variables<'_> {
    /// The expression for the variable in the template of the step at `i`.
    pub(crate) fn expression(&mut self, i: usize, at: &Field, used: Use<'_>, notes: &mut Notes) -> String {
        let text = used.wanted == Wanted::Text;
        match self.find(i, used.name, at, notes) {
            Found::Free(_) if branch::ends_in_one(used.before) => {
                notes.add(
                    at.clone(),
                    format!(
                        "{{{{{}}}}} is free text and was part of a branch name: it is {{{{ run.name }}}} now",
                        used.name
                    ),
                );
                "run.name".into()
            }
            Found::There(name) | Found::Free(name) => name,
            Found::Printed { key, otherwise: None } => key,
            Found::Printed { key, otherwise: Some(param) } => {
                self.declare(&param, false, notes);
                if text {
                    format!("{key} | default(value=params.{param})")
                } else {
                    format!("{key} or params.{param}")
                }
            }
            Found::Never(name) if text => format!("{name} | default(value=\"\")"),
            Found::Perhaps(name, otherwise) if text => format!("{name} | default(value=\"{otherwise}\")"),
            Found::Never(name) | Found::Perhaps(name, _) => name,
            Found::Param(name) => {
                self.declare(&name, text && !used.guarded, notes);
                format!("params.{name}")
            }
            Found::Nothing => String::new(),
        }
    }

    fn find(&self, i: usize, name: &str, at: &Field, notes: &mut Notes) -> Found {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "task" => return Found::Free("task".into()),
            "verify_feedback" | "human_feedback" => return Found::There(lower),
            "run_id" | "runid" => {
                notes.add(at.clone(), format!("{{{{{name}}}}} is {{{{ run.uid }}}} now, unique for each run; {{{{ run.name }}}} is the run's readable name"));
                return Found::There("run.uid".into());
            }
            _ => {}
        }
        if let Some(found) = self.output(i, name, at, notes) {
            return found;
        }
        if let Some(found) = self.key(i, name, at, notes) {
            return found;
        }
        if let Some(found) = self.of_loop(i, &lower, at, notes) {
            return found;
        }
        if self.shape == Shape::Antfarm && lower == "has_frontend_changes" {
            notes.add(at.clone(), "antfarm derived {{has_frontend_changes}} from the branch; let an earlier step print HAS_FRONTEND_CHANGES: true or false");
            return Found::Perhaps(lower, "unknown");
        }
        Found::Param(param_name(name))
    }

    /// `planOutput`: the output of a step.
    fn output(&self, i: usize, name: &str, at: &Field, notes: &mut Notes) -> Option<Found> {
        let named = |s: &Facts| {
            [format!("{}Output", s.id), camel_output(&s.id), camel_output(&s.name), snake_output(&s.name)]
                .iter()
                .any(|n| n == name)
        };
        let k = self.steps.iter().position(named)?;
        let expression = camel_output(&self.steps.get(k)?.name);
        if k < i {
            return Some(Found::Free(expression));
        }
        self.too_late(i, name, k, at, notes);
        Some(Found::Never(expression))
    }

    /// A key that a step prints.
    fn key(&self, i: usize, name: &str, at: &Field, notes: &mut Notes) -> Option<Found> {
        let otherwise =
            self.context.iter().any(|(k, _)| k.eq_ignore_ascii_case(name)).then(|| param_name(name));
        let exact = |key: &str| key.eq_ignore_ascii_case(name);
        let alike = |key: &str| fold(key) == fold(name);
        let before = self.steps.get(..i).unwrap_or_default();
        let found = printer(before, exact).or_else(|| printer(before, alike));
        if let Some((_, key)) = found {
            let spelled = spelling(key, name);
            if spelled != name {
                notes.add(
                    at.clone(),
                    format!(
                        "{{{{{name}}}}} is {{{{ {spelled} }}}} now, from the line {key}: of an earlier step"
                    ),
                );
            }
            return Some(Found::Printed { key: spelled, otherwise });
        }
        if let Some(param) = otherwise {
            return Some(Found::Param(param));
        }
        let (k, key) = printer(self.steps, exact).or_else(|| printer(self.steps, alike))?;
        self.too_late(i, name, k, at, notes);
        Some(Found::Never(spelling(key, name)))
    }

    fn too_late(&self, i: usize, name: &str, k: usize, at: &Field, notes: &mut Notes) {
        let who = self.steps.get(k).map_or("", |s| s.name.as_str());
        let when = if k == i {
            "this step itself prints it".to_string()
        } else {
            format!("{who} prints it, which runs later")
        };
        notes.add(
            at.clone(),
            format!("{{{{{name}}}}} is always empty here: {when}. The reason for work sent back is in {{{{ verify_feedback }}}}"),
        );
    }

    /// Names that antfarm gave to the steps of a loop.
    fn of_loop(&self, i: usize, name: &str, at: &Field, notes: &mut Notes) -> Option<Found> {
        let inside = self.steps.get(i).is_some_and(|s| s.per_item);
        let ours = match name {
            "story_id" => "current_story_id",
            "story_title" => "current_story_title",
            "current_story"
            | "current_story_id"
            | "current_story_title"
            | "completed_stories"
            | "stories_remaining" => name,
            "progress" => return Some(self.progress(i, inside, at, notes)),
            _ => return None,
        };
        if !inside {
            if self.shape == Shape::Origin || matches!(name, "story_id" | "story_title") {
                return None;
            }
            notes.add(
                at.clone(),
                format!("{{{{{name}}}}} is always empty here: only steps of a loop have it"),
            );
            return Some(Found::Never(ours.into()));
        }
        Some(Found::There(ours.into()))
    }

    /// antfarm's file of notes that it kept between sessions.
    fn progress(&self, i: usize, inside: bool, at: &Field, notes: &mut Notes) -> Found {
        let before = self.steps.get(..i).unwrap_or_default().iter().rfind(|s| s.each);
        let (found, now) = match (inside, before) {
            (true, _) => {
                (Found::There("completed_stories".into()), "it is {{ completed_stories }} now".to_string())
            }
            (false, Some(work)) => {
                let output = camel_output(&work.name);
                let now = format!("it is {{{{ {output} }}}} now, the output for each story");
                (Found::There(output), now)
            }
            (false, None) => (Found::Nothing, "it is left out".to_string()),
        };
        notes.add(
            at.clone(),
            format!("{{{{progress}}}} was a file of antfarm: {now}. Keep your own notes in /workspace"),
        );
        found
    }

    fn declare(&mut self, name: &str, required: bool, notes: &mut Notes) {
        let given = self.context.iter().find(|(k, _)| param_name(k) == name).map(|(_, v)| v.clone());
        let required = required && given.is_none();
        if let Some(known) = self.params.iter_mut().find(|p| p.name == name) {
            known.required = known.required.or(required.then_some(true));
            return;
        }
        if given.is_none() {
            notes.add(
                Owner::Spec.at(format!("params ({name})")),
                "no step says that it prints this, so it is a param of the run now. If a step does \
                 print it, use its key in the template instead and remove the param",
            );
        }
        let required = required.then_some(true);
        self.params.push(Param { name: name.into(), required, default: given, ..Param::default() });
    }
}

/// The last step that prints such a key.
fn printer(steps: &[Facts], fits: impl Fn(&str) -> bool) -> Option<(usize, &str)> {
    steps
        .iter()
        .enumerate()
        .rev()
        .find_map(|(k, s)| s.keys.iter().find(|key| fits(key)).map(|key| (k, key.as_str())))
}

fn fold(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// As it was written where that is one of the two spellings that exist; words of the language and names that could be a
/// step's whole output are in capitals.
fn spelling(key: &str, name: &str) -> String {
    let lower = key.to_ascii_lowercase();
    let taken = lower.ends_with("_output")
        || matches!(
            lower.as_str(),
            "in" | "is" | "if" | "or" | "and" | "not" | "for" | "else" | "true" | "false" | "none" | "null"
        );
    if name == key || taken { key.to_string() } else { lower }
}

/// A name that the API takes for a param.
pub(crate) fn param_name(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.trim_start_matches('_').chars().map(letter).collect();
    let name = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("p_{name}") };
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests;

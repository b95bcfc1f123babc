//! The targets file, and the files beside it -> valid targets, or every problem at once.
//!
//! A URL and a header may be secrets: no log line, no error and no `Debug` text shows them, only a target's name and
//! host. So the file is decoded by hand: a parser's own errors quote its content. Start reading at [`read`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::entry;
use super::target::Target;

/// The maximum number of targets: each may have hundreds of notifications waiting.
const MOST: usize = 64;

/// All targets, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Targets {
    by_name: BTreeMap<String, Arc<Target>>,
    /// The address of a run's page, with `{namespace}` and `{run}` in it.
    run_url: Option<String>,
}

impl Targets {
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Target>> {
        self.by_name.get(name).cloned()
    }

    #[cfg(test)]
    pub(crate) fn of(targets: Vec<Target>) -> Self {
        let by_name = targets.into_iter().map(|t| (t.name.clone(), Arc::new(t))).collect();
        Self { by_name, run_url: None }
    }

    /// The page of that run.
    pub(crate) fn url_of(&self, namespace: &str, run: &str) -> Option<String> {
        Some(self.run_url.as_ref()?.replace("{namespace}", namespace).replace("{run}", run))
    }
}

/// Every problem of the targets file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub(crate) struct Problems(pub(crate) Vec<String>);

/// Reads the targets file and the files that it names.
pub(crate) fn read(file: &Path) -> Result<Targets, Problems> {
    let one = |problem: String| Problems(vec![problem]);
    let text = std::fs::read_to_string(file).map_err(|e| one(format!("{}: {e}", file.display())))?;
    let tree: Value = serde_yaml::from_str(&text).map_err(|e| {
        let place = e.location().map_or_else(String::new, |l| format!(" at line {}", l.line()));
        one(format!("{}: not YAML{place}", file.display()))
    })?;
    parse(&tree, file.parent().unwrap_or(Path::new(".")))
}

/// Decodes the file's content; files that it names are in `folder`.
fn parse(tree: &Value, folder: &Path) -> Result<Targets, Problems> {
    let mut problems = Vec::new();
    let empty = Map::new();
    let top = tree.as_object().unwrap_or(&empty);
    for field in top.keys().filter(|k| !matches!(k.as_str(), "targets" | "runUrl")) {
        problems.push(format!("{field}: no such field; there are targets and runUrl"));
    }
    let run_url = top.get("runUrl").and_then(|u| run_url(u, &mut problems));
    let mut by_name = BTreeMap::new();
    for (i, entry) in entries(top, &mut problems).iter().enumerate() {
        let Some(target) = entry::target(i, entry, folder, &mut problems) else { continue };
        let name = target.name.clone();
        if by_name.insert(name.clone(), Arc::new(target)).is_some() {
            problems.push(format!("target {name}: there are two of that name; rename one"));
        }
    }
    if problems.is_empty() { Ok(Targets { by_name, run_url }) } else { Err(Problems(problems)) }
}

fn entries<'a>(top: &'a Map<String, Value>, problems: &mut Vec<String>) -> &'a [Value] {
    match top.get("targets") {
        Some(Value::Array(entries)) if entries.len() <= MOST => return entries,
        Some(Value::Array(_)) => problems.push(format!("targets: more than {MOST}; remove some")),
        Some(_) | None => problems.push("targets: not a list; write `- name: …` for each".into()),
    }
    &[]
}

fn run_url(value: &Value, problems: &mut Vec<String>) -> Option<String> {
    let pattern = value.as_str().unwrap_or_default();
    let example = pattern.replace("{namespace}", "n").replace("{run}", "r");
    let fits = pattern.contains("{run}") && entry::http_url(&example).is_ok();
    if !fits {
        let form = "https://mission-control.example/runs/{namespace}/{run}";
        problems.push(format!("runUrl: not the address of a run; write it like {form}"));
    }
    fits.then(|| pattern.to_string())
}

#[cfg(test)]
mod tests;

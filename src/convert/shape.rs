//! An old file's text -> which of the two earlier systems it is for, by the fields that only one of them has.

use serde_json::Value;

/// The two systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The TypeScript Mission Control.
    Origin,
    Antfarm,
}

impl Shape {
    pub const fn name(self) -> &'static str {
        match self {
            Shape::Origin => "a workflow of the TypeScript Mission Control",
            Shape::Antfarm => "an antfarm workflow",
        }
    }
}

/// The recognised system.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recognised {
    pub shape: Shape,
    /// False: no field belongs to one system only.
    pub certain: bool,
    pub document: Value,
}

const LOOKED_FOR: &str = "the file must have the lists `agents` and `steps` whose entries have an `id`, as in workflows of the TypeScript \
     Mission Control (persona, retryLimit, timeoutMinutes) or of antfarm (role, max_retries, on_fail, loop)";

/// Fields that only one system has: of the file, an agent, its workspace, a step.
const ORIGIN: [&[&str]; 4] =
    [&["onSuccess", "onFailure"], &["persona"], &[], &["retryLimit", "timeoutMinutes"]];
const ANTFARM: [&[&str]; 4] = [
    &["polling", "notifications", "context"],
    &["role", "timeoutSeconds"],
    &["baseDir", "skills"],
    &["type", "loop", "max_retries", "on_fail"],
];

/// The only document of the text, or why it cannot be converted.
pub(crate) fn recognise(text: &str) -> Result<Recognised, String> {
    let documents: Vec<Value> = serde_yaml::from_multiple(text).map_err(|e| format!("not YAML: {e}"))?;
    let mut documents = documents.into_iter().filter(|d| !d.is_null());
    let document = documents.next().ok_or_else(|| format!("the file is empty; {LOOKED_FOR}"))?;
    let version = document.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    if version.starts_with(&format!("{}/", crate::api::GROUP)) {
        return Err(format!(
            "it is already an object of Mission Control ({version}); there is nothing to convert"
        ));
    }
    if documents.next().is_some() {
        return Err("the file has several YAML documents; convert one workflow at a time".into());
    }
    if !listed(&document, "agents") || !listed(&document, "steps") {
        return Err(format!("not a workflow of an earlier system: {LOOKED_FOR}"));
    }
    let (origin, antfarm) = (hits(&document, ORIGIN), hits(&document, ANTFARM));
    let shape = if antfarm > origin { Shape::Antfarm } else { Shape::Origin };
    Ok(Recognised { shape, certain: origin != antfarm, document })
}

fn entries<'a>(document: &'a Value, key: &str) -> &'a [Value] {
    document.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A list with an `id` in every entry.
fn listed(document: &Value, key: &str) -> bool {
    let entries = entries(document, key);
    !entries.is_empty()
        && entries.iter().all(|e| e.get("id").is_some_and(|id| id.is_string() || id.is_number()))
}

fn hits(document: &Value, [top, agent, workspace, step]: [&[&str]; 4]) -> usize {
    let count = |value: &Value, keys: &[&str]| keys.iter().filter(|k| value.get(**k).is_some()).count();
    let agents = entries(document, "agents").iter();
    let of_agents: usize =
        agents.map(|a| count(a, agent) + a.get("workspace").map_or(0, |w| count(w, workspace))).sum();
    let of_steps: usize = entries(document, "steps").iter().map(|s| count(s, step)).sum();
    count(document, top) + of_agents + of_steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> (Shape, bool) {
        let found = recognise(text).unwrap();
        (found.shape, found.certain)
    }

    #[test]
    fn each_system_is_known_by_the_fields_that_only_it_has() {
        assert_eq!(
            shape("{id: a, agents: [{id: x, persona: P}], steps: [{id: s, retryLimit: 1}]}"),
            (Shape::Origin, true)
        );
        assert_eq!(
            shape("{id: a, agents: [{id: x, role: coding}], steps: [{id: s, max_retries: 1}]}"),
            (Shape::Antfarm, true)
        );
        assert_eq!(shape("{id: a, agents: [{id: x}], steps: [{id: s, input: i}]}"), (Shape::Origin, false));
        assert_eq!(
            shape("{id: a, agents: [{id: x, workspace: {skills: []}}], steps: [{id: s}]}"),
            (Shape::Antfarm, true)
        );
    }

    #[test]
    fn what_is_neither_is_told_what_was_looked_for() {
        for text in [
            "",
            "[]",
            "a text",
            "{kind: Pod}",
            "{agents: [], steps: []}",
            "{agents: [{name: x}], steps: [{id: s}]}",
        ] {
            let problem = recognise(text).unwrap_err();
            assert!(problem.contains("`agents` and `steps`"), "{text}: {problem}");
        }
        assert!(recognise("a: [").unwrap_err().starts_with("not YAML"));
        assert!(
            recognise("apiVersion: missioncontrol.dev/v1alpha1").unwrap_err().contains("nothing to convert")
        );
        let one = "id: a\nagents: [{id: x}]\nsteps: [{id: s}]\n";
        assert!(recognise(&format!("{one}---\n{one}")).unwrap_err().contains("several YAML documents"));
    }
}

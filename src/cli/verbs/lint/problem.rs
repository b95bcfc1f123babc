//! A problem as the engine words it (`spec.steps[2] (verify).input: line 3, column 5: …`) -> the field, the message, and the
//! place in the file.

use granit_parser::ScalarStyle;
use serde_json::Value;

use crate::cli::source::document::Document;
use crate::cli::source::tree::{Mark, Node, What};
use crate::cli::source::{Source, inside};
use crate::engine::schema::{Kind, Part, Path, Problem, QUOTES};

/// The problem of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// As it is shown.
    pub field: String,
    pub path: Path,
    /// Shown at the key, not at the value.
    pub at_key: bool,
    /// Known already, whatever the path says.
    pub mark: Option<Mark>,
    pub message: String,
}

impl From<Problem> for Told {
    fn from(problem: Problem) -> Self {
        let Problem { path, kind, message } = problem;
        Self { field: path.to_string(), path, at_key: kind == Kind::Unknown, mark: None, message }
    }
}

impl Told {
    /// A line of [`crate::engine::lint`], about the object as it is written.
    pub fn of_line(line: &str, object: &Value) -> Self {
        let (field, message) = split(line);
        Self {
            field: field.into(),
            path: path(field, object),
            at_key: false,
            mark: None,
            message: message.into(),
        }
    }

    /// What is to be put in quotes is the text as it is written: `1.10` and `yes`, not what they were read as.
    fn quote(&mut self, node: &Node) {
        let What::Scalar { text, style: ScalarStyle::Plain } = &node.what else { return };
        if let Some((before, _)) = self.message.split_once(QUOTES) {
            self.message = format!("{before}{QUOTES}\"{text}\"");
        }
    }

    /// Where it is written. A place within a text is taken out of the message when it can be shown itself.
    pub fn place(&mut self, source: &Source, document: &Document) -> Mark {
        if let Some(mark) = self.mark {
            return mark;
        }
        let found = document.tree.find(&self.path, self.at_key);
        let Some(node) = found.value else { return found.mark };
        self.quote(node);
        let within = |(line, column)| inside::place(source, node, line, column);
        if let Some((line, column, rest)) = position(&self.message) {
            let Some(mark) = within((line, column)) else { return found.mark };
            self.message = rest.to_owned();
            return mark;
        }
        let What::Scalar { text, .. } = &node.what else { return found.mark };
        let named = variable(&self.message).and_then(|name| inside::variable(text, name));
        named.and_then(within).unwrap_or(found.mark)
    }
}

/// `line 3, column 5: rest`.
fn position(message: &str) -> Option<(usize, usize, &str)> {
    let (line, rest) = message.strip_prefix("line ")?.split_once(", column ")?;
    let (column, rest) = rest.split_once(": ")?;
    Some((line.parse().ok()?, column.parse().ok()?, rest))
}

/// The name of `{{ name }} does not exist…`.
fn variable(message: &str) -> Option<&str> {
    message.strip_prefix("{{ ")?.split_once(" }}").map(|(name, _)| name)
}

/// The field ends at the first `: ` that is not within `(…)`.
fn split(line: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    for (at, c) in line.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                if let Some(message) = line.get(at + 1..).and_then(|rest| rest.strip_prefix(' ')) {
                    return (line.get(..at).unwrap_or_default(), message);
                }
            }
            _ => {}
        }
    }
    line.split_once(": ").unwrap_or(("", line))
}

/// `spec.steps[2] (verify).input` -> the way there. Names in brackets are for people, but for those of files.
fn path(field: &str, object: &Value) -> Path {
    let mut path = Path::default();
    let mut rest = field;
    loop {
        let end = rest.find(['.', '[', ' ']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name == "agent" && after.starts_with(' ') {
            return of_agent(after, object).unwrap_or(path);
        }
        if !name.is_empty() {
            path.0.push(Part::Field(name.into()));
        }
        rest = after;
        if let Some((index, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            path.0.push(Part::Item { index: index.parse().unwrap_or(usize::MAX), name: None });
            rest = after;
        }
        if let Some((told, after)) = rest.strip_prefix(" (").and_then(|r| r.split_once(')')) {
            if name == "files" {
                path.0.push(Part::Field(told.trim_matches('"').into()));
            }
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(next) => rest = next,
            None => return path,
        }
    }
}

/// ` dev, env TOKEN`: written at the agent, whichever step has the problem.
fn of_agent(told: &str, object: &Value) -> Option<Path> {
    let (agent, env) = told.trim().split_once(", env ")?;
    let spec = object.get("spec")?;
    let agents = Path::default().field("spec").field("agents");
    let (i, found) = named(spec.get("agents")?, agent)?;
    let (k, var) = named(found.get("env")?, env)?;
    Some(agents.item(i, found).field("env").item(k, var).field("value"))
}

fn named<'v>(list: &'v Value, name: &str) -> Option<(usize, &'v Value)> {
    list.as_array()?.iter().enumerate().find(|(_, v)| v.get("name").and_then(Value::as_str) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parts(field: &str) -> String {
        let object = json!({"spec": {"agents": [{"name": "a"}, {"name": "dev", "env": [{"name": "X"}]}]}});
        path(field, &object).to_string()
    }

    #[test]
    fn the_engines_words_for_a_place_are_understood() {
        assert_eq!(parts("spec.steps[2] (verify).input"), "spec.steps[2].input");
        assert_eq!(parts("spec.params[1] (p).default"), "spec.params[1].default");
        assert_eq!(parts("spec.steps"), "spec.steps");
        assert_eq!(parts("spec.steps[0] (a)"), "spec.steps[0]");
        assert_eq!(parts("spec.steps[0] (a).outputs[1] (url).key"), "spec.steps[0].outputs[1].key");
        assert_eq!(parts("spec.agents[0] (a).files (\"../x\")"), "spec.agents[0].files[\"../x\"]");
        assert_eq!(parts("spec.steps[0] (a).agent dev, env X"), "spec.agents[1] (dev).env[0] (X).value");
    }

    #[test]
    fn the_field_ends_where_the_message_begins() {
        let line = "spec.agents[0] (a).files (\"a: b\"): a file's name: is a path";
        assert_eq!(split(line), ("spec.agents[0] (a).files (\"a: b\")", "a file's name: is a path"));
        assert_eq!(split("no field at all"), ("", "no field at all"));
    }

    #[test]
    fn inner_places_and_variables_are_read_from_the_message() {
        assert_eq!(position("line 3, column 5: what"), Some((3, 5, "what")));
        assert_eq!(position("line three"), None);
        assert_eq!(variable("{{ a.b }} does not exist when"), Some("a.b"));
    }
}

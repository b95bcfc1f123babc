//! The path to a value in an object, and its text for people: `spec.steps[2] (verify).input`.

use std::fmt;

use serde_json::Value;

/// One element of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Field(String),
    Item {
        index: usize,
        /// The item's name, for people.
        name: Option<String>,
    },
}

/// The path to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Part>);

impl Path {
    pub fn field(&self, name: &str) -> Self {
        self.then(Part::Field(name.to_owned()))
    }

    /// Several fields down: `forEach.in`.
    pub fn fields(&self, dotted: &str) -> Self {
        dotted.split('.').fold(self.clone(), |path, name| path.field(name))
    }

    /// The item of a list, with its name for people.
    pub fn named(&self, index: usize, name: &str) -> Self {
        self.then(Part::Item { index, name: Some(name.to_owned()) })
    }

    pub fn item(&self, index: usize, item: &Value) -> Self {
        let name = item.get("name").and_then(Value::as_str).map(String::from);
        self.then(Part::Item { index, name })
    }

    fn then(&self, part: Part) -> Self {
        let mut parts = self.0.clone();
        parts.push(part);
        Self(parts)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.0.iter().enumerate() {
            match part {
                Part::Field(name) if i == 0 => f.write_str(name)?,
                Part::Field(name) if name.contains(['.', '/', ' ']) => write!(f, "[{name:?}]")?,
                Part::Field(name) => write!(f, ".{name}")?,
                Part::Item { index, name: None } => write!(f, "[{index}]")?,
                Part::Item { index, name: Some(name) } => write!(f, "[{index}] ({name})")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_is_written_as_lint_writes_it() {
        let steps = Path::default().field("spec").field("steps");
        assert_eq!(
            steps.item(2, &json!({"name": "verify"})).field("input").to_string(),
            "spec.steps[2] (verify).input"
        );
        assert_eq!(steps.item(0, &json!("x")).to_string(), "spec.steps[0]");
        let labels = Path::default().field("metadata").field("labels");
        assert_eq!(
            labels.field("app.kubernetes.io/name").to_string(),
            "metadata.labels[\"app.kubernetes.io/name\"]"
        );
    }
}

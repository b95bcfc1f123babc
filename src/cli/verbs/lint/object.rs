//! A document -> an object of Mission Control, or `None` for anything that lint ignores.

use serde_json::Value;

use crate::api::{GROUP, VERSION};
use crate::cli::source::document::Document;
use crate::engine::path::Path;
use crate::engine::problem::Problem;
use crate::engine::schema::{self, Schemas, similar};

/// An object of Mission Control as written in the file.
#[derive(Debug)]
pub(super) struct Object<'d> {
    pub document: &'d Document,
    pub kind: String,
    /// Problems of its kind and apiVersion.
    pub problems: Vec<Problem>,
}

impl<'d> Object<'d> {
    /// `None`: an object of another API group.
    pub(super) fn of(document: &'d Document, schemas: &Schemas) -> Option<Self> {
        let text = |field: &str| document.value.get(field).and_then(Value::as_str);
        let (version, kind) = (text("apiVersion"), text("kind"));
        let group = version.map(|v| v.split_once('/').map_or("", |(group, _)| group));
        let known = kind.is_some_and(|kind| schemas.kinds().any(|k| k == kind));
        let meant = group.is_some_and(|group| similar(group, [GROUP]).is_some());
        if !(meant || known && version.is_none()) {
            return None;
        }
        let mut problems = Vec::new();
        let mut say = |field: &str, message: String| {
            problems.push(Problem::value(Path::default().field(field), message));
        };
        let all: Vec<&str> = schemas.kinds().collect();
        let ours = format!("{GROUP}/{VERSION}");
        if let Some(version) = version.filter(|v| *v != ours) {
            say("apiVersion", format!("there is no {version}; write {ours}"));
        }
        if let Some(kind) = kind.filter(|_| !known) {
            say("kind", format!("there is no {kind:?}{}", schema::did_you_mean(kind, &all)));
        }
        if kind.is_none() {
            say("kind", format!("missing; write one of {}", all.join(", ")));
        }
        Some(Self { document, kind: kind.unwrap_or_default().to_owned(), problems })
    }

    pub(super) fn name(&self) -> &'d str {
        self.metadata("name").unwrap_or("(no name)")
    }

    pub(super) fn namespace(&self) -> Option<&'d str> {
        self.metadata("namespace")
    }

    fn metadata(&self, field: &str) -> Option<&'d str> {
        self.document.value.get("metadata")?.get(field)?.as_str()
    }

    /// A Workflow's name; for other kinds `kind/name`, as in kubectl.
    pub(super) fn label(&self) -> String {
        match self.kind.as_str() {
            "Workflow" | "" => self.name().to_owned(),
            kind => format!("{}/{}", kind.to_lowercase(), self.name()),
        }
    }
}

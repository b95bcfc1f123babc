//! A template's text -> a checked [`Template`] -> the rendered text for a container.
//!
//! It is tera, restricted to what is bounded and the same on every run: no clock, random, environment or file (tera has
//! none without its contrib crate), no assignments, no other templates, no filter that multiplies its input. Values are
//! data: they are never rendered again and never escaped. Start reading at [`Template::parse`], then
//! [`Template::render`].

mod error;
mod scan;
mod token;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tera::{ErrorKind, Kwargs, State, Tera};

pub use error::Error;
use scan::{Occurrence, Scan};

/// The maximum length of a rendered text, in bytes.
pub const OUTPUT_LIMIT: usize = 4 * 1024 * 1024;
/// The maximum length of a filter's result, in bytes.
const FILTER_LIMIT: usize = 1024 * 1024;
/// The maximum number of iterations of all loops in a template together.
const TURNS_LIMIT: usize = 10_000;
/// The maximum number of missing variables to report.
const MISSING_LIMIT: usize = 256;
const NAME: &str = "template";

/// A template that can be rendered.
#[derive(Clone)]
pub struct Template {
    tera: Tera,
    /// In the text as written.
    occurrences: Vec<Occurrence>,
    /// The text that tera renders, and what is in it.
    hardened: String,
    rendered: Vec<Occurrence>,
}

/// Why rendering failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// In the order in which the template names them, once each.
    #[error("missing variables: {}", .0.join(", "))]
    Missing(Vec<String>),
    #[error("{0}")]
    Other(String),
}

impl Template {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let scan = Scan::of(text);
        if let Some(error) = scan.foreign {
            return Err(error);
        }
        engine().add_raw_template(NAME, text).map_err(|e| syntax(&e))?;
        if let Some(error) = scan.refused {
            return Err(error);
        }
        // The additions contain no line break, so that line numbers in messages stay right.
        let hardened = scan.hardened(text);
        let mut tera = engine();
        tera.add_raw_template(NAME, &hardened).map_err(|e| syntax(&e))?;
        let rendered = Scan::of(&hardened).occurrences;
        Ok(Self { tera, occurrences: scan.occurrences, hardened, rendered })
    }

    /// The variables that must exist, as dotted paths, in the order of first use, once each. Left out are names of
    /// loops, variables with a `default`, and variables tested by an enclosing `if`; for `a.b | default(value="")`, `a`
    /// must exist.
    pub fn variables(&self) -> Vec<String> {
        let needed =
            self.occurrences.iter().filter(|o| !o.local && !o.guarded).filter_map(Occurrence::needed);
        once(needed)
    }

    /// Every variable in the template, guarded or not, in the order of first use, once each.
    pub fn mentioned(&self) -> Vec<String> {
        once(self.occurrences.iter().filter(|o| !o.local).map(|o| o.path.join(".")))
    }

    /// The variables that are read with a fallback (`default`, `is defined`, an enclosing `if`), in the order of first
    /// use.
    pub fn guarded(&self) -> Vec<String> {
        let guarded = |o: &&Occurrence| !o.local && (o.guarded || o.strict < o.path.len());
        once(self.occurrences.iter().filter(guarded).map(|o| o.path.join(".")))
    }

    pub fn render(&self, context: &Value) -> Result<String, RenderError> {
        let first = match self.attempt(context) {
            Ok(text) => return Ok(text),
            Err(failure) => failure,
        };
        // tera reports one missing variable at a time: set it to an empty text and look for the next.
        let mut context = context.clone();
        let mut missing: Vec<(usize, String)> = Vec::new();
        let mut failure = first.clone();
        while missing.len() < MISSING_LIMIT {
            let Some(found) = self.blame(&failure, &context) else { break };
            let Some(name) = found.needed() else { break };
            missing.push((found.at.start, name));
            put(&mut context, found.path.get(..found.strict).unwrap_or_default());
            match self.attempt(&context) {
                Ok(_) => break,
                Err(next) => failure = next,
            }
        }
        if missing.is_empty() {
            return Err(RenderError::Other(first.message));
        }
        missing.sort();
        Err(RenderError::Missing(once(missing.into_iter().map(|(_, name)| name))))
    }

    fn attempt(&self, context: &Value) -> Result<String, Failure> {
        let turns = AtomicUsize::new(0);
        let mut tera = self.tera.clone();
        tera.register_filter(scan::COUNT, move |list: tera::Value, _: Kwargs, _: &State| {
            let Some(items) = list.as_array() else {
                return Err(tera::Error::message(format!("a loop needs a list, not {}", list.name())));
            };
            let sum = turns.fetch_add(items.len(), Ordering::Relaxed).saturating_add(items.len());
            if sum > TURNS_LIMIT {
                return Err(tera::Error::message(format!("the loops take more than {TURNS_LIMIT} turns")));
            }
            Ok(list)
        });
        let context = tera::Context::from_serialize(context).map_err(|e| Failure::plain(e.to_string()))?;
        let mut output = Bounded::default();
        match tera.render_to(NAME, &context, &mut output) {
            Err(_) if output.full => {
                Err(Failure::plain(format!("the text is longer than {} MiB", OUTPUT_LIMIT / 1024 / 1024)))
            }
            Err(e) => Err(Failure::of(&e)),
            Ok(()) => String::from_utf8(output.bytes).map_err(|e| Failure::plain(e.to_string())),
        }
    }

    /// The variable that made rendering fail: named at the position of the failure, needed there, and absent.
    fn blame(&self, failure: &Failure, context: &Value) -> Option<&Occurrence> {
        let range = failure.range.as_ref()?;
        // A filter that refuses its value reports its own position, which is after the value's.
        let is_piped = |o: &Occurrence| {
            let between = self.hardened.get(o.at.end..range.start);
            between.is_some_and(|text| text.chars().all(|c| c.is_whitespace() || matches!(c, '|' | ')')))
        };
        self.rendered
            .iter()
            .filter(|o| (o.at.start < range.end && range.start < o.at.end) || is_piped(o))
            .find(|o| o.strict > 0 && o.path.get(..o.strict).is_some_and(|path| is_absent(context, path)))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").field("variables", &self.mentioned()).finish_non_exhaustive()
    }
}

/// Why one rendering failed, and the position in the template.
#[derive(Clone)]
struct Failure {
    message: String,
    range: Option<std::ops::Range<usize>>,
}

impl Failure {
    fn plain(message: String) -> Self {
        Self { message, range: None }
    }

    fn of(error: &tera::Error) -> Self {
        match error.kind() {
            ErrorKind::RenderingError(report) => Self {
                message: format!("line {}: {}", report.span().start_line, report.message()),
                range: Some(report.span().range.clone()),
            },
            other => Self::plain(other.to_string()),
        }
    }
}

/// A text that refuses to grow past its limit.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(part.len()) > OUTPUT_LIMIT {
            self.full = true;
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// tera without escaping; the two useful filters that could multiply their input are bounded.
fn engine() -> Tera {
    let mut tera = Tera::default();
    tera.autoescape_on(Vec::<&str>::new());
    tera.register_filter(scan::COUNT, |list: tera::Value, _: Kwargs, _: &State| list);
    tera.register_filter(scan::NEED, |value: tera::Value, _: Kwargs, _: &State| {
        if value.is_undefined() { Err(tera::Error::message("is not defined")) } else { Ok(value) }
    });
    tera.register_filter("replace", |text: &str, kwargs: Kwargs, _: &State| {
        let from: &str = kwargs.must_get("from")?;
        let to: &str = kwargs.must_get("to")?;
        bounded("replace", text.matches(from).count().saturating_mul(to.len()).saturating_add(text.len()))?;
        Ok::<_, tera::Error>(text.replace(from, to))
    });
    tera.register_filter("join", |list: &[tera::Value], kwargs: Kwargs, _: &State| {
        let sep = kwargs.get::<&str>("sep")?.unwrap_or_default();
        let mut text = String::new();
        for (i, item) in list.iter().enumerate() {
            text.push_str(if i > 0 { sep } else { "" });
            text.push_str(&item.to_string());
            bounded("join", text.len())?;
        }
        Ok::<_, tera::Error>(text)
    });
    tera
}

fn bounded(filter: &str, length: usize) -> Result<(), tera::Error> {
    if length > FILTER_LIMIT {
        return Err(tera::Error::message(format!(
            "`{filter}` makes more than {} MiB",
            FILTER_LIMIT / 1024 / 1024
        )));
    }
    Ok(())
}

/// tera's message for a syntax error, with its position.
fn syntax(error: &tera::Error) -> Error {
    if let ErrorKind::SyntaxError(report) = error.kind() {
        let span = report.span();
        return Error {
            line: span.start_line,
            column: span.start_col + 1,
            message: report.message().to_owned(),
        };
    }
    // A report about unknown filters and the like: `error: …`, then ` --> template:1:4`.
    let report = error.to_string();
    let from = report.find("error: ").map_or(0, |at| at + "error: ".len());
    let message = report.get(from..).and_then(|r| r.lines().next()).unwrap_or_default().to_owned();
    let mut place =
        report.split("--> ").nth(1).and_then(|r| r.lines().next()).unwrap_or_default().split(':').skip(1);
    let mut number = || place.next().and_then(|n| n.trim().parse().ok()).unwrap_or(1);
    Error { line: number(), column: number(), message }
}

fn once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}

fn is_absent(context: &Value, path: &[String]) -> bool {
    let mut value = context;
    for name in path {
        match value.get(name) {
            Some(next) => value = next,
            None => return true,
        }
    }
    false
}

/// Puts an empty text at a path, so that the next missing variable shows itself.
fn put(context: &mut Value, path: &[String]) {
    let mut value = context;
    for name in path {
        if !value.is_object() {
            *value = Value::Object(serde_json::Map::new());
        }
        let Some(fields) = value.as_object_mut() else { return };
        value = fields.entry(name.clone()).or_insert_with(|| Value::String(String::new()));
    }
}

#[cfg(test)]
mod tests;

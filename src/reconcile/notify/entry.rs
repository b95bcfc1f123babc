//! One entry of the targets file -> a target, or every problem of it, named by field and never by value.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use hyper::Uri;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use serde_json::{Map, Value};

use super::target::{IDEMPOTENCY_KEY, Kind, Target};
use crate::api::Span;

/// The default timeout of a try.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum timeout: a slow target occupies its slots for that long.
const LONGEST: Duration = Duration::from_secs(30);
/// The maximum size of a file with a secret.
const FILE: u64 = 16 * 1024;
const FIELDS: &[&str] = &["name", "kind", "url", "urlFile", "headers", "headerFiles", "timeout"];

/// Reads one entry; `i` is its place in the list.
pub(crate) fn target(i: usize, entry: &Value, folder: &Path, problems: &mut Vec<String>) -> Option<Target> {
    let Some(fields) = entry.as_object() else {
        problems.push(format!("targets[{i}]: not a mapping; write `name: …`, `kind: …` and `url: …`"));
        return None;
    };
    let name = fields.get("name").and_then(Value::as_str).filter(|n| is_name(n));
    let at = name.map_or_else(|| format!("targets[{i}]"), |n| format!("target {n}"));
    let mut entry = Entry { at, fields, folder, problems };
    if name.is_none() {
        entry.say("name", "missing or not lower case letters, digits and `-` (at most 63)");
    }
    entry.unknown_fields();
    let (kind, url, headers, timeout) = (entry.kind(), entry.url(), entry.headers(), entry.timeout());
    Some(Target { name: name?.into(), kind: kind?, url: url?, headers: headers?, timeout: timeout? })
}

fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(fits)
}

/// A URL that can be sent to, or its problem.
pub(crate) fn http_url(text: &str) -> Result<Uri, &'static str> {
    let url: Uri = text.parse().map_err(|_| "not a URL")?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err("does not begin with https:// or http://");
    }
    let authority = url.authority().map_or("", |a| a.as_str());
    if authority.contains('@') {
        return Err("has a name or password before its host; put that in a header Authorization");
    }
    if url.host().unwrap_or_default().is_empty() {
        return Err("has no host");
    }
    Ok(url)
}

struct Entry<'a> {
    /// Which target this is.
    at: String,
    fields: &'a Map<String, Value>,
    folder: &'a Path,
    problems: &'a mut Vec<String>,
}

impl Entry<'_> {
    fn say(&mut self, field: &str, what: &str) {
        self.problems.push(format!("{}.{field}: {what}", self.at));
    }

    fn unknown_fields(&mut self) {
        for field in self.fields.keys().filter(|k| !FIELDS.contains(&k.as_str())) {
            self.problems.push(format!("{}.{field}: no such field; remove it", self.at));
        }
    }

    fn kind(&mut self) -> Option<Kind> {
        match self.fields.get("kind").and_then(Value::as_str) {
            Some("Slack") => Some(Kind::Slack),
            Some("Webhook") => Some(Kind::Webhook),
            Some(_) | None => {
                self.say("kind", "neither Slack nor Webhook; write one of them");
                None
            }
        }
    }

    fn url(&mut self) -> Option<Uri> {
        let (field, text) = match (self.fields.get("url"), self.fields.get("urlFile")) {
            (Some(url), None) => ("url", self.text("url", url)?),
            (None, Some(file)) => ("urlFile", self.file("urlFile", file)?),
            (Some(_), Some(_)) | (None, None) => {
                self.say("url", "exactly one of url and urlFile is needed");
                return None;
            }
        };
        http_url(&text).map_err(|what| self.say(field, what)).ok()
    }

    fn timeout(&mut self) -> Option<Duration> {
        let Some(value) = self.fields.get("timeout") else { return Some(TIMEOUT) };
        let span = value.as_str().and_then(|s| s.parse::<Span>().ok()).map(Span::as_duration);
        let fits = span.filter(|t| !t.is_zero() && *t <= LONGEST);
        if fits.is_none() {
            self.say("timeout", "not a length of time up to 30s; write it like 5s");
        }
        fits
    }

    fn headers(&mut self) -> Option<HeaderMap> {
        let before = self.problems.len();
        let mut headers = HeaderMap::new();
        self.add_headers("headers", Self::text, &mut headers);
        self.add_headers("headerFiles", Self::file, &mut headers);
        (self.problems.len() == before).then_some(headers)
    }

    fn add_headers(
        &mut self,
        field: &str,
        take: fn(&mut Self, &str, &Value) -> Option<String>,
        headers: &mut HeaderMap,
    ) {
        let Some(value) = self.fields.get(field) else { return };
        let Some(pairs) = value.as_object() else {
            return self.say(field, "not a mapping; write a header's name and its value");
        };
        for (name, value) in pairs {
            let Ok(name) = name.parse::<HeaderName>() else {
                self.say(field, "has a name that no header can have");
                continue;
            };
            let at = format!("{field}.{name}");
            let Some(text) = take(self, &at, value) else { continue };
            match HeaderValue::from_str(&text) {
                Ok(_) if is_ours(&name) => self.say(&at, "is set by the operator; remove it"),
                Ok(_) if headers.contains_key(&name) => self.say(&at, "given twice; remove one"),
                Ok(mut value) => {
                    value.set_sensitive(true);
                    headers.insert(name, value);
                }
                Err(_) => self.say(&at, "its value has characters that no header can have"),
            }
        }
    }

    fn text(&mut self, field: &str, value: &Value) -> Option<String> {
        let text = value.as_str().map(String::from);
        if text.is_none() {
            self.say(field, "not a text; write it in quotes");
        }
        text
    }

    /// The content of the file that the field names, without the final line break that editors add.
    fn file(&mut self, field: &str, value: &Value) -> Option<String> {
        let path = self.folder.join(self.text(field, value)?);
        let mut text = String::new();
        let read = std::fs::File::open(&path).and_then(|f| f.take(FILE).read_to_string(&mut text));
        match read {
            Ok(_) if text.trim().is_empty() => {
                self.say(field, &format!("{} is empty", path.display()));
                None
            }
            Ok(_) => Some(text.trim().to_string()),
            Err(e) => {
                self.say(field, &format!("{}: {}", path.display(), e.kind()));
                None
            }
        }
    }
}

/// Headers that the operator sets, and headers of the connection.
fn is_ours(name: &HeaderName) -> bool {
    let ours = [
        CONNECTION,
        CONTENT_LENGTH,
        CONTENT_TYPE,
        HOST,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        USER_AGENT,
        IDEMPOTENCY_KEY,
    ];
    ours.contains(name)
}

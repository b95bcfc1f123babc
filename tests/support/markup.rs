//! HTML as maud writes it -> its tags, for tests.

/// A tag with its attributes; `closes` for an end tag.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) closes: bool,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
    pub(crate) fn classes(&self) -> Vec<&str> {
        self.get("class").unwrap_or_default().split_whitespace().collect()
    }
}

/// Panics where a browser would have to guess: an unclosed quote or bracket.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    let mut rest = html;
    let mut tags = Vec::new();
    while let Some((_, from)) = rest.split_once('<') {
        if from.starts_with('!') {
            rest = from;
            continue;
        }
        let closes = from.starts_with('/');
        let from = from.trim_start_matches('/');
        let end = from.find(|c: char| !c.is_ascii_alphanumeric()).unwrap();
        assert!(end > 0, "a bracket that begins no tag: {:?}", &from.chars().take(60).collect::<String>());
        let (attributes, after) = attributes(&from[end..]);
        tags.push(Tag { name: from[..end].to_string(), closes, attributes });
        rest = after;
    }
    tags
}

fn attributes(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return (found, after);
        }
        let end = rest.find(['=', ' ', '>']).expect("a tag that does not end");
        let name = rest[..end].to_string();
        rest = &rest[end..];
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let (value, after) = quoted.split_once('"').expect("a quote that is not closed");
            found.push((name, value.to_string()));
            rest = after;
        } else {
            found.push((name, String::new()));
        }
    }
}

const VOID: [&str; 4] = ["meta", "link", "input", "br"];

/// Why the tags are not nested correctly.
pub(crate) fn nested(tags: &[Tag]) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    for tag in tags.iter().filter(|t| !VOID.contains(&t.name.as_str())) {
        if !tag.closes {
            open.push(&tag.name);
        } else if open.pop() != Some(tag.name.as_str()) {
            return Err(format!("</{}> closes nothing; open: {open:?}", tag.name));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("never closed: {open:?}")) }
}

/// The text without tags, unescaped.
pub(crate) fn text(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

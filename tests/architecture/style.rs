//! docs/style.md against every text that people read: its words, and 120 columns. All violations are shown at once.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tokens::{Token, pieces};
use crate::{assert_none, checkout};

/// Text of one line of a file.
struct Line {
    number: usize,
    text: String,
}

/// Folders and files whose words are checked. CHANGELOG.md is, too, as far as it is unreleased.
const READ: &[&str] = &["README.md", "ARCHITECTURE.md", "docs", "src", "charts", "examples", "workflows"];
/// This page names the words, and the other one the old names.
const QUOTING: &[&str] = &["docs/style.md", "docs/renamed.md"];
/// Pages that `make generate` and `make chart-docs` write.
const GENERATED: &[&str] = &["docs/workflow-reference.md", "docs/cli.md", "charts/mission-control/README.md"];
/// Quotations and facts: the end of a file's path, and the words around the one that is allowed there.
const ALLOWED: &[(&str, &str)] = &[];
const WIDTH: usize = 120;

fn below(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let mut found: Vec<PathBuf> =
        fs::read_dir(path).into_iter().flatten().flatten().flat_map(|entry| below(&entry.path())).collect();
    found.sort();
    found
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e))
}

/// The files of a list, as paths from the checkout, with their texts.
fn texts(of: &[&str]) -> Vec<(String, String)> {
    let root = checkout();
    let all = of.iter().flat_map(|name| below(&root.join(name)));
    all.filter_map(|path| {
        let name = path.strip_prefix(&root).expect("it is below").to_string_lossy().into_owned();
        Some((name, fs::read_to_string(&path).ok()?))
    })
    .collect()
}

/// The first column of the table: what stands between backquotes.
fn forbidden(page: &str) -> Vec<String> {
    let rows =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |")).map(|(first, _)| first);
    let words =
        rows.flat_map(|cell| cell.split('`').step_by(2).filter(|w| !w.trim_matches([',', ' ']).is_empty()));
    words.map(String::from).collect()
}

/// What a person reads in a file: comments and strings of Rust, everything of other files.
fn prose(name: &str, text: &str) -> Vec<Line> {
    if !name.ends_with(".rs") {
        return text.lines().zip(1..).map(|(line, number)| Line { number, text: line.into() }).collect();
    }
    let mut lines = Vec::new();
    for piece in pieces(text) {
        let (Token::Comment(text) | Token::Text(text)) = piece.token else { continue };
        let text = text.replace("\\n", " ");
        let own = |(line, n): (&str, usize)| Line { number: piece.line + n, text: line.into() };
        lines.extend(text.lines().zip(0..).map(own));
    }
    lines
}

/// Lines that follow each other are one text, so that a phrase is found across their ends.
fn joined(lines: &[Line]) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut starts, mut last) = (String::new(), Vec::new(), 0);
    for line in lines {
        text.push(if line.number <= last + 1 { ' ' } else { '\n' });
        starts.push((text.len(), line.number));
        text += line.text.trim().trim_start_matches(['/', '!', '#', '>']).trim();
        last = line.number;
    }
    (text.to_lowercase(), starts)
}

fn found(name: &str, lines: &[Line], words: &[String]) -> Vec<String> {
    let (text, starts) = joined(lines);
    let mut all = Vec::new();
    for word in words {
        for (at, _) in text.match_indices(word.as_str()) {
            let end = at + word.len();
            let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
            if inside(text[..at].chars().next_back()) || inside(text[end..].chars().next()) {
                continue;
            }
            let allowed = |(file, quote): &&(&str, &str)| {
                name.ends_with(file)
                    && text.match_indices(quote).any(|(from, q)| from <= at && end <= from + q.len())
            };
            let number = starts.iter().rev().find(|(start, _)| *start <= at).map_or(1, |(_, number)| *number);
            if ALLOWED.iter().find(allowed).is_none() {
                all.push((number, format!("{name}:{number}: {word:?}: {}", around(&text, at, end))));
            }
        }
    }
    all.sort();
    all.into_iter().map(|(_, line)| line).collect()
}

/// Some words before and after, on the same text.
fn around(text: &str, at: usize, end: usize) -> String {
    let before: String = text[..at].chars().rev().take(40).take_while(|c| *c != '\n').collect();
    let after: String = text[end..].chars().take(40).take_while(|c| *c != '\n').collect();
    format!("…{}{}{after}…", before.chars().rev().collect::<String>(), &text[at..end])
}

fn unreleased(changelog: &str) -> String {
    let mut heads = 0;
    let line = |line: &str| {
        heads += usize::from(line.starts_with("## "));
        if heads == 1 { line.to_string() } else { String::new() }
    };
    changelog.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_text_has_a_word_that_the_style_replaces() {
    let words = forbidden(&fs::read_to_string(checkout().join("docs/style.md")).unwrap());
    assert!(words.len() > 10, "docs/style.md has no table of words");
    let mut wrong = Vec::new();
    for (name, text) in texts(READ).into_iter().filter(|(name, _)| !QUOTING.contains(&name.as_str())) {
        wrong.extend(found(&name, &prose(&name, &text), &words));
    }
    for (name, text) in texts(&["CHANGELOG.md"]) {
        wrong.extend(found(&name, &prose(&name, &unreleased(&text)), &words));
    }
    assert_none(&wrong, &format!("{} texts are not in the style of docs/style.md:", wrong.len()));
}

/// Lines of Markdown that could be wrapped: no table, code, markup or link.
fn is_prose(line: &str, code: &mut bool) -> bool {
    let start = line.trim_start();
    let fence = start.starts_with("```");
    *code ^= fence;
    let unbroken = ["|", "<", "!["].iter().any(|mark| start.starts_with(mark));
    !fence && !*code && !unbroken && !line.contains("](") && !line.contains("://")
}

fn too_wide(name: &str, text: &str) -> Vec<String> {
    let mut code = false;
    let is_text = |line: &str, code: &mut bool| {
        if name.ends_with(".md") { is_prose(line, code) } else { line.trim_start().starts_with("//") }
    };
    let lines = text.lines().zip(1..).map(|(line, n)| (line, n, line.chars().count()));
    let wide = lines.filter(|(line, _, width)| is_text(line, &mut code) && *width > WIDTH);
    wide.map(|(_, n, width)| format!("{name}:{n}: {width} columns")).collect()
}

#[test]
fn prose_wraps_at_120_columns() {
    let all = texts(&[READ, &["CHANGELOG.md"]].concat());
    let read = all.iter().filter(|(name, _)| has_ending(Path::new(name), &["md", "rs"]));
    let by_hand = read.filter(|(name, _)| !GENERATED.contains(&name.as_str()));
    let wrong: Vec<String> = by_hand
        .flat_map(|(name, text)| {
            too_wide(name, &if name == "CHANGELOG.md" { unreleased(text) } else { text.clone() })
        })
        .collect();
    assert_none(&wrong, &format!("{} lines are longer than {WIDTH} columns:", wrong.len()));
}

#[test]
fn a_word_is_found_across_lines_and_in_strings_but_not_inside_of_others() {
    let page = "| Not this | This |\n| --- | --- |\n| `mend`, `is told` | fix |\n";
    let words = forbidden(page);
    assert_eq!(words, ["mend", "is told"]);
    let text = "/// Who is\n/// told.\nfn mend() { \"Mend it\"; \"recommend\" } // amend\n";
    let all = found("src/a.rs", &prose("src/a.rs", text), &words);
    let heads: Vec<&str> = all.iter().filter_map(|line| line.split(": …").next()).collect();
    assert_eq!(heads, ["src/a.rs:1: \"is told\"", "src/a.rs:3: \"mend\""]);
}

#[test]
fn only_prose_is_measured() {
    let long = "x ".repeat(70);
    let page = format!("{long}\n| {long}|\n```\n{long}\n```\n[{long}](a)\n{long}");
    assert_eq!(too_wide("a.md", &page), ["a.md:1: 140 columns", "a.md:7: 140 columns"]);
    assert_eq!(too_wide("a.rs", &format!("let x = {long};\n    // {long}")), ["a.rs:2: 147 columns"]);
}

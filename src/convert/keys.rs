//! A prompt -> the keys that it tells its agent to print.

use std::sync::LazyLock;

use regex::Regex;

use crate::engine::output::is_reserved;

/// The start of the part that says how to answer.
static ANSWER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:reply|respond|answer|finish|end|output|print)\b(?:[ \t]+[a-z]+){0,2}[ \t]*(?:with\b|in\b|:)").ok()
});
/// A key in such a part, also within a sentence.
static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)(?:^|[\s`*_(,;])([A-Z][A-Z0-9_]{1,63})[`*]{0,2}:").ok());
/// A key at the start of a line, and the text after it.
static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*(?:[-*][ \t]+)?[`*]{0,2}([A-Z][A-Z0-9_]{1,63})[`*]{0,2}:[ \t]*(.*)$").ok()
});

/// Keys of a prompt, in order, without duplicates. Without a part that says how to answer: keys at the start of a line
/// that do not just show a variable.
pub(crate) fn printed(input: &str) -> Vec<String> {
    let answer = ANSWER.as_ref().and_then(|r| r.find(input)).and_then(|found| input.get(found.end()..));
    match answer {
        Some(answer) => once(found(&KEY, answer).into_iter().map(|(key, _)| key)),
        None => lines(input),
    }
}

/// Keys at the start of lines, as in an agent's files.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let shown = |value: &str| value.starts_with("{{") && value.trim_end().ends_with("}}");
    once(found(&LINE, text).into_iter().filter(|(_, value)| !shown(value)).map(|(key, _)| key))
}

/// Whether the prompt or the agent's files ask for this status word.
pub(crate) fn asks_for(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase()
        .split("status:")
        .skip(1)
        .any(|rest| rest.trim_start_matches([' ', '\t', '*', '`']).starts_with(word))
}

fn found(pattern: &LazyLock<Option<Regex>>, text: &str) -> Vec<(String, String)> {
    let Some(pattern) = pattern.as_ref() else { return Vec::new() };
    let group =
        |c: &regex::Captures<'_>, i: usize| c.get(i).map(|m| m.as_str().to_string()).unwrap_or_default();
    pattern.captures_iter(text).map(|c| (group(&c, 1), group(&c, 2))).collect()
}

fn once(keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for key in keys {
        if key != "STATUS" && !is_reserved(&key) && !all.contains(&key) {
            all.push(key);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_the_part_that_says_how_to_answer() {
        let input = "TASK:\n{{task}}\nREPO: {{repo}}\n\nReply with:\nSTATUS: done\nCHANGES: what you did\n**TESTS:** which\n\nOr:\nSTATUS: retry\nISSUES:\n- x";
        assert_eq!(printed(input), ["CHANGES", "TESTS", "ISSUES"]);
        assert_eq!(
            printed("Do it. Reply with STATUS: done and PLAN: the plan, RISK: a word"),
            ["PLAN", "RISK"]
        );
        assert_eq!(printed("Respond with `SEVERITY:` and TASK: x"), ["SEVERITY"]);
    }

    #[test]
    fn without_such_a_part_lines_that_only_show_a_variable_do_not_count() {
        assert_eq!(printed("REPO: {{repo}}\nPLAN: <your plan>\nSTATUS: done"), ["PLAN"]);
        assert_eq!(printed("no keys at all"), [""; 0]);
    }

    #[test]
    fn a_status_word_is_found_in_any_case() {
        assert!(asks_for("Or: **STATUS:** retry", "retry"));
        assert!(!asks_for("STATUS: done, and retry later", "retry"));
    }
}

//! The verbs -> docs/cli.md. Pure: clap's command tree in, Markdown out.

use clap::{Arg, Command};

const HEAD: &str = "\
<!-- Generated from src/cli by `make generate`; do not edit. -->
# The command line `mc`

`mc` starts, watches and answers runs, and checks workflow files before they reach a cluster. It needs a kubeconfig and
your own RBAC rights; `lint`, `plan`, `render`, `parse` and `convert` need no cluster.

Build `mc` from a checkout of this repository ([Get `mc`](../README.md#get-mc)):

```sh
cargo install --path . --bin mc      # installs it into ~/.cargo/bin
cargo build --release --bin mc       # or builds it only: target/release/mc
eval \"$(make -s demo-env)\"            # or, after `make demo`: puts mc on the PATH of this shell
```

`mc VERB --help` prints the section of that verb. The word `workflow` is optional: `mc runs` is `mc workflow runs`. With
a link or copy named `kubectl-mc` on the PATH, `mc` is a kubectl plugin: `kubectl mc runs`. Data goes to stdout,
everything else to stderr.
";

/// The page docs/cli.md.
pub fn reference() -> String {
    page(super::tree::command("mc"))
}

fn page(mut root: Command) -> String {
    root.build();
    let mut page = String::from(HEAD);
    let verbs = verbs(&root);
    page.push_str("\n## All verbs\n\n| Verb | What it does |\n|---|---|\n");
    for verb in &verbs {
        let name = full_name(verb);
        page.push_str(&format!("| [`{name}`](#{}) | {} |\n", name.replace(' ', "-"), about(verb)));
    }
    page.push_str("\n## Options of every verb\n\n");
    page.push_str(&options(root.get_arguments().filter(|a| a.is_global_set())));
    let codes = crate::cli::terminal::exit::CODES;
    page.push_str(&format!(
        "\n## Exit codes\n\n{}",
        prose(codes.split_once('\n').map_or(codes, |(_, rest)| rest))
    ));
    for verb in verbs {
        page.push_str(&section(verb));
    }
    page
}

/// Every listed verb, each parent before its children.
fn verbs(command: &Command) -> Vec<&Command> {
    let listed = command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help");
    listed.flat_map(|verb| std::iter::once(verb).chain(verbs(verb))).collect()
}

fn section(verb: &Command) -> String {
    let mut text = format!("\n## {}\n\n", full_name(verb));
    let long = verb.get_long_about().or(verb.get_about()).map(ToString::to_string).unwrap_or_default();
    // clap removes the full stop of the first paragraph.
    let (first, rest) = long.split_once("\n\n").unwrap_or((&long, ""));
    text.push_str(&format!("{}.\n\n", escaped(first.trim_end_matches('.'))));
    if !rest.is_empty() {
        text.push_str(&format!("{}\n", prose(rest)));
    }
    let usage = verb.clone().render_usage().to_string();
    let usage: Vec<&str> = usage.lines().map(|l| l.trim_start_matches("Usage:").trim()).collect();
    text.push_str(&format!("```text\n{}\n```\n", usage.join("\n")));
    let aliases: Vec<String> = verb.get_visible_aliases().map(|a| format!("`{a}`")).collect();
    if !aliases.is_empty() {
        text.push_str(&format!("\nAlso: {}.\n", aliases.join(", ")));
    }
    let own = options(verb.get_arguments().filter(|a| !a.is_global_set()));
    if !own.is_empty() {
        text.push_str(&format!("\n{own}"));
    }
    let after = verb.get_after_long_help().or(verb.get_after_help()).map(ToString::to_string);
    if let Some(after) = after {
        text.push_str(&format!("\n{}", prose(&after)));
    }
    text
}

/// A table of arguments; empty if there are none.
fn options<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let shown = arguments.filter(|a| !a.is_hide_set() && !matches!(a.get_id().as_str(), "help" | "version"));
    let rows: String = shown.map(|a| format!("| `{}` | {} |\n", written(a), meaning(a))).collect();
    if rows.is_empty() { rows } else { format!("| Argument | Meaning |\n|---|---|\n{rows}") }
}

fn written(argument: &Arg) -> String {
    let long = argument.to_string();
    let text = match argument.get_short().filter(|_| argument.get_long().is_some()) {
        Some(short) => format!("-{short}, {long}"),
        None => long,
    };
    text.replace('|', "\\|")
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut text = escaped(&help.split_whitespace().collect::<Vec<_>>().join(" "));
    let end = if text.ends_with(['.', ';', '?']) { "" } else { "." };
    let values: Vec<String> =
        argument.get_possible_values().iter().map(|v| format!("`{}`", v.get_name())).collect();
    if !values.is_empty() && !argument.is_hide_possible_values_set() && argument.get_action().takes_values() {
        text.push_str(&format!("{end} One of {}.", values.join(", ")));
    }
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|v| format!("`{}`", v.to_string_lossy())).collect();
    let shown = argument.get_action().takes_values() && !argument.is_hide_default_value_set();
    if !defaults.is_empty() && shown {
        text = format!("{}. Default: {}.", text.trim_end_matches('.'), defaults.join(", "));
    }
    text
}

/// A help text as Markdown: indented lines become code.
fn prose(help: &str) -> String {
    let (mut text, mut in_code) = (String::new(), false);
    let mut lines = help.lines().peekable();
    while let Some(line) = lines.next() {
        let code = if line.trim().is_empty() {
            in_code && lines.peek().is_some_and(|next| next.starts_with("  "))
        } else {
            line.starts_with("  ")
        };
        if code != in_code {
            let fence = if code { "\n```text\n" } else { "```\n" };
            text.push_str(if text.is_empty() { fence.trim_start() } else { fence });
            in_code = code;
        }
        let shown = if code { line.get(2..).unwrap_or("").to_string() } else { escaped(line) };
        text.push_str(&format!("{}\n", shown.trim_end()));
    }
    if in_code {
        text.push_str("```\n");
    }
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text
}

fn about(verb: &Command) -> String {
    escaped(verb.get_about().map(ToString::to_string).unwrap_or_default().trim_end_matches('.'))
}

fn full_name(verb: &Command) -> String {
    verb.get_bin_name().unwrap_or(verb.get_name()).to_string()
}

/// Escapes what would be a tag or end a table cell, outside of code.
fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(i, part)| if i % 2 == 0 { part.replace('<', "\\<") } else { part.to_string() });
    parts.collect::<Vec<_>>().join("`").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_indented_in_a_help_is_code() {
        let help = "Examples:\n  mc a <RUN>\n\n  mc b\n\nExit codes: 0 <done>.";
        assert_eq!(prose(help), "Examples:\n\n```text\nmc a <RUN>\n\nmc b\n```\n\nExit codes: 0 \\<done>.\n");
    }

    #[test]
    fn an_argument_tells_its_words_and_its_default() {
        let argument = Arg::new("to").short('t').long("to").value_name("WHERE").help("Where | to");
        let argument = argument.value_parser(["here", "there"]).default_value("here");
        let mut command = Command::new("mc").arg(argument);
        command.build();
        let argument = command.get_arguments().find(|a| a.get_id() == "to").unwrap();
        assert_eq!(written(argument), "-t, --to <WHERE>");
        assert_eq!(meaning(argument), "Where \\| to. One of `here`, `there`. Default: `here`.");
    }

    #[test]
    fn a_verb_below_another_has_its_section_and_a_hidden_one_has_none() {
        let below = Command::new("below").about("Is below").arg(Arg::new("what").help("Which one"));
        let root = Command::new("mc")
            .subcommand(Command::new("above").about("Is above").subcommand(below))
            .subcommand(Command::new("unseen").hide(true));
        let page = page(root);
        assert!(
            page.contains("\n## mc above below\n\nIs below.\n\n```text\nmc above below [what]\n```\n"),
            "{page}"
        );
        assert!(page.contains("| [`mc above below`](#mc-above-below) | Is below |"), "{page}");
        assert!(!page.contains("unseen"), "{page}");
    }
}

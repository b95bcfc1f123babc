//! Every help can be read in 80 columns and has an example.

use std::process::Command;

use mission_control::cli;
use unicode_width::UnicodeWidthStr;

use crate::program::{installed, mc, run};

/// A verb as it is typed.
pub(crate) struct Verb {
    pub words: Vec<String>,
    pub about: String,
    /// Not one of those that stand below `workflow`, too.
    pub is_listed: bool,
}

/// All of them; `mc` itself is not among them.
pub(crate) fn verbs() -> Vec<Verb> {
    let mut found = Vec::new();
    collect(&cli::command("mc"), &[], true, &mut found);
    assert!(found.len() > 4, "the verbs are found");
    found
}

fn collect(command: &clap::Command, above: &[String], is_listed: bool, found: &mut Vec<Verb>) {
    for below in command.get_subcommands() {
        let words = [above, &[below.get_name().to_string()]].concat();
        let is_listed = is_listed && !below.is_hide_set();
        collect(below, &words, is_listed, found);
        let about = below.get_about().map(ToString::to_string).unwrap_or_default();
        found.push(Verb { words, about, is_listed });
    }
}

/// `mc workflow lint`.
pub(crate) fn line(words: &[String]) -> String {
    format!("mc {}", words.join(" "))
}

/// `flag`: -h or --help.
fn help(words: &[String], flag: &str) -> String {
    let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
    args.push(flag);
    let said = mc(&args);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", line(words));
    said.out
}

#[test]
fn every_help_fits_80_columns_and_has_an_example() {
    let all = verbs().into_iter().map(|v| v.words).chain([Vec::new()]);
    let mut wrong = Vec::new();
    for words in all {
        for flag in ["-h", "--help"] {
            let text = help(&words, flag);
            let name = format!("{} {flag}", line(&words));
            wrong.extend(text.lines().filter(|l| l.width() > 80).map(|l| format!("{name}: wide: {l}")));
            if !text.contains("Example") {
                wrong.push(format!("{name}: no example"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_list_of_verbs_has_a_line_for_each() {
    let mut wrong = Vec::new();
    let listed: Vec<Vec<String>> = verbs().into_iter().filter(|v| v.is_listed).map(|v| v.words).collect();
    let is_shown = |verb: &Verb| {
        let below = [vec!["workflow".to_string()], verb.words.clone()].concat();
        verb.is_listed || listed.contains(&below)
    };
    for verb in verbs().into_iter().filter(is_shown) {
        let (name, above) = verb.words.split_last().unwrap();
        let shown = help(above, "-h");
        // Those without the word `workflow` stand in the help of the whole, too.
        let listed = shown.lines().any(|l| {
            l.trim_start()
                .strip_prefix(name.as_str())
                .is_some_and(|rest| rest.trim_start().starts_with(&verb.about))
        });
        if verb.about.is_empty() || verb.about.contains('\n') || !listed {
            wrong.push(format!("{}: {:?}", line(&verb.words), verb.about));
        }
    }
    assert!(wrong.is_empty(), "shorten what these do:\n{}", wrong.join("\n"));
}

#[test]
fn the_whole_says_what_it_is_and_how_it_ends() {
    let text = help(&[], "--help");
    assert!(
        text.starts_with("Declarative agent workflows on Kubernetes, from the command line\n\nUsage: mc "),
        "{text}"
    );
    assert!(text.contains("\nExit codes:\n  0 "), "{text}");
    assert_eq!(mc(&[]).code, 3, "no verb is bad input");
    assert_eq!(mc(&["no-such-verb"]).code, 3);
}

#[test]
fn the_plugin_of_kubectl_speaks_of_itself_as_kubectl_does() {
    let folder = installed("plugin", "kubectl-mc");
    let said = run(Command::new(folder.join("kubectl-mc")).arg("--help"));
    assert!(said.out.contains("\nUsage: kubectl mc [OPTIONS] <COMMAND>\n"), "{}", said.out);
    assert!(said.out.contains("\n  kubectl mc doctor\n"), "{}", said.out);
    let said = run(Command::new(folder.join("kubectl-mc")).args(["lint", "--help"]));
    assert!(said.out.contains("\nUsage: kubectl mc lint "), "{}", said.out);
    let said = run(Command::new(folder.join("kubectl-mc")).args(["doctor", "--no-such-option"]));
    assert!(said.err.contains("\nUsage: kubectl mc doctor "), "{}", said.err);
}

//! Arguments that several verbs take: the global options, `KEY=VALUE` pairs, and durations.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::api::Span;

/// The options of every verb: cluster, namespace, output.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Global {
    /// Namespace (default: the namespace of the context).
    #[arg(short, long, global = true, value_name = "NAME", help_heading = "Cluster")]
    pub namespace: Option<String>,
    /// Use all namespaces.
    #[arg(short = 'A', long, global = true, conflicts_with = "namespace", help_heading = "Cluster")]
    pub all_namespaces: bool,
    /// Context of the kubeconfig (default: the current context).
    #[arg(long, global = true, value_name = "NAME", help_heading = "Cluster")]
    pub context: Option<String>,
    /// Path of the kubeconfig (default: $KUBECONFIG or ~/.kube/config).
    #[arg(long, global = true, value_name = "FILE", help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// Output format: json, yaml, name (kind/name), or wide (more columns).
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: Option<Format>,
    /// Use colours: auto (on a terminal, unless NO_COLOR is set), always or never.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        hide_default_value = true,
        help_heading = "Output"
    )]
    pub color: ColorMode,
}

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The objects as in the API.
    Json,
    /// The same as YAML.
    Yaml,
    /// kind/name, one per line.
    Name,
    /// A table with more columns.
    Wide,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorMode {
    #[default]
    Auto,
    Always,
    Never,
}

/// `KEY=VALUE` -> key and value; the value may contain `=`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().into(), value.into())),
        Some(_) | None => Err("expected KEY=VALUE".into()),
    }
}

/// A duration, and its text for messages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Length {
    pub text: String,
    pub duration: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Durations as in the API, plus days.
pub(crate) fn length(text: &str) -> Result<Length, String> {
    let duration = Span::with_days(text)?.as_duration();
    let days = duration.as_secs() / DAY.as_secs();
    let is_days = text.ends_with('d') && days != 1;
    Ok(Length { text: if is_days { format!("{days} days") } else { text.to_string() }, duration })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_equals_sign_counts() {
        assert_eq!(pair("k=a=b"), Ok(("k".into(), "a=b".into())));
        assert_eq!(pair("k="), Ok(("k".into(), String::new())));
        assert!(pair("k").is_err());
        assert!(pair("=v").is_err());
    }

    #[test]
    fn a_window_may_have_days() {
        let of = |text: &str| length(text).map(|b| (b.text, b.duration.as_secs() / 3600));
        assert_eq!(of("30d"), Ok(("30 days".into(), 720)));
        assert_eq!(of("1d12h"), Ok(("1d12h".into(), 36)));
        assert_eq!(of("12h"), Ok(("12h".into(), 12)));
        for wrong in ["", "d", "-1d", "1w", "30", "1d2"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}

//! The words typed so far -> completion candidates. Names come from the cluster that the words select, within two
//! seconds or not at all. An argument's value name says what to complete: run, workflow, step. Start reading at
//! [`complete`].

use std::ffi::OsString;
use std::fmt::Debug;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, ValueHint};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::config::Kubeconfig;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use crate::api::{Workflow, WorkflowRun};
use crate::cli::cluster::session::Session;
use crate::cli::terminal::arguments::Global;
use crate::cli::terminal::program;
use crate::cli::verbs::completion::{SHELLS, VARIABLE};

use super::tree;

/// The user is waiting.
const PATIENCE: Duration = Duration::from_secs(2);
/// More candidates are of no use.
const MOST: u32 = 500;

/// Answers a completion script. Errors are never printed: the user is typing.
pub(crate) fn complete(arguments: &[OsString]) -> Option<ExitCode> {
    std::env::var_os(VARIABLE)?;
    let typed = Typed::of(arguments, std::env::var("_CLAP_COMPLETE_INDEX").ok());
    let here = std::env::current_dir().ok();
    let shells = CompleteEnv::with_factory(|| command(&typed)).var(VARIABLE).shells(Shells(&SHELLS));
    match shells.try_complete(arguments.to_vec(), here.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// What a value is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Run,
    Workflow,
    Step,
    Namespace,
    Context,
}

impl Names {
    fn of(argument: &Arg) -> Option<Self> {
        // The shell completes files itself.
        if argument.get_value_hint() != ValueHint::Unknown {
            return None;
        }
        let value_name = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        // An option's value may be called NAME; then the option's own name decides.
        Self::named(argument.get_id().as_str()).or_else(|| Self::named(&value_name?.to_lowercase()))
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "run" | "runs" => Some(Names::Run),
            "workflow" | "workflows" => Some(Names::Workflow),
            "step" | "steps" => Some(Names::Step),
            "namespace" => Some(Names::Namespace),
            "context" => Some(Names::Context),
            _ => None,
        }
    }
}

/// The words before the cursor, and whether the word at the cursor starts an option.
#[derive(Debug)]
struct Typed {
    before: Vec<OsString>,
    option: bool,
}

impl Typed {
    /// `arguments`: the program, `--`, the words. `index`: the word at the cursor, if it is not the last.
    fn of(arguments: &[OsString], index: Option<String>) -> Self {
        let words: Vec<OsString> = arguments.iter().skip_while(|a| *a != "--").skip(1).cloned().collect();
        let index = index.and_then(|i| i.parse().ok()).unwrap_or(words.len().saturating_sub(1));
        let option = words.get(index).is_some_and(|w| w.to_string_lossy().starts_with('-'));
        Self { before: words.into_iter().take(index).collect(), option }
    }
}

/// The command with candidates for each value.
fn command(typed: &Typed) -> Command {
    let name = program::name_of(&typed.before);
    let name_source = Arc::new(NameSource::of(tree::all(&name), &typed.before));
    prepared(tree::all(&name), &name_source, typed.option)
}

/// Options are offered if the word starts with `-`, or if there is nothing else to offer.
fn prepared(command: Command, name_source: &Arc<NameSource>, options: bool) -> Command {
    // Otherwise the alphabetically first name would be offered: `workflow` says more than `wf`.
    let aliases: Vec<String> = command.get_visible_aliases().map(String::from).collect();
    let command = command.visible_alias(None).aliases(aliases);
    let command = command.disable_help_flag(!options).disable_version_flag(!options);
    let command = command.mut_args(|argument| {
        let hidden = argument.is_hide_set() || !(options || argument.is_positional());
        let argument = argument.hide(hidden);
        let Some(names) = Names::of(&argument) else { return argument };
        let name_source = Arc::clone(name_source);
        argument.add(ArgValueCandidates::new(move || {
            name_source.names(names).into_iter().map(CompletionCandidate::new).collect()
        }))
    });
    command.mut_subcommands(|c| prepared(c, name_source, options))
}

/// The cluster and namespace to ask, as typed so far.
#[derive(Debug, Default)]
struct NameSource {
    global: Global,
    run: Option<String>,
}

impl NameSource {
    fn of(command: Command, before: &[OsString]) -> Self {
        let typed = command.clone().ignore_errors(true).try_get_matches_from(before);
        let Ok(matches) = typed else { return Self::default() };
        let text = |id: &str| matches.try_get_one::<String>(id).ok().flatten().cloned();
        let global = Global {
            namespace: text("namespace"),
            context: text("context"),
            kubeconfig: matches.try_get_one("kubeconfig").ok().flatten().cloned(),
            ..Global::default()
        };
        Self { global, run: run(&command, &matches) }
    }

    fn names(&self, names: Names) -> Vec<String> {
        if names == Names::Context {
            return self.contexts();
        }
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return Vec::new();
        };
        let fetched = async { tokio::time::timeout(PATIENCE, self.fetch(names)).await };
        let answer = runtime.block_on(fetched);
        // A lookup that still runs would delay the exit.
        runtime.shutdown_background();
        answer.ok().flatten().unwrap_or_default()
    }

    async fn fetch(&self, names: Names) -> Option<Vec<String>> {
        let session = Session::open(&self.global).await.ok()?;
        match names {
            Names::Run => named(session.api::<WorkflowRun>()).await,
            Names::Workflow => named(session.api::<Workflow>()).await,
            Names::Namespace => named(Api::<Namespace>::all(session.client)).await,
            Names::Step => {
                let run = session.api::<WorkflowRun>().get(self.run.as_ref()?).await.ok()?;
                Some(run.status?.steps.into_iter().map(|step| step.name).collect())
            }
            Names::Context => None,
        }
    }

    fn contexts(&self) -> Vec<String> {
        let read = match &self.global.kubeconfig {
            Some(file) => Kubeconfig::read_from(file),
            None => Kubeconfig::read(),
        };
        read.map(|k| k.contexts.into_iter().map(|c| c.name).collect()).unwrap_or_default()
    }
}

async fn named<K>(api: Api<K>) -> Option<Vec<String>>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let found = api.list_metadata(&ListParams::default().limit(MOST)).await.ok()?;
    Some(found.items.iter().map(ResourceExt::name_any).collect())
}

/// The run that was already typed.
fn run(command: &Command, matches: &ArgMatches) -> Option<String> {
    let named = command.get_arguments().filter(|a| Names::of(a) == Some(Names::Run));
    let mut values = named.filter_map(|a| matches.try_get_raw(a.get_id().as_str()).ok().flatten()?.next());
    let own = values.next().map(|v| v.to_string_lossy().into_owned());
    own.or_else(|| {
        let (verb, below) = matches.subcommand()?;
        run(command.find_subcommand(verb)?, below)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_words_before_the_cursor_are_known() {
        let typed = Typed::of(&words("mc -- mc lint --out later"), Some("2".into()));
        assert_eq!((typed.before, typed.option), (words("mc lint"), true));
        let typed = Typed::of(&words("mc -- mc lint x"), None);
        assert_eq!((typed.before, typed.option), (words("mc lint"), false));
    }

    #[test]
    fn the_cluster_and_the_run_are_those_that_were_typed() {
        let logs =
            Command::new("look-at").arg(Arg::new("run").required(true)).arg(Arg::new("step").required(true));
        let command = tree::all("mc").subcommand(logs);
        let name_source = NameSource::of(command, &words("mc look-at -n dev --context=test my-run"));
        assert_eq!(name_source.run.as_deref(), Some("my-run"));
        assert_eq!(name_source.global.namespace.as_deref(), Some("dev"));
        assert_eq!(name_source.global.context.as_deref(), Some("test"));
    }

    #[test]
    fn a_value_is_known_by_its_name() {
        assert_eq!(Names::of(&Arg::new("run")), Some(Names::Run));
        assert_eq!(Names::of(&Arg::new("which").value_name("WORKFLOW")), Some(Names::Workflow));
        assert_eq!(Names::of(&Arg::new("namespace").value_name("NAME")), Some(Names::Namespace));
        assert_eq!(Names::of(&Arg::new("file")), None);
        assert_eq!(Names::of(&Arg::new("run").value_hint(ValueHint::FilePath)), None);
    }
}

//! `mc workflow convert`: a workflow of one of the two earlier systems -> a manifest on stdout, and on stderr what a person
//! has to check. The conversion itself is [`crate::convert`]; only this file reads from disk.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::source;
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program};
use crate::convert::{Converted, IMAGE, Options, Problem, convert, numbered};
use crate::view::plain::plain;

/// Make a Workflow of an older system's YAML.
///
/// Reads a workflow of the TypeScript Mission Control or of antfarm, and prints
/// a Workflow. Lists on stderr what a person should look at, with the place in
/// the new manifest. Needs no cluster. With -o json: {manifest, report}.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:\n  mc workflow convert old/workflow.yml --image registry.example/me:1 > new.yaml\n  mc workflow lint new.yaml\n\nExit codes: 0 converted, 1 converted but lint finds problems,\n3 not a workflow of either system."
)]
pub(crate) struct Convert {
    /// The old file, or - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Image of all agents.
    #[arg(long, default_value = IMAGE)]
    image: String,
    /// Name of the Workflow; built in: the old id.
    #[arg(long)]
    name: Option<String>,
    /// Folder that agents' files may be taken from; built in: that of FILE.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

pub(crate) fn run(args: &Convert, global: &Global) -> Result<Exit, Fault> {
    let label = args.file.display().to_string();
    let text = source::text(&args.file).map_err(|e| Fault::input(format!("{label}: {e}")))?;
    let root = root(args)?;
    let options = Options { image: &args.image, name: args.name.as_deref() };
    let converted = convert(&text, &options, &mut |path, most| read(path, most, root.as_ref()))
        .map_err(|problem| fault(&label, &problem))?;
    let format = global.output.unwrap_or(Format::Yaml);
    print(&converted, format)?;
    if format != Format::Json {
        report(&label, &converted);
    }
    Ok(if converted.is_invalid { Exit::Failed } else { Exit::Done })
}

fn fault(label: &str, problem: &Problem) -> Fault {
    match problem {
        Problem::Unrecognised(why) => Fault::input(format!("{label}: {why}")),
        Problem::Name { fitting, .. } => {
            Fault::input(problem.to_string()).next(format!("such as --name {fitting}"))
        }
        Problem::NoMapping | Problem::Manifest(_) => Fault::input(problem.to_string()),
    }
}

/// Where paths begin, and the folder that they must not leave: a workflow from elsewhere must not pull other files of this
/// machine into a manifest.
struct Root {
    from: PathBuf,
    within: PathBuf,
}

/// Paths begin beside the file; what comes from standard input has no folder.
fn root(args: &Convert) -> Result<Option<Root>, Fault> {
    let beside = (args.file != Path::new("-")).then(|| args.file.parent().unwrap_or(Path::new("")));
    let beside = beside.map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
    let Some(within) = args.root.as_deref().or(beside) else { return Ok(None) };
    let whole = |p: &Path| fs::canonicalize(p).map_err(|e| Fault::input(format!("{}: {e}", p.display())));
    Ok(Some(Root { from: beside.unwrap_or(within).to_path_buf(), within: whole(within)? }))
}

/// The bytes of a file below the root, at most one more than `most`.
fn read(path: &str, most: usize, root: Option<&Root>) -> Result<Vec<u8>, String> {
    let Some(root) = root else {
        return Err(
            "the workflow came from standard input; name a folder with --root, or put the text in".into()
        );
    };
    let missing = || "there is no such file; put its text in".to_string();
    let found = fs::canonicalize(root.from.join(path)).map_err(|_| missing())?;
    if Path::new(path).is_absolute() || !found.starts_with(&root.within) {
        return Err(format!(
            "it lies outside of {}; allow a folder above with --root",
            root.within.display()
        ));
    }
    // A pipe would be waited for when it is opened.
    fs::metadata(&found).ok().filter(fs::Metadata::is_file).ok_or_else(missing)?;
    let mut bytes = Vec::new();
    let read = File::open(&found).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|_| "it is no text in UTF-8; put it into the image".to_string())?;
    Ok(bytes)
}

fn print(converted: &Converted, format: Format) -> Result<(), Fault> {
    match format {
        Format::Json => {
            out::value(&json!({"manifest": converted.workflow, "report": converted.report}), format)
        }
        Format::Name => out::object(&converted.workflow, format),
        Format::Yaml | Format::Wide => {
            out::line(converted.manifest.trim_end());
            Ok(())
        }
    }
}

fn report(label: &str, converted: &Converted) {
    let spec = &converted.workflow.spec;
    out::note(format!(
        "{label}: {}, {} step(s), {} agent(s); {} to look at:",
        converted.shape.name(),
        spec.steps.len(),
        spec.agents.len(),
        converted.report.len()
    ));
    for line in numbered(&converted.report) {
        out::note(plain(&line));
    }
    out::note(format!("next:  save the manifest, and check it with {} workflow lint FILE", program::name()));
}

//! `mc workflow convert`: a workflow of one of the two earlier systems -> a manifest on stdout, and a list of points to
//! check on stderr. [`crate::convert`] does the conversion; only this file reads from disk.

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

/// Convert a workflow of an earlier system into a Workflow
///
/// Reads a workflow of the TypeScript Mission Control or of antfarm, and prints
/// a Workflow. Lists the points to check on stderr, each with its place in the
/// new manifest. Needs no cluster. -o json prints {manifest, report}.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:\n  mc workflow convert old/workflow.yml --image registry.example/me:1 > new.yaml\n  mc workflow lint new.yaml\n\nExit codes: 0 converted, 1 converted but lint finds problems,\n3 not a workflow of either system."
)]
pub(crate) struct Convert {
    /// The old workflow file, or - for stdin.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The image of all agents.
    #[arg(long, default_value = IMAGE)]
    image: String,
    /// Name of the Workflow (default: the old id).
    #[arg(long)]
    name: Option<String>,
    /// Folder from which agents' files may be read (default: the folder of FILE).
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
            Fault::input(problem.to_string()).next(format!("use a valid name, such as --name {fitting}"))
        }
        Problem::NoMapping | Problem::Manifest(_) => Fault::input(problem.to_string()),
    }
}

/// The base of relative paths, and the folder that paths must not leave: a foreign workflow must not copy other files
/// of this machine into a manifest.
struct Root {
    from: PathBuf,
    within: PathBuf,
}

/// Paths are relative to the file's folder; stdin has no folder.
fn root(args: &Convert) -> Result<Option<Root>, Fault> {
    let beside = (args.file != Path::new("-")).then(|| args.file.parent().unwrap_or(Path::new("")));
    let beside = beside.map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
    let Some(within) = args.root.as_deref().or(beside) else { return Ok(None) };
    let whole = |p: &Path| fs::canonicalize(p).map_err(|e| Fault::input(format!("{}: {e}", p.display())));
    Ok(Some(Root { from: beside.unwrap_or(within).to_path_buf(), within: whole(within)? }))
}

/// The content of a file below the root, at most `most` + 1 bytes.
fn read(path: &str, most: usize, root: Option<&Root>) -> Result<Vec<u8>, String> {
    let Some(root) = root else {
        return Err(
            "the workflow was read from stdin: set the folder with --root, or add the text by hand".into()
        );
    };
    let missing = || "there is no such file; add its text by hand".to_string();
    let found = fs::canonicalize(root.from.join(path)).map_err(|_| missing())?;
    if Path::new(path).is_absolute() || !found.starts_with(&root.within) {
        return Err(format!("it is outside of {}; allow a parent folder with --root", root.within.display()));
    }
    // Opening a pipe would block.
    fs::metadata(&found).ok().filter(fs::Metadata::is_file).ok_or_else(missing)?;
    let mut bytes = Vec::new();
    let read = File::open(&found).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|_| "it is not UTF-8 text; put it into the image".to_string())?;
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
        "{label}: {}, {}, {}; {} to check:",
        converted.shape.name(),
        out::counted(spec.steps.len(), "step"),
        out::counted(spec.agents.len(), "agent"),
        out::counted(converted.report.len(), "point")
    ));
    for line in numbered(&converted.report) {
        out::note(plain(&line));
    }
    out::note(format!("next:  save the manifest and check it with {} workflow lint FILE", program::name()));
}

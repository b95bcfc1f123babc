//! The CRDs as text: to stdout, or into a folder, and there with the references of their fields and of `mc`.

use std::io::Write;

use anyhow::Context;

use crate::api::{crds, reference};
use crate::cli;

use super::args::CrdsArgs;

pub fn write(args: &CrdsArgs) -> anyhow::Result<()> {
    let Some(dir) = &args.dir else {
        let text: Vec<String> = crds::all().iter().map(|(_, crd)| crds::to_yaml(crd)).collect();
        return std::io::stdout().write_all(text.join("---\n").as_bytes()).context("writing to stdout");
    };
    std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    for (file, crd) in crds::all() {
        let path = dir.join(file);
        std::fs::write(&path, crds::to_yaml(&crd)).with_context(|| format!("writing {}", path.display()))?;
    }
    if let Some(path) = &args.reference {
        std::fs::write(path, reference::page()).with_context(|| format!("writing {}", path.display()))?;
    }
    if let Some(path) = &args.cli {
        std::fs::write(path, cli::reference()).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

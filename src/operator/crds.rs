//! The CRDs as text: to stdout, or one file each into a folder.

use std::io::Write;

use anyhow::Context;

use crate::api::crds;

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
    Ok(())
}

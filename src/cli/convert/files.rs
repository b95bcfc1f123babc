//! The files of agents -> their texts, where they lie in the folder that may be read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::engine::effect::FILE_LIMIT;

use super::draft::Agent;
use super::report::{Notes, Owner};

/// The most files of an agent.
const MOST: usize = 32;

/// Where paths begin, and the folder that they must not leave: a workflow from elsewhere must not pull other files of this
/// machine into a manifest.
#[derive(Clone, Debug)]
pub struct Root {
    pub from: PathBuf,
    pub within: PathBuf,
}

/// Reads what it can; the rest is said. All files of a workflow share the room of one ConfigMap.
pub fn read(agents: &[Agent], root: Option<&Root>, notes: &mut Notes) -> Vec<BTreeMap<String, String>> {
    let mut room = FILE_LIMIT;
    let of_agent = |(i, agent): (usize, &Agent)| {
        let mut files = BTreeMap::new();
        for (name, path) in &agent.files {
            let found = if files.len() < MOST {
                one(name, path, root, room)
            } else {
                Err("an agent has 32 files at most".into())
            };
            match found {
                Ok(text) => {
                    room -= text.len();
                    files.insert(name.clone(), text);
                }
                Err(why) => {
                    notes.say(Owner::Agent(i).at("files"), format!("{name} ({path}) is not in: {why}"))
                }
            }
        }
        files
    };
    agents.iter().enumerate().map(of_agent).collect()
}

fn one(name: &str, path: &str, root: Option<&Root>, room: usize) -> Result<String, String> {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.len() > 200 || !name.split('/').all(|p| !matches!(p, "" | "." | "..") && p.chars().all(letter)) {
        return Err("a file's name is of letters, digits, '.', '_', '-' and '/'; rename it".into());
    }
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
    let size = fs::metadata(&found).ok().filter(fs::Metadata::is_file).ok_or_else(missing)?.len();
    let too_large =
        || format!("the files of a workflow have {} KiB in all; put it into the image", FILE_LIMIT / 1024);
    if usize::try_from(size).is_ok_and(|s| s > room) {
        return Err(too_large());
    }
    let text = fs::read_to_string(&found)
        .map_err(|_| "it is no text in UTF-8; put it into the image".to_string())?;
    if text.len() > room { Err(too_large()) } else { Ok(text) }
}

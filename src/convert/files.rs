//! The files that agents name -> their texts, if the caller can read them and they fit.

use std::collections::BTreeMap;

use crate::engine::effect::FILE_LIMIT;

use super::draft::Agent;
use super::report::{Notes, Owner};

/// Maximum number of files of an agent.
const MOST: usize = 32;

/// Reads a file for the caller: path and maximum size -> its bytes, or why there are none. It may stop one byte after
/// the maximum.
pub type ReadFile<'a> = dyn FnMut(&str, usize) -> Result<Vec<u8>, String> + 'a;

/// Reads the files and reports those that cannot be used. All files of a workflow share one ConfigMap.
pub(crate) fn read(
    agents: &[Agent],
    read: &mut ReadFile<'_>,
    notes: &mut Notes,
) -> Vec<BTreeMap<String, String>> {
    let mut room = FILE_LIMIT;
    let of_agent = |(i, agent): (usize, &Agent)| {
        let mut files = BTreeMap::new();
        for (name, path) in &agent.files {
            let found = if files.len() < MOST {
                one(name, path, room, read)
            } else {
                Err("an agent can have at most 32 files".into())
            };
            match found {
                Ok(text) => {
                    room -= text.len();
                    files.insert(name.clone(), text);
                }
                Err(why) => {
                    notes.add(Owner::Agent(i).at("files"), format!("{name} ({path}) is left out: {why}"))
                }
            }
        }
        files
    };
    agents.iter().enumerate().map(of_agent).collect()
}

fn one(name: &str, path: &str, room: usize, read: &mut ReadFile<'_>) -> Result<String, String> {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.len() > 200 || !name.split('/').all(|p| !matches!(p, "" | "." | "..") && p.chars().all(letter)) {
        return Err("a file's name must consist of letters, digits, '.', '_', '-' and '/'; rename it".into());
    }
    let bytes = read(path, room)?;
    if bytes.len() > room {
        return Err(format!(
            "the files of a workflow can have at most {} KiB in total; put it into the image",
            FILE_LIMIT / 1024
        ));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text; put it into the image".into())
}

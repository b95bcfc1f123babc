//! The files that agents name -> their texts, as far as the caller reads them and they fit.

use std::collections::BTreeMap;

use crate::engine::effect::FILE_LIMIT;

use super::draft::Agent;
use super::report::{Notes, Owner};

/// The most files of an agent.
const MOST: usize = 32;

/// The caller's way to a file: its path, and how many bytes of it are of use -> its bytes, or why there are none. It may
/// stop reading one byte after the limit.
pub type ReadFile<'a> = dyn FnMut(&str, usize) -> Result<Vec<u8>, String> + 'a;

/// Reads what it can; the rest is reported. All files of a workflow share the room of one ConfigMap.
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
                Err("an agent has 32 files at most".into())
            };
            match found {
                Ok(text) => {
                    room -= text.len();
                    files.insert(name.clone(), text);
                }
                Err(why) => {
                    notes.add(Owner::Agent(i).at("files"), format!("{name} ({path}) is not in: {why}"))
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
        return Err("a file's name is of letters, digits, '.', '_', '-' and '/'; rename it".into());
    }
    let bytes = read(path, room)?;
    if bytes.len() > room {
        return Err(format!(
            "the files of a workflow have {} KiB in all; put it into the image",
            FILE_LIMIT / 1024
        ));
    }
    String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8; put it into the image".into())
}

//! The targets file, read periodically -> the outbox's targets.
//!
//! Only the first read can fail: later the last valid targets stay in use.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::outbox::Outbox;
use super::targets::{Problems, read};

/// How often the files are read again: the content of a mounted Secret changes while the process runs.
const AGAIN: Duration = Duration::from_secs(10);

/// Reads the targets now, then periodically. Only the first read can fail.
pub(crate) fn start(outbox: &Arc<Outbox>, file: PathBuf) -> Result<(), Problems> {
    outbox.set(read(&file)?);
    tokio::spawn(follow(Arc::clone(outbox), file));
    Ok(())
}

async fn follow(outbox: Arc<Outbox>, file: PathBuf) {
    let mut logged = None;
    loop {
        tokio::time::sleep(AGAIN).await;
        reload(&outbox, &file, &mut logged).await;
    }
}

/// Applies the current content of the files; `logged` is the last problem that was logged.
pub(super) async fn reload(outbox: &Outbox, file: &Path, logged: &mut Option<Problems>) {
    let path = file.to_path_buf();
    // A file system may hang; the passes must not hang with it.
    let Ok(found) = tokio::task::spawn_blocking(move || read(&path)).await else { return };
    match found {
        Ok(targets) => {
            *logged = None;
            if outbox.set(targets) {
                tracing::info!(file = %file.display(), "notification targets changed");
            }
        }
        Err(problems) if logged.as_ref() != Some(&problems) => {
            tracing::warn!(file = %file.display(), error = %problems, "the notification targets cannot be read; the previous ones stay in use");
            *logged = Some(problems);
        }
        Err(_) => {}
    }
}

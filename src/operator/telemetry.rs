//! Log lines: JSON for machines, text for a terminal; RUST_LOG sets the level.

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;

use super::args::LogFormat;

pub fn start(format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.try_init(),
    }
    .map_err(|e| anyhow!("starting the log: {e}"))
}

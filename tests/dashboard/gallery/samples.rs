//! Sample texts of the gallery.

use mission_control::api::Stamp;

/// Texts that an agent or a person may have written.
pub(crate) const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>\u{1b}[31m\u{202e}gnp.exe\u{2066} style=\"x\" {{ task }} &amp;";

pub(crate) fn at(clock: &str) -> Stamp {
    Stamp(format!("2026-11-25T{clock}Z").parse().unwrap())
}

//! The name by which the program was called -> how its help and messages speak of it.

use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

static NAME: OnceLock<String> = OnceLock::new();

/// `mc`, or `kubectl mc` where kubectl called it as its plugin `kubectl-mc`.
pub fn name(arguments: &[OsString]) -> String {
    NAME.get_or_init(|| spoken(arguments.first())).clone()
}

/// The name that [`name`] found, for messages that show a command.
pub fn said() -> &'static str {
    NAME.get().map_or("mc", String::as_str)
}

fn spoken(argument: Option<&OsString>) -> String {
    let file = argument.map(Path::new).and_then(Path::file_stem).map(|f| f.to_string_lossy());
    if file.is_some_and(|f| f.starts_with("kubectl-mc")) { "kubectl mc".into() } else { "mc".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_speaks_of_itself_as_kubectl_does() {
        let name = |path: &str| spoken(Some(&OsString::from(path)));
        assert_eq!(name("/usr/local/bin/kubectl-mc"), "kubectl mc");
        assert_eq!(name("kubectl-mc.exe"), "kubectl mc");
        assert_eq!(name("target/debug/mc"), "mc");
        assert_eq!(spoken(None), "mc");
    }
}

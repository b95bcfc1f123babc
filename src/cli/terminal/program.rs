//! The name by which the program was called -> its name in help and messages.

use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

static NAME: OnceLock<String> = OnceLock::new();

/// `mc`, or `kubectl mc` if it was called as the plugin `kubectl-mc`.
pub(crate) fn name_of(arguments: &[OsString]) -> String {
    NAME.get_or_init(|| invoked_name(arguments.first())).clone()
}

/// The name that [`name_of`] found, for messages that show a command.
pub(crate) fn name() -> &'static str {
    NAME.get().map_or("mc", String::as_str)
}

fn invoked_name(argument: Option<&OsString>) -> String {
    let file = argument.map(Path::new).and_then(Path::file_stem).map(|f| f.to_string_lossy());
    if file.is_some_and(|f| f.starts_with("kubectl-mc")) { "kubectl mc".into() } else { "mc".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_speaks_of_itself_as_kubectl_does() {
        let name_of = |path: &str| invoked_name(Some(&OsString::from(path)));
        assert_eq!(name_of("/usr/local/bin/kubectl-mc"), "kubectl mc");
        assert_eq!(name_of("kubectl-mc.exe"), "kubectl mc");
        assert_eq!(name_of("target/debug/mc"), "mc");
        assert_eq!(invoked_name(None), "mc");
    }
}

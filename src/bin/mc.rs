//! `mc`, Mission Control's command line.

fn main() -> std::process::ExitCode {
    mission_control::cli::main()
}

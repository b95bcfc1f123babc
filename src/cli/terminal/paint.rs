//! Colours by meaning. [`choose`] decides once whether to use them; [`anstream`] strips them where they are not wanted.

use anstyle::{AnsiColor, Style};

use crate::api::{Phase, StepPhase};

use super::arguments::ColorMode;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WAITS: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const MOVES: Style = AnsiColor::Cyan.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const TITLE: Style = Style::new().bold();
pub(crate) const PLAIN: Style = Style::new();

/// Sets the colour mode of the process.
pub(crate) fn choose(when: ColorMode) {
    match when {
        ColorMode::Auto => {}
        ColorMode::Always => anstream::ColorChoice::Always.write_global(),
        ColorMode::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// The colour of a phase. Its word is always printed, too.
pub(crate) const fn phase(phase: Option<Phase>) -> Style {
    match phase {
        None | Some(Phase::Pending) => FAINT,
        Some(Phase::Running) => MOVES,
        Some(Phase::Paused) => WAITS,
        Some(Phase::Succeeded) => GOOD,
        Some(Phase::Failed | Phase::Cancelled) => BAD,
    }
}

/// The same for a step.
pub(crate) const fn step(phase: StepPhase) -> Style {
    match phase {
        StepPhase::Pending | StepPhase::Skipped | StepPhase::Cancelled => FAINT,
        StepPhase::Running => MOVES,
        StepPhase::Backoff | StepPhase::Escalated | StepPhase::Tolerated => WAITS,
        StepPhase::Succeeded => GOOD,
        StepPhase::Failed => BAD,
    }
}

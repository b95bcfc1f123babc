//! Phases, outcomes and bands -> tones. A tone is a color, and the symbol that says the same without color.

use crate::api::{Outcome, Phase, StepPhase};
use crate::view::stats::Band;

/// How much attention something needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Not started, or nothing to report.
    Neutral,
    /// In progress.
    Live,
    /// A person is asked, or soon will be.
    Ask,
    Good,
    Bad,
    /// Ended without a result: cancelled, skipped.
    Over,
}

impl Tone {
    pub const ALL: [Tone; 6] = [Tone::Neutral, Tone::Live, Tone::Ask, Tone::Good, Tone::Bad, Tone::Over];

    /// The class that sets the color.
    pub const fn class(self) -> &'static str {
        match self {
            Tone::Neutral => "tone-neutral",
            Tone::Live => "tone-live",
            Tone::Ask => "tone-ask",
            Tone::Good => "tone-good",
            Tone::Bad => "tone-bad",
            Tone::Over => "tone-over",
        }
    }

    /// Symbols with different outlines, which the fonts of every system have.
    pub const fn symbol(self) -> &'static str {
        match self {
            Tone::Neutral => "○",
            Tone::Live => "▶",
            Tone::Ask => "◆",
            Tone::Good => "✓",
            Tone::Bad => "✕",
            Tone::Over => "–",
        }
    }
}

/// A run that the operator has not seen yet has no phase.
impl From<Option<Phase>> for Tone {
    fn from(phase: Option<Phase>) -> Self {
        phase.map_or(Tone::Neutral, Tone::from)
    }
}

impl From<Phase> for Tone {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Pending => Tone::Neutral,
            Phase::Running => Tone::Live,
            Phase::Paused => Tone::Ask,
            Phase::Succeeded => Tone::Good,
            Phase::Failed => Tone::Bad,
            Phase::Cancelled => Tone::Over,
        }
    }
}

impl From<StepPhase> for Tone {
    fn from(phase: StepPhase) -> Self {
        match phase {
            StepPhase::Pending => Tone::Neutral,
            StepPhase::Running | StepPhase::Backoff => Tone::Live,
            StepPhase::Escalated => Tone::Ask,
            StepPhase::Succeeded => Tone::Good,
            StepPhase::Failed | StepPhase::Tolerated => Tone::Bad,
            StepPhase::Skipped | StepPhase::Cancelled => Tone::Over,
        }
    }
}

impl From<Outcome> for Tone {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Tone::Good,
            Outcome::SentBack => Tone::Ask,
            Outcome::Failed | Outcome::TimedOut => Tone::Bad,
            Outcome::Lost | Outcome::Stopped => Tone::Over,
        }
    }
}

impl From<Band> for Tone {
    fn from(band: Band) -> Self {
        match band {
            Band::Green => Tone::Good,
            Band::Amber => Tone::Ask,
            Band::Red => Tone::Bad,
        }
    }
}

//! The parameters of SGR (`ESC [ … m`) -> classes. Styles without a class here (italics, 256 colors, blinking) are
//! ignored.

use anstyle_parse::Params;

/// The style of a character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pen {
    /// 0–7, and 8–15 for the bright ones.
    front: Option<u16>,
    back: Option<u16>,
    bold: bool,
    dim: bool,
    underline: bool,
}

impl Pen {
    pub(super) fn classes(self) -> String {
        let front = self.front.map(|n| format!("fg{n}"));
        let back = self.back.map(|n| format!("bg{n}"));
        let flags = [(self.bold, "bold"), (self.dim, "dim"), (self.underline, "under")];
        let flags = flags.into_iter().filter(|(on, _)| *on).map(|(_, class)| class.to_string());
        front.into_iter().chain(back).chain(flags).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn apply(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            match param {
                // A color in one parameter (`38:5:n`), or in several (`38;5;n`, `38;2;r;g;b`).
                [38, rest @ ..] if !rest.is_empty() => self.front = indexed(rest),
                [48, rest @ ..] if !rest.is_empty() => self.back = indexed(rest),
                [38] => self.front = following(&mut params),
                [48] => self.back = following(&mut params),
                [code, ..] => self.one(*code),
                [] => {}
            }
        }
    }

    fn one(&mut self, code: u16) {
        match code {
            0 => *self = Self::default(),
            1 => self.bold = true,
            2 => self.dim = true,
            4 => self.underline = true,
            22 => (self.bold, self.dim) = (false, false),
            24 => self.underline = false,
            30..=37 => self.front = Some(code - 30),
            39 => self.front = None,
            40..=47 => self.back = Some(code - 40),
            49 => self.back = None,
            90..=97 => self.front = Some(code - 90 + 8),
            100..=107 => self.back = Some(code - 100 + 8),
            _ => {}
        }
    }
}

fn indexed(rest: &[u16]) -> Option<u16> {
    match rest {
        [5, n, ..] => Some(*n).filter(|n| *n < 16),
        _ => None,
    }
}

/// Consumes all parameters of the color.
fn following<'a>(params: &mut impl Iterator<Item = &'a [u16]>) -> Option<u16> {
    match params.next() {
        Some([5]) => params.next().and_then(|n| n.first().copied()).filter(|n| *n < 16),
        Some([2]) => {
            params.by_ref().take(3).for_each(drop);
            None
        }
        _ => None,
    }
}

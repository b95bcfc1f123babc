//! The parts of pages: plain values -> HTML. maud escapes each value; the output of agents goes through
//! [`super::ansi`] first.
//!
//! A part knows nothing of requests, rights or objects. A color always comes with a word or a symbol. Everything can
//! be read and used without JavaScript. Start reading at [`page`].

mod card;
mod form;
mod question;
mod shell;
mod table;
mod text;
mod tone;

pub use card::{
    badge, card, cards, columns, command, empty, item, meter, notice, page_head, section, share, step,
};
pub use form::{Field, Way, filters, sign_in};
pub use question::{Answer, Question, question};
pub use shell::{HOME, Nav, RUNS, SIGN_IN, SIGN_OUT, Shell, WORKFLOWS, page};
pub use table::{Cell, Head, Pages, pager, table};
pub use text::{anchor, definitions, details, folds, output, since, time, until, words};
pub use tone::Tone;

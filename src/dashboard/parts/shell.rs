//! The shell of every page: head, header, navigation, footer.

use maud::{DOCTYPE, Markup, html};

use crate::api::Stamp;
use crate::dashboard::{ansi, assets};

use super::text::words;

pub const HOME: &str = "/";
pub const RUNS: &str = "/runs";
pub const WORKFLOWS: &str = "/workflows";
pub const SIGN_IN: &str = "/sign-in";
pub const SIGN_OUT: &str = "/sign-out";

/// What a page shows around its content.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shell<'a> {
    pub title: &'a str,
    /// The reader. Without one there is neither navigation nor a sign-out.
    pub reader: Option<&'a str>,
    /// The entry of the navigation that the page belongs to.
    pub nav: Option<Nav>,
    /// The address of the events that announce changes of the page's content. Without it the page does not refresh.
    pub live: Option<&'a str>,
    /// When the page was made: its times are counted on from here, whatever the reader's clock says.
    pub now: Option<Stamp>,
    /// The value of the hidden field `csrf` in forms.
    pub csrf: &'a str,
    /// The runs and records that the figures cover: the footer.
    pub window: &'a str,
}

/// The sections of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    Overview,
    Runs,
    Workflows,
}

impl Nav {
    const ALL: [(Nav, &'static str, &'static str); 3] = [
        (Nav::Overview, HOME, "Overview"),
        (Nav::Runs, RUNS, "Runs"),
        (Nav::Workflows, WORKFLOWS, "Workflows"),
    ];
}

/// A whole document. `main` is the content of `<main id="live">`, which live.js refreshes.
pub fn page(shell: &Shell, main: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="same-origin";
                title { (ansi::inert_line(shell.title)) " · Mission Control" }
                link rel="icon" href=(assets::favicon().url()) type="image/svg+xml";
                link rel="stylesheet" href=(assets::style().url());
                script src=(assets::script().url()) defer {}
            }
            body data-events=[shell.live] data-now=[shell.now.map(|now| now.0)] {
                a.skip href="#live" { "Skip to content" }
                (header(shell))
                main #live tabindex="-1" { (main) }
                (footer(shell))
            }
        }
    }
}

fn header(shell: &Shell) -> Markup {
    html! {
        header.top {
            div.wide {
                a.brand href=(HOME) {
                    // The logo: an orbit and a planet.
                    svg.logo viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
                        circle.orbit cx="12" cy="12" r="9" {}
                        circle.body cx="12" cy="12" r="3.5" {}
                        circle.moon cx="18.4" cy="5.6" r="2.5" {}
                    }
                    span { "Mission Control" }
                }
                @if let Some(reader) = shell.reader {
                    (navigation(shell.nav))
                    (who(shell, reader))
                }
            }
        }
    }
}

fn navigation(current: Option<Nav>) -> Markup {
    html! {
        nav.main-nav aria-label="Main" {
            @for (nav, href, name) in Nav::ALL {
                a href=(href) aria-current=[(current == Some(nav)).then_some("page")] { (name) }
            }
        }
    }
}

fn who(shell: &Shell, reader: &str) -> Markup {
    html! {
        div.who {
            @if shell.live.is_some() {
                // live.js fills in both. Without it the page is as old as its last load, and shows nothing here.
                span #pulse .pulse role="status" aria-live="polite" {}
                button #renew .quiet type="button" hidden { "Refresh" }
            }
            span.reader title=(ansi::inert_line(reader)) { (words(short_of(reader))) }
            form method="post" action=(SIGN_OUT) {
                input type="hidden" name="csrf" value=(shell.csrf);
                button.quiet type="submit" { "Sign out" }
            }
        }
    }
}

/// `NAMESPACE:NAME` of a service account, without the prefix that all of them share.
fn short_of(reader: &str) -> &str {
    reader.strip_prefix("system:serviceaccount:").unwrap_or(reader)
}

fn footer(shell: &Shell) -> Markup {
    html! {
        footer.foot {
            div.wide {
                p { (shell.window) }
                p { "Mission Control " (env!("CARGO_PKG_VERSION")) }
            }
        }
    }
}

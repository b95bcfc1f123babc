//! Forms: the filter of a list, and the sign-in.

use maud::{Markup, html};

use super::card::{command, notice};
use super::shell::SIGN_IN;
use super::tone::Tone;

/// A field of a filter.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub value: &'a str,
    pub way: Way<'a>,
}

/// How a field is filled in.
#[derive(Clone, Copy, Debug)]
pub enum Way<'a> {
    Text {
        hint: &'a str,
    },
    /// Value and label of each option; the first one selects everything.
    Choice(&'a [(&'a str, &'a str)]),
}

/// A GET form: the choices are part of the address, which can be shared.
pub fn filters(action: &str, fields: &[Field]) -> Markup {
    let active = fields.iter().any(|f| !f.value.is_empty());
    html! {
        form.filters method="get" action=(action) role="search" {
            @for field in fields {
                label { span { (field.label) } (input(field)) }
            }
            button type="submit" { "Show" }
            @if active { a.clear href=(action) { "Clear" } }
        }
    }
}

fn input(field: &Field) -> Markup {
    match field.way {
        Way::Text { hint } => html! {
            input type="search" name=(field.name) value=(field.value) placeholder=(hint) autocomplete="off"
                spellcheck="false" dir="auto";
        },
        Way::Choice(choices) => html! {
            select name=(field.name) {
                @for (value, word) in choices {
                    option value=(value) selected[*value == field.value] { (word) }
                }
            }
        },
    }
}

/// The content of `<main>` for a reader who is not signed in. `csrf` as in [`super::Shell`].
pub fn sign_in(error: Option<&str>, csrf: &str, way_to_token: &str) -> Markup {
    html! {
        div.sign-in {
            h1 { "Sign in" }
            p { "You see what your token may read in the cluster, and answer what it may answer." }
            @if let Some(error) = error { (notice(Tone::Bad, "Sign-in failed", html! { p { (error) } })) }
            form method="post" action=(SIGN_IN) {
                input type="hidden" name="csrf" value=(csrf);
                label for="token" { "Bearer token" }
                input #token type="password" name="token" required autocomplete="off" spellcheck="false"
                    aria-describedby="token-way";
                button.primary type="submit" { "Sign in" }
            }
            p #token-way { "Get a token with:" }
            (command(way_to_token))
        }
    }
}

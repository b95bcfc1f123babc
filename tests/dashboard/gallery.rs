//! Pages that show every part and every drawing, with usual, empty, huge and hostile content.
//!
//! Tests check the rules of every page on them. To look at them yourself: `cargo test --test dashboard gallery --
//! --ignored` writes them to `target/gallery`.

mod checks;
mod content;
mod pictures;
mod samples;

use std::path::Path;

use maud::Markup;

pub(crate) use samples::{HOSTILE, at};

use mission_control::dashboard::assets;
use mission_control::dashboard::parts::{Nav, Shell, page};

/// Every page, by its file name.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let of = |title: &str, nav: Nav, main: Markup| {
        let shell = Shell {
            title,
            reader: Some("alice@example.com"),
            nav: Some(nav),
            live: Some("/events"),
            now: Some(at("10:30:00")),
            csrf: "3f9c",
            window: "30 days of records since 26 Oct 2026, and 4 live runs.",
        };
        page(&shell, main).into_string()
    };
    vec![
        ("overview.html", of("Overview", Nav::Overview, content::overview())),
        ("run.html", of("oauth-login", Nav::Runs, content::run())),
        ("runs.html", of("Runs", Nav::Runs, content::runs())),
        ("workflow.html", of("Workflows", Nav::Workflows, content::workflow())),
        ("empty.html", of("Nothing yet", Nav::Overview, content::empty())),
        ("huge.html", of("A large run", Nav::Runs, content::huge())),
        ("hostile.html", of(HOSTILE, Nav::Runs, content::hostile())),
        (
            "sign-in.html",
            page(&Shell { title: "Sign in", ..Shell::default() }, content::sign_in()).into_string(),
        ),
    ]
}

#[test]
#[ignore = "writes files for people to look at"]
fn the_specimen_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for (name, html) in pages() {
        std::fs::write(folder.join(name), html).unwrap();
    }
    for asset in [assets::style(), assets::script(), assets::favicon()] {
        std::fs::write(folder.join(asset.url().trim_start_matches('/')), asset.bytes).unwrap();
    }
}

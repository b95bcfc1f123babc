//! Every page, with realistic content, in light and dark, in the width of a phone and of a desktop.

use std::path::PathBuf;

use crate::support::Fixture;
use crate::support::browser::Browser;

use super::screen::{LOOKS, Look};
use super::{Chromium, DASHBOARD, Screen, Scripts, Visitor, approver, run_page, town};

/// A screen's height; a page may be longer.
const HEIGHT: u64 = 800;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_fits_and_is_quiet_in_both_colours_on_a_phone_and_on_a_desk() {
    let f = Fixture::called("shop", DASHBOARD).await;
    town::settle(&f).await;
    let v = Visitor::new(&f, "vera", approver(), Scripts::On).await;
    let mut pages: Vec<(String, String)> =
        [("overview", "/"), ("runs", "/runs"), ("workflows", "/workflows")]
            .map(|(name, path)| (name.into(), path.into()))
            .into();
    pages.extend(town::RUNS.map(|run| (format!("run-{run}"), run_page(&f, run))));
    for workflow in ["feature-dev", "release-notes"] {
        pages.push((format!("workflow-{workflow}"), format!("/workflows/{}/{workflow}", f.namespace)));
    }
    let mut wrong = Vec::new();
    for (name, path) in &pages {
        wrong.extend(faults(&v.screen, name, path, &[]).await);
    }
    wrong.extend(faults(&v.screen, "not-found", "/runs/nowhere/nothing", &["404 (Not Found)"]).await);
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_to_sign_in_and_the_pages_of_an_empty_namespace_are_so_too() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    let reader = Browser::new(&f, "viewer", super::viewer()).await;
    let chromium = Chromium::start(Scripts::On).await;
    let screen = Screen::new(&chromium, &reader.address);
    let mut wrong = faults(&screen, "sign-in", "/sign-in", &[]).await;
    screen.sign_in(&reader.token).await;
    screen.until_text("h1", "Overview").await;
    for (name, path) in [("empty-overview", "/"), ("empty-runs", "/runs"), ("empty-workflows", "/workflows")]
    {
        wrong.extend(faults(&screen, name, path, &[]).await);
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_faults_does_not_pass() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    let reader = Browser::new(&f, "viewer", super::viewer()).await;
    let chromium = Chromium::start(Scripts::On).await;
    let screen = Screen::new(&chromium, &reader.address);
    screen.look(LOOKS[2], HEIGHT).await;
    screen.open("/sign-in").await;
    assert_eq!(screen.overflowing().await, Vec::<String>::new());
    screen.execute(FAULTS).await;
    let console = screen.console().await.join("\n");
    assert!(console.contains("Content Security Policy") && console.contains("a fault"), "{console}");
    let overflowing = screen.overflowing().await.join("\n");
    assert!(overflowing.contains("712 px wide in 360") && overflowing.contains("wide-one"), "{overflowing}");
    let found = screen.inaccessible().await.join("\n");
    for rule in ["color-contrast", "label", "button-name"] {
        assert!(found.contains(&format!("{rule}: ")), "{found}");
    }
}

/// One of each kind: a script of the page's own, a word on the console, something too wide, and three that not
/// everybody can use.
const FAULTS: &str = "const add = (name, more) => document.querySelector('main').appendChild(Object.assign(document.createElement(name), more));
add('script', {textContent: 'window.acted = 1'});
console.error('a fault');
add('div', {id: 'wide-one', textContent: '-'}).style.cssText = 'width: 700px';
add('p', {textContent: 'hardly to be seen'}).style.cssText = 'color: #ddd; background: #fff';
add('input', {type: 'text'});
add('button', {});";

/// What is wrong with a page at any width and in any theme. `said` is what the console may contain: a browser reports
/// it when the page itself is an error.
async fn faults(screen: &Screen, name: &str, path: &str, said: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for look in LOOKS {
        let Look { scheme, width } = look;
        screen.look(look, HEIGHT).await;
        screen.open(path).await;
        photograph(screen, name, look).await;
        let console = screen.console().await;
        let unexpected = console.into_iter().filter(|line| !said.iter().any(|s| line.contains(s)));
        let mut found: Vec<String> = unexpected.map(|line| format!("console: {line}")).collect();
        screen.look(look, HEIGHT).await;
        found.extend(screen.overflowing().await.into_iter().map(|line| format!("overflow: {line}")));
        found.extend(screen.broken().await.into_iter().map(|line| format!("broken: {line}")));
        // Unfolds what is folded, so that it is looked at, too.
        found.extend(screen.inaccessible().await);
        found
            .extend(screen.overflowing().await.into_iter().map(|line| format!("overflow, unfolded: {line}")));
        wrong.extend(found.into_iter().map(|what| format!("{name}, {scheme}, {width} px: {what}")));
    }
    wrong
}

/// A picture for people, where somebody asked for them.
async fn photograph(screen: &Screen, name: &str, look: Look) {
    let Some(folder) = std::env::var_os("PICTURES").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).expect("no folder for pictures");
    screen.picture(look, &folder.join(format!("{name}-{}-{}.png", look.scheme, look.width))).await;
}

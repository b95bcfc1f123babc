//! The dashboard as users see it: its pages in Chromium, served by a real operator about real runs.
//!
//! Clicks and keys go through WebDriver; no test reloads a page that should update by itself. `tests/on_cluster/run
//! --browser` provides Chromium, its driver and axe-core. Start reading at [`chromium::Chromium`], then
//! [`screen::Screen`].

mod chromium;
mod decide;
mod hostile;
mod live;
mod pages;
mod screen;
mod sign_in;
mod town;
mod without_scripts;

use serde_json::{Value, json};

use crate::support::Fixture;
use crate::support::browser::Browser;

use chromium::{Chromium, Scripts};
use screen::Screen;

const DASHBOARD: &[&str] = &["--dashboard-bind", "127.0.0.1:0", "--dashboard-actions"];

/// Who reads, in a browser that is signed in.
struct Visitor {
    reader: Browser,
    screen: Screen,
    _chromium: Chromium,
}

impl Visitor {
    /// With these rights in the test's namespace.
    async fn new(f: &Fixture, name: &str, rules: Value, scripts: Scripts) -> Self {
        let reader = Browser::new(f, name, rules).await;
        let chromium = Chromium::start(scripts).await;
        let screen = Screen::new(&chromium, &reader.address);
        screen.open("/").await;
        screen.sign_in(&reader.token).await;
        screen.until_text("h1", "Overview").await;
        // It was told of the page to sign in, which is an answer of its own kind (401).
        screen.console().await;
        Self { reader, screen, _chromium: chromium }
    }
}

fn viewer() -> Value {
    let all = ["workflows", "workflowruns", "runrecords"];
    json!([{"apiGroups": ["missioncontrol.dev"], "verbs": ["get", "list"], "resources": all},
        {"apiGroups": ["batch"], "verbs": ["list"], "resources": ["jobs"]}])
}

fn approver() -> Value {
    let mut rules = viewer();
    let may =
        json!({"apiGroups": ["missioncontrol.dev"], "verbs": ["create"], "resources": ["workflowdecisions"]});
    rules.as_array_mut().expect("rules are a list").push(may);
    rules
}

fn run_page(f: &Fixture, run: &str) -> String {
    format!("/runs/{}/{run}", f.namespace)
}

//! A page in the browser: a user's actions, the visible text, and the faults of the page.

use std::path::Path;

use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::support::{PATIENCE, until_true};

use super::chromium::{Chromium, Own};

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub scheme: &'static str,
    pub width: u32,
}

/// Light and dark, on a phone and on a desk.
pub(super) const LOOKS: [Look; 4] = [
    Look { scheme: "light", width: 1280 },
    Look { scheme: "dark", width: 1280 },
    Look { scheme: "light", width: 360 },
    Look { scheme: "dark", width: 360 },
];

pub(super) struct Screen {
    client: Client,
    address: String,
}

impl Screen {
    pub(super) fn new(chromium: &Chromium, address: &str) -> Self {
        Self { client: chromium.client.clone(), address: address.into() }
    }

    /// Goes to that address.
    pub(super) async fn open(&self, path: &str) {
        let url = format!("http://{}{path}", self.address);
        self.client.goto(&url).await.unwrap_or_else(|e| panic!("{path} does not open: {e}"));
    }

    /// Where the browser is.
    pub(super) async fn path(&self) -> String {
        self.client.current_url().await.expect("no address").path().into()
    }

    pub(super) async fn type_into(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("no {css}: {e}"));
        field.send_keys(text).await.unwrap_or_else(|e| panic!("nothing can be typed into {css}: {e}"));
    }

    pub(super) async fn click(&self, css: &str) {
        let it = self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("no {css}: {e}"));
        it.click().await.unwrap_or_else(|e| panic!("{css} cannot be clicked: {e}"));
    }

    /// With the form that is shown.
    pub(super) async fn sign_in(&self, token: &str) {
        self.type_into("#token", token).await;
        self.click(".sign-in button.primary").await;
    }

    /// How many elements are like that.
    pub(super) async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.map_or(0, |all| all.len())
    }

    /// The text of the first element that is like that, as it is seen; nothing where there is none.
    pub(super) async fn text(&self, css: &str) -> String {
        match self.client.find(Locator::Css(css)).await {
            Ok(it) => it.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until a text is seen there, without doing anything.
    pub(super) async fn until_text(&self, css: &str, wanted: &str) {
        until_true(&format!("{wanted:?} in {css}"), PATIENCE, async || self.text(css).await.contains(wanted))
            .await;
    }

    pub(super) async fn execute(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// Whether a page has opened a dialog.
    pub(super) async fn has_dialog(&self) -> bool {
        self.client.get_alert_text().await.is_ok()
    }

    async fn devtools(&self, command: &str, params: Value) {
        let told = self.client.issue_cmd(Own::devtools(command, params)).await;
        told.unwrap_or_else(|e| panic!("{command}: {e}"));
    }

    /// The window and the reader's preference; the height is a screen's, or all of the page's.
    pub(super) async fn look(&self, look: Look, height: u64) {
        let size = json!({"width": look.width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": look.scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// What the console was told since it was last asked, errors and warnings of the browser among it.
    pub(super) async fn console(&self) -> Vec<String> {
        let said = self.client.issue_cmd(Own::console()).await.expect("no console");
        let all = said.as_array().cloned().unwrap_or_default();
        all.iter().map(|e| format!("{}: {}", e["level"], e["message"].as_str().unwrap_or_default())).collect()
    }

    /// What axe-core finds, with everything unfolded.
    pub(super) async fn inaccessible(&self) -> Vec<String> {
        let source =
            std::env::var("AXE_JS").expect("AXE_JS names no axe-core; run tests/on_cluster/run --browser");
        let source = std::fs::read_to_string(&source).unwrap_or_else(|e| panic!("{source}: {e}"));
        self.execute("document.querySelectorAll('details').forEach((d) => { d.open = true; });").await;
        self.execute(&source).await;
        let found = self.client.execute_async(AXE, vec![]).await.expect("axe-core does not answer");
        let found = found.as_array().cloned().unwrap_or_else(|| vec![found]);
        found.iter().map(|one| one.as_str().unwrap_or("what axe-core found is no text").into()).collect()
    }

    /// What stands out of the window at the side.
    pub(super) async fn overflowing(&self) -> Vec<String> {
        let found = self.execute(OVERFLOWING).await;
        found.as_array().cloned().unwrap_or_default().iter().map(Value::to_string).collect()
    }

    /// Words of ours that a column broke in two.
    pub(super) async fn broken(&self) -> Vec<String> {
        let found = self.execute(BROKEN).await;
        found.as_array().cloned().unwrap_or_default().iter().map(Value::to_string).collect()
    }

    /// All of the page, from its top to its bottom.
    pub(super) async fn picture(&self, look: Look, file: &Path) {
        let height = self.execute("return document.documentElement.scrollHeight").await;
        self.look(look, height.as_u64().expect("a height").min(6_000)).await;
        let picture = self.client.screenshot().await.expect("no picture");
        std::fs::write(file, picture).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }
}

const AXE: &str = "const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(
    (r) => done(r.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target}: ${n.failureSummary}`))),
    (e) => done([String(e)]));";

const BROKEN: &str =
    "const high = (e) => e.getBoundingClientRect().height > 24 && !e.lastChild.textContent.includes(' ');
return [...document.querySelectorAll('.badge')].filter(high).map((e) => e.textContent);";

/// What may be scrolled by itself, and what is hidden from eyes on purpose, does not count.
const OVERFLOWING: &str = "const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= width) return [];
const scrolls = (e) => e && (['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
const wide = [...document.querySelectorAll('body *')].filter((e) =>
    e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement));
return [`${document.documentElement.scrollWidth} px wide in ${width}`, ...wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 160))];";

//! Chromium and its driver: two processes of one test, with a profile in a folder of their own. They end with the test.
//!
//! It gives a session, and the two commands that are Chromium's own; what is on a page is [`super::screen`]'s.

use std::fs::{File, read_to_string};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::support::{PATIENCE, until_true};

/// Whether pages may use JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scripts {
    On,
    Off,
}

pub(super) struct Chromium {
    pub client: Client,
    session: String,
    driver: Driver,
}

impl Chromium {
    pub(super) async fn start(scripts: Scripts) -> Self {
        let driver = Driver::start().await;
        let wanted = wanted(&driver.folder.join("profile"), scripts);
        let Value::Object(wanted) = wanted else { panic!("capabilities are an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted).connect(&format!("http://{}", driver.address)).await;
        let client = client.unwrap_or_else(|e| panic!("Chromium does not start: {e}\n{}", driver.log()));
        let session = client.session_id().await.expect("no session").expect("no session");
        Self { client, session, driver }
    }
}

impl Drop for Chromium {
    /// Ends the browser; the driver alone would leave it behind.
    fn drop(&mut self) {
        let ask = || -> std::io::Result<()> {
            let mut stream = TcpStream::connect(&self.driver.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            let (session, host) = (&self.session, &self.driver.address);
            write!(
                stream,
                "DELETE /session/{session} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            )?;
            stream.read_to_end(&mut Vec::new()).map(drop)
        };
        if let Err(e) = ask() {
            eprintln!("Chromium was not ended: {e}");
        }
    }
}

fn wanted(profile: &Path, scripts: Scripts) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    // Nothing but the dashboard is reached; a crash report or an update would be a request that no test expects.
    let mut arguments = vec![
        "--headless=new",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--lang=en",
        &profile,
    ];
    // Chromium refuses to isolate its processes as root, and says so.
    if std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0) {
        arguments.push("--no-sandbox");
    }
    let mut options = json!({"args": arguments, "binary": program("CHROMIUM", "chromium")});
    if scripts == Scripts::Off {
        options["prefs"] = json!({"profile.managed_default_content_settings.javascript": 2});
    }
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
        // An alert is what a test looks for.
        "unhandledPromptBehavior": "ignore",
    })
}

fn program(variable: &str, usual: &str) -> String {
    let named = std::env::var(variable).ok();
    named.or_else(|| path_of(usual)).unwrap_or_else(|| panic!("there is no program {usual}: set {variable}"))
}

fn path_of(name: &str) -> Option<String> {
    let path = std::env::var("PATH").ok()?;
    let mut all = path.split(':').map(|folder| PathBuf::from(folder).join(name));
    all.find(|p| p.is_file()).map(|p| p.display().to_string())
}

/// chromedriver, on a port that it chose.
struct Driver {
    child: Child,
    address: String,
    folder: PathBuf,
}

impl Driver {
    async fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("chromium-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).expect("no folder for Chromium");
        let log = File::create(folder.join("driver.log")).expect("no log");
        let child = Command::new(program("CHROMEDRIVER", "chromedriver"))
            .arg("--port=0")
            .env("HOME", &folder)
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("the log cannot be shared"))
            .stdout(log)
            .spawn()
            .expect("chromedriver cannot be started");
        let mut driver = Self { child, address: String::new(), folder };
        until_true("port of chromedriver", PATIENCE, async || driver.port().is_some()).await;
        driver.address = format!("127.0.0.1:{}", driver.port().expect("it was there a moment ago"));
        driver
    }

    /// `ChromeDriver was started successfully on port 34567.`
    fn port(&self) -> Option<u16> {
        let log = self.log();
        let (_, rest) = log.split_once("successfully on port ")?;
        rest.split('.').next()?.parse().ok()
    }

    fn log(&self) -> String {
        read_to_string(self.folder.join("driver.log")).unwrap_or_default()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A command that WebDriver does not have.
#[derive(Debug)]
pub(super) struct Own {
    path: &'static str,
    body: Value,
}

impl Own {
    /// What the console said since it was last asked.
    pub(super) fn console() -> Self {
        Self { path: "se/log", body: json!({"type": "browser"}) }
    }

    /// A command of the DevTools protocol.
    pub(super) fn devtools(cmd: &str, params: Value) -> Self {
        Self { path: "goog/cdp/execute", body: json!({"cmd": cmd, "params": params}) }
    }
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

//! Debian's Chromium, driven over WebDriver. Knows no page.
//!
//! Where there is none it says so; with `HUBBUB_BROWSER=required`, as CI has it, it fails instead.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::{PATIENCE, soon};

/// A browser takes its time, above all on a machine that does other things as well.
const BROWSER_PATIENCE: Duration = PATIENCE.saturating_mul(6);

/// What it is started with: no sandbox, since CI is root, and nothing that calls home.
const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,900",
];

const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";

/// A window of a browser; it closes with this.
pub(crate) struct Browser {
    _driver: Child,
    session: String,
    client: reqwest::Client,
}

impl Browser {
    /// `None` where there is none.
    pub(crate) async fn open() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let Ok(mut driver) = command.spawn() else {
            let is_required = std::env::var_os("HUBBUB_BROWSER").is_some_and(|value| value == "required");
            assert!(!is_required, "chromedriver cannot be started, and CI requires it");
            eprintln!("skipped: no chromedriver (Debian: apt-get install chromium chromium-driver)");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port: u16 = loop {
            let line = soon("the driver's port", lines.next_line()).await.unwrap().expect("the driver says its port");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').parse().unwrap();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let client = reqwest::Client::new();
        let mut browser = Self { _driver: driver, session: format!("http://127.0.0.1:{port}/session"), client };
        let options = json!({ "args": ARGUMENTS });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let session = browser.ask("", wanted).await;
        browser.session = format!("{}/{}", browser.session, session["sessionId"].as_str().expect("a session"));
        Some(browser)
    }

    pub(crate) async fn ask(&self, what: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}{what}", self.session)).body(body.to_string());
        let answer = async { request.send().await?.text().await };
        let answer = tokio::time::timeout(BROWSER_PATIENCE, answer).await.expect("the browser answers").unwrap();
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["value"]["error"].is_null(), "{what}: {answer}");
        answer["value"].take()
    }

    pub(crate) async fn go(&self, url: &str) {
        self.ask("/url", json!({ "url": url })).await;
    }

    pub(crate) async fn value(&self, script: &str) -> Value {
        self.ask("/execute/sync", json!({ "script": format!("return {script}"), "args": [] })).await
    }

    pub(crate) async fn until(&self, script: &str) {
        let is_so = async {
            while self.value(script).await != json!(true) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(BROWSER_PATIENCE, is_so).await.is_err() {
            panic!("never so: {script}; the page has {}", self.value("JSON.stringify(watched).slice(-600)").await);
        }
    }

    /// Presses keys one after the other; what is no text has its code point in WebDriver.
    pub(crate) async fn press(&self, keys: &str) {
        let strokes =
            keys.chars().flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })));
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>() });
        self.ask("/actions", json!({ "actions": [keyboard] })).await;
    }

    /// Goes from one thing to the next until it is at the one that is wanted.
    pub(crate) async fn tab_to(&self, wanted: &str) {
        for _ in 0..20 {
            if self.value(&format!("document.activeElement.matches({wanted:?})")).await == json!(true) {
                return;
            }
            self.press(TAB).await;
        }
        panic!("the keyboard does not reach {wanted}");
    }

    pub(crate) async fn text(&self, of: &str) -> String {
        self.value(&format!("document.querySelector({of:?}).textContent")).await.as_str().expect("a text").to_owned()
    }

    /// What is to be seen, as WebDriver has it: a PNG in Base64, in JSON.
    pub(crate) async fn screenshot(&self) -> String {
        let shot = self.client.get(format!("{}/screenshot", self.session)).send().await.unwrap();
        shot.text().await.unwrap()
    }

    pub(crate) async fn close(self) {
        let _ = self.client.delete(&self.session).send().await;
    }
}

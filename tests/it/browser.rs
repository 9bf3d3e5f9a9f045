//! The page in a real browser: Debian's Chromium, driven over WebDriver.
//!
//! Where there is none the test says so and passes; with `HUBBUB_BROWSER=required`, as CI has it, it fails instead.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::command::{serve, serve_at};
use crate::support::{PATIENCE, soon};

/// A browser takes its time, above all on a machine that does other things as well.
const BROWSER_PATIENCE: Duration = PATIENCE.saturating_mul(6);

/// What it is started with: no sandbox, since CI is root, and nothing that calls home.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,900",
];

/// A window of a browser; it closes with this.
struct Browser {
    _driver: Child,
    session: String,
    client: reqwest::Client,
}

impl Browser {
    /// `None` where there is none.
    async fn open() -> Option<Self> {
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

    async fn ask(&self, what: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}{what}", self.session)).body(body.to_string());
        let answer = async { request.send().await?.text().await };
        let answer = tokio::time::timeout(BROWSER_PATIENCE, answer).await.expect("the browser answers").unwrap();
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["value"]["error"].is_null(), "{what}: {answer}");
        answer["value"].take()
    }

    async fn go(&self, url: &str) {
        self.ask("/url", json!({ "url": url })).await;
    }

    async fn value(&self, script: &str) -> Value {
        self.ask("/execute/sync", json!({ "script": format!("return {script}"), "args": [] })).await
    }

    async fn until(&self, script: &str) {
        let is_so = async {
            while self.value(script).await != json!(true) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(BROWSER_PATIENCE, is_so).await.is_err() {
            panic!("never so: {script}; the page has {}", self.value("JSON.stringify(watched).slice(-600)").await);
        }
    }

    async fn close(self) {
        let _ = self.client.delete(&self.session).send().await;
    }
}

/// Publishes so many events; their ids.
async fn publish(address: &str, events: usize) -> Vec<String> {
    let lines: String = (0..events).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let request = reqwest::Client::new().post(format!("http://{address}/v1/ingest/t"));
    let request = request.header("content-type", "application/x-ndjson").body(lines);
    let answer = soon("an answer", request.send()).await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// An id's place in the order of publication.
fn place(id: &str) -> (u64, u64) {
    let (epoch, sequence) = id.split_once('-').unwrap();
    (epoch.parse().unwrap(), sequence.parse().unwrap())
}

#[tokio::test]
async fn after_a_restart_the_page_comes_back_and_every_event_is_shown_once_or_inside_an_announced_gap() {
    let Some(browser) = Browser::open().await else { return };
    let (mut server, address, _) = serve(&[], &[]).await;
    browser.go(&format!("http://{address}/?table=t")).await;
    browser.until("watched.opens === 1").await;
    let mut published = publish(&address, 30).await;
    browser.until("watched.ids.length === 30").await;
    assert_eq!(browser.value("document.getElementById('state').textContent").await, json!("watching t"));

    server.kill().await.unwrap();
    browser.until("document.getElementById('state').textContent.startsWith('connection lost')").await;
    // What is published before the page is back is more than the new server's history holds.
    let (_server, ..) = serve_at(&address, &[("WH_HISTORY_EVENTS", "5")]).await;
    let meanwhile = publish(&address, 20).await;
    browser.until("watched.opens === 2").await;
    published.extend(publish(&address, 3).await);
    let last = published.last().unwrap();
    browser.until(&format!("watched.ids.at(-1) === '{last}'")).await;

    let shown = browser.value("watched.ids").await;
    let shown: Vec<_> = shown.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    let gaps = browser.value("watched.gaps").await;
    let [gap] = gaps.as_array().unwrap().as_slice() else { panic!("one gap: {gaps}") };
    assert_eq!((&gap["reason"], &gap["first"]), (&json!("restarted"), &Value::Null));
    let is_inside = |id: &&String| gap["last"].as_str().is_some_and(|last| place(id) <= place(last));
    let kept = meanwhile.iter().skip_while(is_inside).cloned();
    published.splice(30..30, kept);
    assert_eq!(shown, published, "each once, in order, or inside the gap: {gap}");
    assert!(gap["last"].is_null() || gap["last"] == json!(meanwhile[14]), "{gap}");
    assert_eq!(browser.value("document.getElementById('missing').textContent").await, json!("unknown"));
    assert_eq!(browser.value("document.getElementById('reconnects').textContent").await, json!("1"));
    assert_eq!(browser.value("document.querySelectorAll('li.event').length").await, json!(shown.len()));
    assert_eq!(browser.value("document.querySelectorAll('li.gap').length").await, json!(1));
    if let Some(file) = std::env::var_os("HUBBUB_SCREENSHOT") {
        let shot = browser.client.get(format!("{}/screenshot", browser.session)).send().await.unwrap();
        std::fs::write(file, shot.text().await.unwrap()).unwrap();
    }
    browser.close().await;
}

#[tokio::test]
async fn the_page_runs_no_script_that_an_event_holds() {
    let Some(browser) = Browser::open().await else { return };
    let (_server, address, _) = serve(&[], &[]).await;
    browser.go(&format!("http://{address}/?table=t")).await;
    browser.until("watched.opens === 1").await;
    let event = json!({ "x": "<img src=x onerror='window.broken = true'>" }).to_string();
    let request = reqwest::Client::new().post(format!("http://{address}/v1/ingest/t")).body(event);
    soon("an answer", request.send()).await.unwrap();
    browser.until("watched.ids.length === 1").await;
    assert_eq!(browser.value("document.querySelectorAll('#list img').length").await, json!(0));
    assert_eq!(browser.value("window.broken === undefined").await, json!(true));
    browser.close().await;
}

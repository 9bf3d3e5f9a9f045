//! The file in a real browser: what a reader can do with it. Where there is no browser each test says so and passes.

use std::path::Path;

use serde_json::{Value, json};

use super::browser::{Browser, ENTER};
use crate::command_line::{folder, sim};

/// Opens the report of a command, and fails on anything that the page's own policy has stopped.
async fn opened(name: &str, arguments: &[&str]) -> Option<Browser> {
    let browser = Browser::open().await?;
    let folder = folder(name);
    let output = sim(&folder, &[arguments, &["--report", "report.html"]].concat());
    assert!(folder.join("report.html").exists(), "{}", String::from_utf8_lossy(&output.stderr));
    browser.go(&format!("file://{}", folder.join("report.html").display())).await;
    Some(browser)
}

async fn replayed(name: &str) -> Option<Browser> {
    let incident = concat!(env!("CARGO_MANIFEST_DIR"), "/incidents/production-burst.json");
    opened(name, &["replay", incident, "--world", "specified"]).await
}

async fn swept(name: &str) -> Option<Browser> {
    opened(name, &["sweep", "--scenario", "small.toml", "--runs", "30", "--out", "out"]).await
}

/// Moves the pointer to a place in an element, given in parts of its width and height, pressed or not.
async fn point(browser: &Browser, element: &str, x: f64, y: f64, kinds: &[&str]) {
    let script = format!(
        "(() => {{ const e = document.querySelector({element:?}); e.scrollIntoView({{ block: 'center' }}); \
         const r = e.getBoundingClientRect(); return [r.left + r.width * {x}, r.top + r.height * {y}]; }})()"
    );
    let at = browser.value(&script).await;
    let [x, y] = [0, 1].map(|index| at[index].as_f64().unwrap().round());
    let go = json!({ "type": "pointerMove", "duration": 0, "x": x, "y": y });
    let acts = kinds.iter().map(|kind| json!({ "type": kind, "button": 0 }));
    let acts: Vec<Value> = std::iter::once(go).chain(acts).collect();
    let mouse = json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": acts });
    browser.ask("/actions", json!({ "actions": [mouse] })).await;
}

/// Keeps a picture of the page beside its name, where somebody wants to look.
async fn keep(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("HUBBUB_SCREENSHOTS") {
        std::fs::write(Path::new(&folder).join(name), browser.screenshot().await).unwrap();
    }
}

#[tokio::test]
async fn a_table_sorts_by_a_click_or_enter_on_a_head_and_says_so() {
    let Some(browser) = swept("report-sorts").await else { return };
    let table =
        "[...document.querySelectorAll('table')].find(table => table.caption.textContent.startsWith('Every size'))";
    let column = |index: usize| format!("[...{table}.tBodies[0].rows].map(row => row.cells[{index}].textContent)");
    assert_eq!(browser.value(&column(1)).await, json!(["1", "4", "64", "1", "4", "64"]));
    let head = format!("{table}.tHead.rows[0].cells[1]");
    assert_eq!(browser.value(&format!("{head}.getAttribute('aria-sort')")).await, json!("none"));
    browser.value(&format!("{head}.querySelector('button').click()")).await;
    assert_eq!(browser.value(&column(1)).await, json!(["1", "1", "4", "4", "64", "64"]));
    assert_eq!(browser.value(&column(0)).await, json!(["4", "8", "4", "8", "4", "8"]), "equal rows keep their order");
    assert_eq!(browser.value(&format!("{head}.getAttribute('aria-sort')")).await, json!("ascending"));
    browser.value(&format!("{head}.querySelector('button').focus()")).await;
    browser.press(ENTER).await;
    assert_eq!(browser.value(&column(1)).await, json!(["64", "64", "4", "4", "1", "1"]), "as numbers, not as texts");
    assert_eq!(browser.value(&format!("{head}.getAttribute('aria-sort')")).await, json!("descending"));
    browser.close().await;
}

#[tokio::test]
async fn a_figure_shows_the_values_under_the_pointer_and_under_the_arrow_keys() {
    let Some(browser) = swept("report-values").await else { return };
    let tip = "document.querySelector('#drop-rate .tip')";
    assert_eq!(browser.value(&format!("{tip}.hidden")).await, json!(true));
    point(&browser, "#drop-rate .area", 0.06, 0.5, &[]).await;
    let said = browser.value(&format!("{tip}.innerText")).await;
    let said = said.as_str().unwrap();
    assert!(said.starts_with("buffer of a subscriber, in frames: 1\n"), "{said}");
    assert!(said.contains("N = 4: ") && said.contains("N = 8: ") && said.contains(" %, "), "{said}");
    browser.value("document.querySelector('#drop-rate .area').focus()").await;
    browser.press("\u{e014}").await;
    let next = browser.value(&format!("{tip}.innerText")).await;
    assert!(next.as_str().unwrap().starts_with("buffer of a subscriber, in frames: 4\n"), "{next}");
    browser.press("\u{e00c}").await;
    assert_eq!(browser.value(&format!("{tip}.hidden")).await, json!(true));
    browser.close().await;
}

#[tokio::test]
async fn the_timeline_of_an_incident_zooms_to_what_is_dragged_over_and_back() {
    let Some(browser) = replayed("report-zooms").await else { return };
    let shown = "document.querySelector('.shown').textContent";
    let view = "document.querySelector('svg.time').getAttribute('viewBox').split(' ').map(Number)";
    let whole = browser.value(view).await[2].as_f64().unwrap();
    let at_first = browser.value(shown).await;
    point(&browser, ".row .area", 0.25, 0.5, &["pointerDown"]).await;
    point(&browser, ".row .area", 0.5, 0.5, &["pointerUp"]).await;
    let zoomed = browser.value(view).await;
    let [from, span] = [0, 2].map(|index| zoomed[index].as_f64().unwrap() / whole);
    assert!((from - 0.25).abs() < 0.02 && (span - 0.25).abs() < 0.02, "{zoomed} of {whole}");
    assert_ne!(browser.value(shown).await, at_first);
    point(&browser, ".row .area", 0.5, 0.5, &[]).await;
    let now = browser.text(".row .now").await;
    assert!(now.contains(" s: ") && now.contains(" waiting"), "{now}");
    keep(&browser, "zoomed.json").await;
    browser.value("document.querySelector('.timeline').focus()").await;
    browser.press("0").await;
    assert_eq!(browser.value(shown).await, at_first);
    browser.press("+").await;
    assert_eq!(browser.value(&format!("{view}[2]")).await.as_f64(), Some(whole / 2.0));
    browser.close().await;
}

/// As narrow as a telephone, and dark.
#[tokio::test]
async fn a_report_fits_a_narrow_screen_and_follows_the_colours_of_the_system() {
    let Some(browser) = replayed("report-narrow").await else { return };
    let ground = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(browser.value(ground).await, json!("rgb(255, 255, 255)"), "the style is allowed by its hash");
    keep(&browser, "light.json").await;
    let narrow = json!({ "width": 400, "height": 844, "deviceScaleFactor": 1, "mobile": true });
    browser.ask("/goog/cdp/execute", json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": narrow })).await;
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.ask("/goog/cdp/execute", json!({ "cmd": "Emulation.setEmulatedMedia", "params": dark })).await;
    assert_eq!(browser.value(ground).await, json!("rgb(20, 24, 28)"));
    assert_eq!(browser.value("document.documentElement.scrollWidth").await, json!(400));
    let smallest = "Math.min(...[...document.querySelectorAll('body *')].filter(e => e.textContent.trim() && \
                    e.getClientRects().length).map(e => parseFloat(getComputedStyle(e).fontSize)))";
    assert!(browser.value(smallest).await.as_f64().unwrap() >= 12.0);
    keep(&browser, "narrow-dark.json").await;
    browser.close().await;
}

//! The page in a real browser. Where there is none each test says so and passes.

use serde_json::{Value, json};
use tokio::process::Child;

use crate::command::{serve, serve_at};
use crate::support::browser::{Browser, ENTER};
use crate::support::soon;

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
    assert_eq!(&gap["reason"], &json!("restarted"));
    assert_eq!(&gap["first"], &Value::Null);
    let is_inside = |id: &&String| gap["last"].as_str().is_some_and(|last| place(id) <= place(last));
    let kept = meanwhile.iter().skip_while(is_inside).cloned();
    published.splice(30..30, kept);
    assert_eq!(shown, published, "each once, in order, or inside the gap: {gap}");
    assert!(gap["last"].is_null() || gap["last"] == json!(meanwhile[14]), "{gap}");
    assert_eq!(browser.value("document.getElementById('missing').textContent").await, json!("unknown"));
    assert_eq!(browser.value("document.getElementById('reconnects').textContent").await, json!("1"));
    browser.until(&format!("document.querySelectorAll('li.event').length === {}", shown.len())).await;
    assert_eq!(browser.value("document.querySelectorAll('li.gap').length").await, json!(1));
    if let Some(file) = std::env::var_os("HUBBUB_SCREENSHOT") {
        std::fs::write(file, browser.screenshot().await).unwrap();
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

/// The events that the page shows, the newest first, each as its line has it.
const LINES: &str = "[...document.querySelectorAll('li.event:not([hidden]) .text')].map(text => text.textContent)";

async fn watching(browser: &Browser) -> (Child, String) {
    let (server, address, _) = serve(&[], &[]).await;
    browser.go(&format!("http://{address}/?table=t")).await;
    browser.until("watched.opens === 1").await;
    (server, address)
}

#[tokio::test]
async fn several_tables_and_topics_are_watched_and_each_line_says_which_it_is_of() {
    let Some(browser) = Browser::open().await else { return };
    let (_server, address, _) = serve(&[], &[]).await;
    let named = "[...document.querySelectorAll('li.event .table')].map(name => name.textContent)";
    for query in ["table=t&table=u", "topic=ingest.*", "table=u&topic=ingest.t"] {
        browser.go(&format!("http://{address}/?{query}")).await;
        browser.until("watched.opens === 1").await;
        publish(&address, 1).await;
        let request = reqwest::Client::new().post(format!("http://{address}/v1/ingest/u")).body("{\"m\": 1.0}");
        soon("an answer", request.send()).await.unwrap();
        browser.until(&format!("{LINES}.length === 2")).await;
        assert_eq!(browser.value(LINES).await, json!(["{\"m\": 1.0}", "{\"n\":0}"]), "{query}");
        assert_eq!(browser.value(named).await, json!(["u", "t"]), "{query}");
    }
    browser.go(&format!("http://{address}/?table=t")).await;
    browser.until("watched.opens === 1").await;
    publish(&address, 1).await;
    browser.until(&format!("{LINES}.length === 1")).await;
    assert_eq!(browser.value(named).await, json!([]), "one table needs no name");
    browser.close().await;
}

#[tokio::test]
async fn a_pause_holds_the_list_and_counts_what_comes_meanwhile() {
    let Some(browser) = Browser::open().await else { return };
    let (_server, address) = watching(&browser).await;
    publish(&address, 2).await;
    browser.until(&format!("{LINES}.length === 2")).await;
    browser.tab_to("#pause").await;
    browser.press(ENTER).await;
    publish(&address, 3).await;
    browser.until("watched.ids.length === 5").await;
    assert_eq!(browser.text("#events").await, "5");
    assert_eq!(browser.text("#shown").await, "paused: 3 came meanwhile");
    assert_eq!(browser.text("#pause").await, "resume");
    assert_eq!(browser.value(LINES).await, json!(["{\"n\":1}", "{\"n\":0}"]), "as it was");
    browser.press(ENTER).await;
    let all = ["{\"n\":2}", "{\"n\":1}", "{\"n\":0}", "{\"n\":1}", "{\"n\":0}"];
    assert_eq!(browser.value(LINES).await, json!(all), "nothing is left out");
    assert_eq!(browser.text("#shown").await, "");
    browser.close().await;
}

#[tokio::test]
async fn a_filter_hides_events_and_loses_no_count() {
    let Some(browser) = Browser::open().await else { return };
    let (_server, address) = watching(&browser).await;
    publish(&address, 12).await;
    browser.until(&format!("{LINES}.length === 12")).await;
    browser.tab_to("#filter").await;
    browser.press("\"N\":1").await;
    assert_eq!(browser.value(LINES).await, json!(["{\"n\":11}", "{\"n\":10}", "{\"n\":1}"]));
    publish(&address, 2).await;
    browser.until("document.querySelectorAll('li.event').length === 14").await;
    assert_eq!(browser.text("#shown").await, "4 of 14 match");
    assert_eq!(browser.text("#events").await, "14", "also those that are hidden");
    browser.press(&"\u{e003}".repeat(5)).await;
    assert_eq!(browser.value(&format!("{LINES}.length")).await, json!(14), "it is taken back");
    browser.close().await;
}

#[tokio::test]
async fn an_event_opens_to_all_there_is_of_it_as_it_was_published() {
    let Some(browser) = Browser::open().await else { return };
    let (_server, address) = watching(&browser).await;
    let text = format!(r#""{{\\\"c\":,{}""#, "x".repeat(5_000));
    let event = format!(r#"{{"n":12345678901234567890,"a":[],"a":[1e999,{{"b":{text}}}]}}"#);
    let request = reqwest::Client::new().post(format!("http://{address}/v1/ingest/t")).body(event.clone());
    assert_eq!(soon("an answer", request.send()).await.unwrap().status(), 202, "{event}");
    browser.until(&format!("{LINES}.length === 1")).await;
    assert_eq!(browser.value("document.querySelector('li.event pre')").await, Value::Null);
    browser.tab_to("li.event summary").await;
    browser.press(ENTER).await;
    browser.until("document.querySelector('li.event pre') !== null").await;
    let whole = browser.text("li.event pre").await;
    let first = "{\n  \"n\": 12345678901234567890,\n  \"a\": [],\n  \"a\": [\n    1e999,\n    {\n      \"b\": ";
    assert_eq!(whole, format!("{first}{text}\n    }}\n  ]\n}}"));
    let id = browser.value("watched.ids[0]").await;
    assert_eq!(browser.text("li.event .id").await, format!("id {}", id.as_str().unwrap()));
    browser.press(ENTER).await;
    browser.until("!document.querySelector('li.event details').open").await;
    browser.close().await;
}

#[tokio::test]
async fn the_page_says_when_an_event_came_what_to_publish_and_why_it_shows_nothing() {
    let Some(browser) = Browser::open().await else { return };
    let (_server, address) = watching(&browser).await;
    assert_eq!(browser.text("#curl").await, format!("curl -d '{{\"hello\":\"world\"}}' http://{address}/v1/ingest/t"));
    assert_eq!(browser.value("document.getElementById('empty').hidden").await, json!(false));
    publish(&address, 1).await;
    browser.until("document.querySelector('li.event .age')?.textContent === '1 s ago'").await;
    assert_eq!(browser.value("document.getElementById('empty').hidden").await, json!(true), "there is an event");
    let age = browser.value("Date.now() - Date.parse(document.querySelector('li.event time').dateTime)").await;
    assert!((1_000.0..60_000.0).contains(&age.as_f64().unwrap()), "{age}");
    browser
        .until("document.getElementById('minute').textContent === 'last minute: 1 a second at most, 1 in all'")
        .await;
    assert_eq!(browser.value("document.querySelectorAll('main #list, header [role=status]').length").await, json!(2));

    for (query, why) in
        [("table=a.b", "has '.'"), ("topic=%3E", "does not begin with ingest."), ("table=x%27;id", "has '\\''")]
    {
        browser.go(&format!("http://{address}/?{query}")).await;
        browser.until("document.getElementById('state').textContent.startsWith('refused: ')").await;
        let said = browser.text("#state").await;
        assert!(said.contains(why), "{query}: {said}");
        assert_eq!(browser.text("#curl").await, "", "no name that is none gets into a line for a shell");
    }
    browser.close().await;
}

/// As narrow as a telephone.
#[tokio::test]
async fn on_a_narrow_screen_an_event_has_two_lines_and_nothing_sticks_out() {
    let Some(browser) = Browser::open().await else { return };
    let narrow = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true });
    let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": narrow });
    browser.ask("/goog/cdp/execute", command).await;
    let (_server, address) = watching(&browser).await;
    let event = json!({ "build": "x".repeat(300) }).to_string();
    let request = reqwest::Client::new().post(format!("http://{address}/v1/ingest/t")).body(event);
    soon("an answer", request.send()).await.unwrap();
    browser.until(&format!("{LINES}.length === 1")).await;
    assert_eq!(browser.value("document.documentElement.scrollWidth").await, json!(390));
    let text = browser.value("document.querySelector('li.event .text').getBoundingClientRect().toJSON()").await;
    assert!(text["width"].as_f64().unwrap() > 300.0 && text["height"].as_f64().unwrap() > 40.0, "{text}");
    browser.close().await;
}

//! nginx, HAProxy and Caddy in front of the server, with the files of `deploy/`: streams begin at once, resume without a
//! hole, hide little, and leaves are noticed.

use hubbub::{Overflow, ServerSettings};
use hubbub_sim::internals::summary::probed::{Found, Proxies, ProxyRow};
use serde_json::Value;

use super::started::{Kind, Proxy};
use super::{BUFFER, Probed, probe};
use crate::command_line::folder;

/// A proxy with the file of `deploy/` in front of a server, probed; `None` where there is no such proxy.
fn probed(kind: Kind, configuration: &str, name: &str, more: &[&str]) -> Option<Value> {
    let probed = Probed::start(Overflow::DropNewest);
    let folder = folder(name);
    let proxy = Proxy::start(kind, configuration, probed.address, &folder)?;
    let urls = probed.urls(&format!("http://{}", proxy.address));
    let more = more.iter().map(|option| (*option).to_owned()).collect::<Vec<_>>();
    Some(probe(&folder, &[urls, probed.debug(), more].concat()))
}

/// What every proxy must do with the file of `deploy/`. What a proxy holds back waits for the next event or a keepalive, so
/// a bound of seconds finds it on a machine that is busy, too.
fn streams_at_once(kind: Kind, found: &Value) {
    let name = kind.name();
    assert_eq!(found["head_before_event"].as_bool(), Some(true), "{name}: {found}");
    assert_eq!(found["resumes"].as_bool(), Some(true), "{name}: {found}");
    let compression = &found["compression"];
    assert!(compression["coding"].is_null(), "{name} compresses: {found}");
    let times = ["head_ms", "event_ms", "resume_ms", "leave_noticed_ms"].map(|time| (time, &found[time]));
    let compressed = ["resume_ms", "event_ms"].map(|time| (time, &compression[time]));
    for (time, ms) in times.into_iter().chain(compressed) {
        assert!(ms.as_f64().is_some_and(|ms| ms < 3000.0), "{name}: {time}: {found}");
    }
}

#[test]
fn nginx_streams_at_once_and_hides_little() {
    let Some(found) = probed(Kind::Nginx, &Kind::Nginx.configuration(), "proxy-nginx", &[]) else { return };
    streams_at_once(Kind::Nginx, &found);
    assert!(found["hidden_frames"].as_u64().unwrap() < 2500, "{found}");
}

#[test]
fn haproxy_streams_at_once_and_hides_little() {
    let Some(found) = probed(Kind::HaProxy, &Kind::HaProxy.configuration(), "proxy-haproxy", &[]) else { return };
    streams_at_once(Kind::HaProxy, &found);
    assert!(found["hidden_frames"].as_u64().unwrap() < 2500, "{found}");
}

#[test]
fn caddy_streams_at_once() {
    let configuration = Kind::Caddy.configuration();
    // What its sockets hide is the system's affair, and takes long to fill.
    let more = ["--most-frames", "200"];
    let Some(found) = probed(Kind::Caddy, &configuration, "proxy-caddy", &more) else { return };
    streams_at_once(Kind::Caddy, &found);
}

/// A row of the table, and what the proxy is told.
type Row = (&'static str, Option<(Kind, String)>);

/// What a first attempt says, and what `deploy/` has.
fn rows() -> Vec<Row> {
    let nginx = |location: &str| {
        let server = format!("listen 127.0.0.1:8000; location / {{ proxy_pass http://127.0.0.1:8080; {location} }}");
        format!("events {{}} http {{ access_log off; server {{ {server} }} }}")
    };
    let times = "timeout connect 5s\n timeout client 60s\n timeout server 60s\n";
    let haproxy = |more: &str| {
        let ends = "frontend f\n bind 127.0.0.1:8000\n default_backend b\nbackend b\n server s 127.0.0.1:8080\n";
        format!("defaults\n mode http\n {times}{more}{ends}")
    };
    let caddy = |more: &str| {
        format!("{{\n admin off\n}}\nhttp://127.0.0.1:8000 {{\n {more}\n reverse_proxy 127.0.0.1:8080\n}}\n")
    };
    let shipped = |kind: Kind| Some((kind, kind.configuration()));
    vec![
        ("", None),
        ("`proxy_pass` alone", Some((Kind::Nginx, nginx("")))),
        (
            "HTTP/1.1, `gzip` for events",
            Some((Kind::Nginx, nginx("proxy_http_version 1.1; gzip on; gzip_types text/event-stream;"))),
        ),
        ("`deploy/nginx.conf`", shipped(Kind::Nginx)),
        ("`mode http` alone", Some((Kind::HaProxy, haproxy("")))),
        ("`deploy/haproxy.cfg`", shipped(Kind::HaProxy)),
        ("`reverse_proxy` alone", Some((Kind::Caddy, caddy("")))),
        ("`encode gzip` for all", Some((Kind::Caddy, caddy("encode gzip")))),
        ("`deploy/Caddyfile`", shipped(Kind::Caddy)),
    ]
}

/// Writes `plots/proxies/proxies.json`, from which `cargo sim docs` fills the page.
#[test]
#[ignore = "a measurement of some minutes: just proxies"]
fn measures_what_proxies_hide() {
    let mut measured = Vec::new();
    for (settings, proxy) in rows() {
        let probed = Probed::start(Overflow::DropNewest);
        let folder = folder("proxies-measured");
        let options = [probed.debug(), vec!["--most-time".to_owned(), "2m".to_owned()]].concat();
        let (name, found) = match proxy {
            None => (String::new(), probe(&folder, &[probed.urls(&probed.plain()), options].concat())),
            Some((kind, configuration)) => {
                let proxy = Proxy::start(kind, &configuration, probed.address, &folder);
                let proxy = proxy.unwrap_or_else(|| panic!("{} is needed", kind.name()));
                let urls = probed.urls(&format!("http://{}", proxy.address));
                (kind.version(), probe(&folder, &[urls, options].concat()))
            }
        };
        eprintln!("{name} {settings}: {found}");
        let mut found: Found = serde_json::from_value(found).unwrap();
        // Ports that are gone tell nobody anything.
        found.command = String::new();
        found.stream = String::new();
        measured.push(ProxyRow { proxy: name, settings: settings.to_owned(), found });
    }
    let proxies = Proxies {
        schema: "hubbub.proxies/1".to_owned(),
        command: "just proxies".to_owned(),
        buffer: BUFFER,
        keepalive_seconds: ServerSettings::default().keepalive.as_secs(),
        rows: measured,
    };
    let out = format!("{}/../plots/proxies", env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(&out).unwrap();
    let text = serde_json::to_string_pretty(&proxies).unwrap() + "\n";
    std::fs::write(format!("{out}/proxies.json"), text).unwrap();
}

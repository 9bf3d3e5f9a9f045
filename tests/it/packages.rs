//! The files in `deploy/`: what they name exists, and the tools that read them take them.

use std::collections::BTreeSet;
use std::process::Command;

use crate::command::output;
use crate::support::{Served, Setup, soon};

fn deploy(name: &str) -> String {
    std::fs::read_to_string(format!("{}/deploy/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The names in a text that begin as a metric does.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("hubbub_")).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_metric_that_the_dashboard_and_the_alerts_name_is_in_a_scrape() {
    let served = Served::start(Setup::default());
    let scrape = soon("an answer", reqwest::get(served.url("/metrics"))).await.unwrap().text().await.unwrap();
    let samples = scrape.lines().filter(|line| !line.starts_with('#'));
    let there: BTreeSet<_> = samples.map(|line| line.split([' ', '{']).next().unwrap().to_owned()).collect();
    for file in ["grafana-dashboard.json", "prometheus-rules.yml"] {
        let named = metrics(&deploy(file));
        assert!(named.len() > 5, "{file}");
        let missing: Vec<_> = named.difference(&there).collect();
        assert!(missing.is_empty(), "{file}: {missing:?}");
    }
    let board: serde_json::Value = serde_json::from_str(&deploy("grafana-dashboard.json")).unwrap();
    assert!(board["panels"].as_array().unwrap().iter().all(|panel| panel["description"].is_string()));
}

#[test]
fn promtool_takes_the_alerts() {
    let rules = format!("{}/deploy/prometheus-rules.yml", env!("CARGO_MANIFEST_DIR"));
    match Command::new("promtool").args(["check", "rules", &rules]).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => eprintln!("skipped: there is no promtool here (Debian: apt-get install prometheus)"),
    }
}

#[tokio::test]
async fn promtool_takes_a_scrape() {
    let served = Served::start(Setup::default());
    let scrape = soon("an answer", reqwest::get(served.url("/metrics"))).await.unwrap().text().await.unwrap();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("scrape.txt");
    std::fs::write(&path, scrape).unwrap();
    let check = format!("promtool check metrics < '{}'", path.display());
    if Command::new("promtool").arg("--version").output().is_err() {
        eprintln!("skipped: there is no promtool here (Debian: apt-get install prometheus)");
        return;
    }
    let output = Command::new("sh").args(["-c", &check]).output().unwrap();
    // It reads the older text format, in which the last line of OpenMetrics is a comment.
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("error while linting"), "{said}");
}

#[test]
fn the_unit_is_as_closed_as_systemd_can_tell() {
    let unit = format!("{}/deploy/hubbub.service", env!("CARGO_MANIFEST_DIR"));
    match Command::new("systemd-analyze").args(["security", "--offline=true", "--threshold=20", &unit]).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => eprintln!("skipped: there is no systemd-analyze here"),
    }
}

/// The settings of a cluster are as they would be typed, so the command can be asked whether it takes them.
#[tokio::test]
async fn the_command_takes_the_settings_of_the_cluster_files() {
    for (file, pairs) in [("compose.cluster.yml", 4), ("kubernetes.yml", 4)] {
        let text = deploy(file);
        let settings: Vec<_> = text.lines().filter_map(setting).collect();
        assert_eq!(settings.len(), pairs, "{file}: {settings:?}");
        // The keys are a file of the cluster.
        let settings: Vec<_> = settings.into_iter().filter(|(name, _)| *name != "WH_TOKEN_KEYS").collect();
        let output = output(&["config"], &settings).await;
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("source = \"jetstream\"") && shown.contains("nats_replicas = 3"), "{file}: {shown}");
    }
}

/// The variable of a line and its value: `NAME: VALUE`, or `{name: NAME, value: VALUE}`.
fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().trim_start_matches("- {name: ").trim_end_matches('}');
    let (name, value) = line.split_once(", value: ").or_else(|| line.split_once(": "))?;
    name.starts_with("WH_").then(|| (name, value.trim_matches('"')))
}

/// The image's settings: with these alone the server must refuse to start, and with the word that it is public it
/// must not.
#[test]
fn the_image_is_not_open_by_accident() {
    let image = deploy("Dockerfile");
    assert!(image.contains("USER 65534:65534") && image.contains("HEALTHCHECK"));
    assert!(image.contains("WH_LISTEN=0.0.0.0:8080") && !image.contains("ENV WH_PUBLIC"));
    let compose = deploy("compose.yml");
    assert!(compose.contains("WH_PUBLIC: \"true\"") && compose.contains("127.0.0.1:8080:8080"));
}

#[test]
fn the_image_and_the_programs_of_a_release_are_built_by_the_profile_that_is_for_them() {
    for text in [deploy("Dockerfile"), deploy("../.github/workflows/release.yml")] {
        let builds: Vec<_> = text.lines().filter(|line| line.contains("cargo build ")).collect();
        assert!(!builds.is_empty() && builds.iter().all(|line| line.contains("--profile dist --locked")), "{builds:?}");
        assert!(text.contains("/dist/hubbub\"") && !text.contains("/release/hubbub"));
    }
}

use super::*;
use crate::scenario::Scenario;
use crate::scenario::key::{ANY_NAME, Allowed, Without};

/// A file with what its tables require, and one key more or with another value; of these kinds.
fn file(section: &Section, kind: Option<&str>, key: &str, value: &str) -> String {
    let mut text = String::new();
    for part in SECTIONS.iter().filter(|part| part.is_required || part.name == section.name) {
        let is_it = part.name == section.name;
        let replays = part.name == "arrivals" && kind == Some("from-trace");
        let kind = if is_it {
            kind
        } else if replays {
            Some("trace")
        } else {
            part.kinds.first().copied()
        };
        match (part.name, part.is_list) {
            ("", _) => {}
            (name, true) => text.push_str(&format!("[[{name}]]\n")),
            (name, false) => text.push_str(&format!("[{name}]\n")),
        }
        for other in part.keys.iter().filter(|other| other.is_of(kind)) {
            let is_key = is_it && other.name == key;
            let is_in_its_place = is_it
                && (other.name == "reads" && key.starts_with("reads.") && !is_key
                    || other.name == "share" && key == "count");
            let goes_along = is_it && other.name.starts_with("reads.stalls") && key.starts_with("reads.stalls")
                || is_it
                    && other.name.starts_with("outages")
                    && key.starts_with("outages")
                    && other.name != "outages.packets"
                || [("", "duration_seconds"), ("", "subscribers"), ("class", "share")]
                    .contains(&(part.name, other.name));
            let example = match (part.name, other.name) {
                (_, "kind") => format!("{:?}", kind.unwrap_or_default()),
                ("", "subscribers") => "[10]".to_owned(),
                _ => other.example.to_owned(),
            };
            if is_key {
                text.push_str(&format!("{key} = {value}\n"));
            } else if (other.is_required() || goes_along) && !is_in_its_place {
                text.push_str(&format!("{} = {example}\n", other.name));
            }
        }
        if is_it && part.keys.iter().all(|other| other.name != key) {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    text
}

/// Tables whose keys are names of the author's own: nothing there is unknown.
fn has_any_key(section: &Section) -> bool {
    section.keys.iter().any(|key| key.name == ANY_NAME)
}

/// Every table, once for each of its kinds.
fn tables() -> impl Iterator<Item = (&'static Section, Option<&'static str>)> {
    SECTIONS.iter().flat_map(|section| {
        let kinds: Vec<_> = section.kinds.iter().copied().map(Some).collect();
        let kinds = if kinds.is_empty() { vec![None] } else { kinds };
        kinds.into_iter().map(move |kind| (section, kind))
    })
}

fn read(text: &str) -> Result<Scenario, String> {
    Scenario::parse("x.toml", text).map_err(|why| why.to_string())
}

#[test]
fn the_example_of_every_key_is_accepted_by_every_kind_that_has_it() {
    for (section, kind) in tables() {
        for key in section.keys.iter().filter(|key| key.is_of(kind) && key.name != "kind") {
            let text = file(section, kind, key.name, key.example);
            read(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
        }
    }
}

#[test]
fn a_value_outside_the_range_in_the_table_is_refused_and_the_limits_are_told() {
    for (section, kind) in tables() {
        for key in section.keys.iter().filter(|key| key.is_of(kind)) {
            let outside = match key.allowed {
                Allowed::Whole(least, most) => {
                    let below = least.checked_sub(1).map(|below| below.to_string());
                    below.into_iter().chain([(most + 1).to_string()]).collect()
                }
                Allowed::Number(least, most) => vec![format!("{:?}", least - 1e-3), format!("{:?}", most * 1.01)],
                Allowed::Above(most) => vec!["0.0".to_owned(), "0".to_owned(), format!("{:?}", most * 1.01)],
                Allowed::Pair(least, most) => {
                    vec![format!("[{:?}, 50]", least / 2.0), format!("[1, {:?}]", most * 1.01)]
                }
                Allowed::Grid(most) => vec!["[0]".to_owned(), format!("[{}]", most + 1)],
                Allowed::Text(_) => Vec::new(),
            };
            for value in outside {
                let why = read(&file(section, kind, key.name, &value)).map(drop).unwrap_err();
                assert!(why.contains(key.name) && why.contains("must be"), "{} = {value}: {why}", key.name);
            }
        }
    }
}

#[test]
fn what_a_table_s_default_says_is_what_holds_without_the_key() {
    for (section, kind) in tables() {
        for key in section.keys.iter().filter(|key| key.is_of(kind)) {
            if let Without::Default(default) = key.without {
                let with = read(&file(section, kind, key.name, &default())).unwrap();
                let text = file(section, kind, key.name, &default());
                let line = format!("{} = {}\n", key.name, default());
                let without = match key.name {
                    // A default that three sizes of class do not need.
                    "subscribers" => continue,
                    _ => read(&text.replacen(&line, "", 1)).unwrap(),
                };
                // As text: what a scenario is told apart by, whether a value was given or is the default.
                let [with, without] = [with, without].map(|scenario| format!("{:?}", scenario.settings()));
                assert_eq!(with, without, "{}", key.name);
            }
        }
    }
}

/// What the reader of the file says, which knows nothing of the table.
fn of_serde(text: &str) -> String {
    toml::from_str::<crate::scenario::Settings>(text).unwrap_err().message().to_owned()
}

/// What serde says that it expects where a key is unknown.
fn expected(section: &Section, kind: Option<&str>, key: &str) -> Vec<String> {
    let why = of_serde(&file(section, kind, key, "1"));
    let (_, list) = why.split_once("expected ").unwrap_or_else(|| panic!("{why}"));
    list.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

#[test]
fn the_table_has_every_key_that_a_file_may_have_and_no_other() {
    let nested = |section: &str| match section {
        "" => &["tables", "server", "arrivals", "payload", "objective", "class", "fault"][..],
        "server" => &["cpu", "recovery"],
        "class" => &["reads", "path", "objective"],
        "class.path" => &["outages"],
        _ => &[],
    };
    for (section, kind) in tables().filter(|(section, _)| !has_any_key(section)) {
        let mut accepted = expected(section, kind, "no_such_key");
        accepted.retain(|name| !nested(section.name).contains(&name.as_str()));
        let mut known: Vec<_> = section.keys.iter().filter(|key| key.is_of(kind)).map(|key| key.name).collect();
        known.retain(|name| *name != "kind" && !name.starts_with("reads") && !name.starts_with("outages"));
        accepted.sort_unstable();
        known.sort_unstable();
        assert_eq!(accepted, known, "[{}] {kind:?}", section.name);
    }
    let class = SECTIONS.iter().find(|section| section.name == "class").unwrap();
    let path = SECTIONS.iter().find(|section| section.name == "class.path").unwrap();
    assert_eq!(expected(path, None, "outages.no_such_key"), ["after_seconds", "for_seconds", "packets"]);
    assert_eq!(expected(class, None, "reads.speed"), ["rate", "stalls"]);
    assert_eq!(expected(class, None, "reads.rate.no_such_key"), ["bytes_per_second"]);
    assert_eq!(expected(class, None, "reads.stalls.no_such_key"), ["after_seconds", "for_seconds"]);
}

#[test]
fn the_table_has_every_kind_that_there_is() {
    for section in SECTIONS.iter().filter(|section| !section.kinds.is_empty()) {
        let mut known: Vec<_> = section.kinds.to_vec();
        let text = file(section, section.kinds.first().copied(), "kind", "\"no-such-kind\"");
        let why = of_serde(&text);
        let (_, list) = why.split_once("expected one of ").unwrap_or_else(|| panic!("{why}"));
        let mut accepted: Vec<_> = list.split('`').skip(1).step_by(2).collect();
        accepted.sort_unstable();
        known.sort_unstable();
        assert_eq!(accepted, known);
    }
}

#[test]
fn the_page_of_scenarios_is_what_the_table_says() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenarios.md");
    let published = std::fs::read_to_string(file).unwrap_or_default();
    assert!(published == crate::scenario::page(), "docs/scenarios.md is another: cargo sim docs writes it anew");
}

#[test]
fn the_faults_that_the_page_of_the_model_lists_have_the_keys_of_the_table() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fidelity.md");
    let page = std::fs::read_to_string(file).unwrap();
    let section = SECTIONS.iter().find(|section| section.name == "fault").unwrap();
    for kind in section.kinds {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{kind}` |"))).unwrap();
        let fields = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let mut listed: Vec<_> = fields.split('`').skip(1).step_by(2).collect();
        let keys = section.keys.iter().filter(|key| key.is_of(Some(kind))).map(|key| key.name);
        let mut known: Vec<_> = keys.filter(|name| !["kind", "at_seconds"].contains(name)).collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known, "{kind}");
    }
}

#[test]
fn a_new_scenario_is_complete_and_gives_no_warning() {
    let text = crate::scenario::template("my-load");
    let scenario = read(&text).unwrap();
    assert_eq!(scenario.settings().name, "my-load");
    let subscribers = &scenario.settings().subscribers;
    assert!(subscribers.iter().all(|subscribers| scenario.warnings(*subscribers).is_empty()));
    for section in &SECTIONS {
        let kind = section.kinds.first().copied();
        for key in section.keys.iter().filter(|key| key.is_of(kind)) {
            let is_there =
                text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{} = ", key.name)));
            assert!(is_there, "{}", key.name);
        }
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120));
}

/// The number of the line that begins with this text.
fn line_of(text: &str, start: &str) -> usize {
    text.lines().position(|line| line.starts_with(start)).unwrap() + 1
}

#[test]
fn an_unknown_key_of_any_table_is_named_with_its_own_line() {
    for (section, kind) in tables().filter(|(section, _)| !has_any_key(section)) {
        let text = file(section, kind, "no_such_key", "1");
        let why = read(&text).map(drop).unwrap_err();
        let expected = format!("x.toml:{}: `no_such_key = 1`: unknown field `no_such_key`", line_of(&text, "no_such"));
        assert!(why.starts_with(&expected), "{why}\n{expected}");
    }
}

#[test]
fn a_value_of_another_type_is_named_with_the_line_of_its_own_key() {
    for (section, kind) in tables() {
        for key in section.keys.iter().filter(|key| key.is_of(kind) && key.name != "kind") {
            let (value, said) = match (key.allowed, key.unit) {
                (Allowed::Text(_), "text" | "path" | "text or table") => ("5", "integer `5`"),
                _ => ("\"2m\"", "string \"2m\""),
            };
            let text = file(section, kind, key.name, value);
            let why = read(&text).map(drop).unwrap_err();
            let line = line_of(&text, &format!("{} = {value}", key.name));
            assert!(why.starts_with(&format!("x.toml:{line}: `{} = {value}`: ", key.name)), "{why}");
            assert!(why.contains(said), "{why}");
        }
    }
}

/// Uncomments what the template says may be uncommented, as its reader would.
#[test]
fn a_key_of_a_new_scenario_can_be_uncommented_as_its_comment_says() {
    let template = crate::scenario::template("my-load");
    let lines: Vec<&str> = template.lines().collect();
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("# ") && line.contains(" = ")) {
        let key = line.trim_start_matches("# ").split(" = ").next().unwrap();
        let is_key = SECTIONS.iter().any(|section| section.keys.iter().any(|other| other.name == key));
        let header = lines[..place].iter().rev().find(|line| line.trim_start_matches("# ").starts_with('['));
        if !is_key || header.is_some_and(|header| header.starts_with('#')) {
            continue;
        }
        let is_comment =
            |line: &&&str| line.starts_with("# ") && !line.trim_start_matches("# reads").starts_with(&[' ', '.'][..]);
        let told: String = lines[..place].iter().rev().take_while(is_comment).copied().collect();
        let together = key.starts_with("reads.stalls");
        let text: Vec<String> = lines
            .iter()
            .enumerate()
            .filter(|(_, other)| {
                let name = other.split(" = ").next().unwrap_or_default();
                !told.contains(&format!("delete the line `{name} = …`")) || other.starts_with('#')
            })
            .map(|(at, other)| {
                let is_on = at == place || together && other.starts_with("# reads.stalls.");
                if is_on { other.trim_start_matches("# ").to_owned() } else { (*other).to_owned() }
            })
            .collect();
        let sum = if key == "count" { "subscribers = [10]\n" } else { "" };
        read(&format!("{sum}{}", text.join("\n"))).unwrap_or_else(|why| panic!("{key}: {why}"));
    }
}

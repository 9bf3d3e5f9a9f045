use super::*;
use crate::mailbox::{Capacity, MAX_CAPACITY};
use crate::server::DEFAULT_SSE_CHANNEL_BUFFER;

pub(super) type Pair = (&'static str, &'static str);

pub(super) fn load(text: &str, environment: &[Pair]) -> Result<Config, Vec<String>> {
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let loaded = Config::load(Some(ConfigFile { name: "hub.toml", text }), environment);
    loaded.map_err(|refusals| refusals.iter().map(ToString::to_string).collect())
}

fn buffer(frames: usize) -> Config {
    Config { sse_channel_buffer: Capacity::new(frames).unwrap(), ..Config::default() }
}

#[test]
fn what_nobody_sets_has_its_default() {
    assert_eq!(Config::load(None, []), Ok(Config::default()));
    assert_eq!(load("", &[]), Ok(Config::default()));
    assert_eq!(load("[server]\n", &[("PATH", "/bin"), ("WHO", "me")]), Ok(Config::default()));
    assert_eq!(Config::default().sse_channel_buffer.frames(), DEFAULT_SSE_CHANNEL_BUFFER);
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let file = "[server]\nsse_channel_buffer = 7\n";
    assert_eq!(load(file, &[]), Ok(buffer(7)));
    assert_eq!(load(file, &[("WH_SSE_CHANNEL_BUFFER", "9")]), Ok(buffer(9)));
}

#[test]
fn the_smallest_and_the_largest_buffer_are_taken() {
    assert_eq!(load("", &[("WH_SSE_CHANNEL_BUFFER", "1")]), Ok(buffer(1)));
    assert_eq!(load("", &[("WH_SSE_CHANNEL_BUFFER", "1048576")]), Ok(buffer(MAX_CAPACITY)));
}

#[test]
fn a_bad_value_in_the_file_is_refused_in_one_line() {
    let buffers = ["0", "-1", "1048577", "9223372036854775808", "1e3", "1.5", "64.0", "nan", "\"64\"", "true", "[64]"];
    for value in buffers.into_iter().chain(["{}", "2026-01-01", "'''a'''"]) {
        let line = format!("hub.toml:2: server.sse_channel_buffer = {value}: must be 1 ..= 1048576");
        assert_eq!(load(&format!("[server]\nsse_channel_buffer = {value}\n"), &[]), Err(vec![line]));
    }
    for (text, line) in [
        ("listen = 8080", "listen = 8080: must be an IP address and a port, as 127.0.0.1:8080"),
        ("listen = ''", "listen = '': must be an IP address and a port, as 127.0.0.1:8080"),
        ("listen = 'localhost:80'", "listen = 'localhost:80': must be an IP address and a port, as 127.0.0.1:8080"),
        (
            "overflow = 'Drop-Newest'",
            "overflow = 'Drop-Newest': must be drop-newest, drop-oldest, conflate, disconnect or park",
        ),
        ("sse_channel_bytes = 0", "sse_channel_bytes = 0: must be none or 1 ..= 1073741824"),
        ("sse_channel_age_ms = 'all'", "sse_channel_age_ms = 'all': must be none or 1 ..= 86400000"),
        (
            "conflate_key = 'a..b'",
            "conflate_key = 'a..b': must be none or names of members separated by dots, as build.id",
        ),
        ("history_bytes = 0", "history_bytes = 0: must be 1 ..= 1073741824"),
        ("gap_notices = true", "gap_notices = true: must be on or off"),
        ("keepalive_seconds = 0", "keepalive_seconds = 0: must be 1 ..= 86400"),
        ("write_deadline_seconds = 0.3", "write_deadline_seconds = 0.3: must be 1 ..= 86400"),
        ("max_ingest_bytes = -5", "max_ingest_bytes = -5: must be 1 ..= 67108864"),
        ("shutdown_grace_seconds = 3601", "shutdown_grace_seconds = 3601: must be 0 ..= 3600"),
        ("max_header_bytes = 1023", "max_header_bytes = 1023: must be 1024 ..= 1048576"),
        ("max_connections = 1", "max_connections = 1: must be 2 ..= 1000001"),
        ("allowed_origins = 1", "allowed_origins = 1: must be a list of origins, as https://app.example, or *"),
        ("allowed_origins = [1]", "allowed_origins = [1]: must be a list of origins, as https://app.example, or *"),
        ("allowed_origins = ['a']", "allowed_origins = ['a']: must be a list of origins, as https://app.example, or *"),
        ("publish_token = 'a b'", "publish_token = (not shown): must be 1 to 512 visible ASCII characters"),
        ("log_level = 'trace'", "log_level = 'trace': must be error, warn, info or debug"),
        ("public = 'true'", "public = 'true': must be true or false"),
        ("public = 1", "public = 1: must be true or false"),
        (
            "admin_listen = '9090'",
            "admin_listen = '9090': must be none, or an IP address and a port, as 127.0.0.1:9090",
        ),
        (
            "token_keys = ''",
            "token_keys = '': must be none, or the path of a JWKS, of public keys in PEM, or of one HS256 secret",
        ),
        ("token_audience = ''", "token_audience = '': must be none, or a name"),
        ("log_format = 'xml'", "log_format = 'xml': must be text or json"),
        ("listen = '''\n'''", "listen = '''\\n''': must be an IP address and a port, as 127.0.0.1:8080"),
    ] {
        assert_eq!(load(&format!("[server]\n{text}\n"), &[]), Err(vec![format!("hub.toml:2: server.{line}")]));
    }
}

#[test]
fn a_bad_value_in_the_environment_is_refused_in_one_line() {
    let huge = "123456789".repeat(10);
    let shown = format!("\"{}…", &huge[..59]);
    for (value, shown) in [
        ("0", "0"),
        ("1048577", "1048577"),
        ("-1", "\"-1\""),
        ("+1", "\"+1\""),
        ("1.5", "\"1.5\""),
        (" 64", "\" 64\""),
        ("", "\"\""),
        ("many\n", "\"many\\n\""),
        ("٦٤", "\"٦٤\""),
        (&huge, &shown),
    ] {
        let pair = [(OsString::from("WH_SSE_CHANNEL_BUFFER"), OsString::from(value))];
        let refusals = Config::load(None, pair).unwrap_err();
        let line = format!("WH_SSE_CHANNEL_BUFFER: server.sse_channel_buffer = {shown}: must be 1 ..= 1048576");
        assert_eq!(refusals.iter().map(ToString::to_string).collect::<Vec<_>>(), [line]);
    }
}

#[test]
fn what_is_no_setting_is_refused_with_what_there_is() {
    let keys = "listen, public, admin_listen, sse_channel_buffer, ws_channel_buffer, sse_channel_bytes, sse_channel_age_ms, overflow, conflate_key, policies, \
                history_events, history_bytes, gap_notices, keepalive_seconds, retry_ms, write_deadline_seconds, \
                user_timeout_seconds, request_timeout_seconds, shutdown_grace_seconds, socket_unsent_bytes, \
                frames_per_write, max_subscribers, max_connections, max_publishes, max_ingest_bytes, max_header_bytes, publish_token, \
                token_keys, token_audience, allowed_origins, source, nats_url, nats_credentials, nats_stream, nats_cluster, nats_replicas, \
                nats_stream_bytes, nats_stream_age_seconds, nats_ack_seconds, nats_grace_seconds, nats_replay_events, nats_replay_bytes, log_level or log_format";
    for (text, line) in [
        ("[server]\nbuffer = 1", format!("hub.toml:2: server.buffer: no such setting: must be {keys}")),
        ("port = 1", "hub.toml:1: port: no such setting: must be in the one section, [server]".to_owned()),
        ("[servr]\nx = 1", "hub.toml:1: servr: no such setting: must be in the one section, [server]".to_owned()),
        ("server = 1", "hub.toml:1: server = 1: must be a section, [server]".to_owned()),
        ("[[server]]", "hub.toml:1: server = [[server]]: must be a section, [server]".to_owned()),
    ] {
        assert_eq!(load(text, &[]), Err(vec![line]));
    }
    let refused = load("", &[("WH_SSE_BUFFER", "1"), ("WH_", "")]).unwrap_err();
    assert!(
        refused[0].starts_with("environment: WH_: no such setting: must be WH_LISTEN, WH_PUBLIC, WH_ADMIN_LISTEN, ")
    );
    assert!(refused[1].starts_with("environment: WH_SSE_BUFFER: no such setting: must be WH_LISTEN, "));
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    for (text, place) in [
        ("[server]\nlisten = \n", "hub.toml:2: "),
        ("[server\n", "hub.toml:1: "),
        ("[server]\n[server]\n", "hub.toml:2: "),
    ] {
        let refused = load(text, &[]).unwrap_err();
        assert!(refused.len() == 1 && refused[0].starts_with(&format!("{place}invalid TOML: ")), "{refused:?}");
        assert!(!refused[0].contains('\n'), "{refused:?}");
    }
}

#[test]
fn every_offender_is_named_also_where_another_source_overrides_it() {
    let file = "[server]\noverflow = 1\nx = 1\nlisten = 1\n";
    let pairs = [("WH_OVERFLOW", "drop-oldest"), ("WH_LISTEN", "here"), ("WH_KEEPALIVE_SECONDS", "0")];
    let refused = load(file, &pairs).unwrap_err();
    let starts = ["hub.toml:2: ", "hub.toml:3: ", "hub.toml:4: ", "WH_KEEPALIVE_SECONDS: ", "WH_LISTEN: "];
    assert_eq!(refused.len(), starts.len(), "{refused:?}");
    refused.iter().zip(starts).for_each(|(line, start)| assert!(line.starts_with(start), "{line}"));
}

#[test]
fn the_help_names_every_setting_with_its_variable_and_default() {
    assert!(help().lines().all(|line| line.len() <= 80));
    assert_eq!(help().matches(" WH_").count(), table::SETTINGS.iter().count());
    let line = format!("sse_channel_buffer      WH_SSE_CHANNEL_BUFFER      {DEFAULT_SSE_CHANNEL_BUFFER}\n");
    assert!(help().contains(&line), "{}", help());
}

#[test]
fn settings_that_do_not_fit_together_are_refused_by_the_one_that_was_set() {
    let lines = load("[server]\nmax_connections = 5\n", &[]).unwrap_err();
    assert_eq!(lines, ["hub.toml:2: server.max_connections = 5: must be above server.max_subscribers, which is 10000"]);
    let lines = load("", &[("WH_MAX_SUBSCRIBERS", "11000")]).unwrap_err();
    let line =
        "WH_MAX_SUBSCRIBERS: server.max_subscribers = 11000: must be below server.max_connections, which is 11000";
    assert_eq!(lines, [line]);
    assert!(load("[server]\nmax_connections = 5\n", &[("WH_MAX_SUBSCRIBERS", "4")]).is_ok());
    let lines = load("[server]\nwrite_deadline_seconds = 60\n", &[]).unwrap_err();
    let line = "hub.toml:2: server.write_deadline_seconds = 60: must be below server.user_timeout_seconds, which is 40";
    assert_eq!(lines, [line]);
}

#[test]
fn a_policy_that_lacks_what_it_needs_is_refused_where_it_was_set() {
    let lines = load("[server]\noverflow = 'park'\nhistory_events = 0\n", &[]).unwrap_err();
    assert_eq!(lines, ["hub.toml:3: server.history_events = 0: must be at least 1 where a policy is park"]);
    assert!(load("[server]\noverflow = 'park'\n", &[]).is_ok(), "there is a history by default");
    let lines = load("", &[("WH_OVERFLOW", "conflate")]).unwrap_err();
    let line = "WH_OVERFLOW: server.overflow = \"conflate\": must be another policy, or server.conflate_key set";
    assert_eq!(lines, [line]);
    let policy = [("WH_POLICIES", "a conflate")];
    let line = "WH_POLICIES: server.policies = \"a conflate\": must be given a key=, where it conflates";
    assert_eq!(load("", &policy).unwrap_err(), [line]);
    assert!(load("[server]\nconflate_key = 'id'\noverflow = 'conflate'\n", &policy).is_ok());
    let lines = load("[server]\npolicies = ['a keep']\n", &[]).unwrap_err();
    let start = "hub.toml:2: server.policies = ['a keep']: must be a list of PATTERN POLICY, with frames=";
    assert!(lines.len() == 1 && lines[0].starts_with(start), "{lines:?}");
}

#[test]
fn a_setting_or_a_policy_that_could_never_hold_is_refused() {
    let lines = load("", &[("WH_LOG_LEVEL", "warn"), ("WH_LOG_LEVEL", "info")]).unwrap_err();
    assert_eq!(lines, ["WH_LOG_LEVEL: server.log_level: set twice"]);
    for (policies, policy, before) in [
        ("a park, b park, a disconnect", "a disconnect", "a park"),
        ("a.* park, a.b disconnect", "a.b disconnect", "a.* park"),
    ] {
        let line = format!(
            "WH_POLICIES: server.policies = {policy:?}: must be for topics that {before:?} before it does not have"
        );
        assert_eq!(load("", &[("WH_POLICIES", policies)]).unwrap_err(), [line]);
    }
    assert!(load("", &[("WH_POLICIES", "a.b park, a.* disconnect, > park")]).is_ok(), "each has topics of its own");
}

#[test]
fn a_limit_that_is_none_is_written_so() {
    let config = load("[server]\nsse_channel_bytes = 'none'\n", &[("WH_SSE_CHANNEL_AGE_MS", "none")]).unwrap();
    assert_eq!(config.sse_channel_bytes, None);
    assert_eq!(config.sse_channel_age, None);
    let file = ConfigFile { name: "hub.toml", text: "[server]\nsse_channel_bytes = 5\n" };
    let effective = Effective::load(Some(file), [], None).unwrap();
    assert!(effective.show().contains("sse_channel_bytes = 5 ") && effective.show().contains("age_ms = \"none\""));
}

#[test]
fn every_value_is_shown_with_where_it_came_from_but_no_secret() {
    let file = ConfigFile { name: "hub.toml", text: "[server]\nsse_channel_buffer = 7\noverflow = 'disconnect'\n" };
    let environment =
        [("WH_SSE_CHANNEL_BUFFER", "9"), ("WH_PUBLISH_TOKEN", "s3cret")].map(|(a, b)| (a.into(), b.into()));
    let effective = Effective::load(Some(file), environment, "[::1]:1".parse().ok()).unwrap();
    let shown = effective.show();
    for line in [
        "listen = \"[::1]:1\" # set by --listen; default: \"127.0.0.1:8080\"",
        "sse_channel_buffer = 9 # set by WH_SSE_CHANNEL_BUFFER; default: 512",
        "overflow = \"disconnect\" # set by hub.toml:3; default: \"drop-newest\"",
        "max_subscribers = 10000 # default: 10000",
        "# publish_token is set and not shown # set by WH_PUBLISH_TOKEN; default: none",
        "allowed_origins = [] # default: []",
    ] {
        let is_there = shown.lines().any(|shown| shown.split_whitespace().eq(line.split_whitespace()));
        assert!(is_there, "{line} in\n{shown}");
    }
    assert!(!shown.contains("s3cret") && !format!("{effective:?}").contains("s3cret"));
    let again = Config::load(Some(ConfigFile { name: "shown", text: &shown }), []).unwrap();
    let mut wanted = effective.config;
    wanted.server.publish_token = None;
    assert_eq!(again, wanted, "what is shown is a file that gives the same");
}

#[test]
fn an_address_that_others_reach_needs_tokens_or_the_word_that_it_is_public() {
    let allowed = "must be an address of loopback, or server.public = true or server.token_keys set";
    for address in ["0.0.0.0:80", "[::]:80", "192.0.2.1:80", "[::ffff:192.0.2.1]:80"] {
        let file = format!("[server]\nlisten = '{address}'\n");
        let line = format!("hub.toml:2: server.listen = \"{address}\": {allowed}");
        assert_eq!(load(&file, &[]), Err(vec![line]));
        for meant in ["public = true", "token_keys = 'keys'"] {
            assert!(
                load(&format!("{file}{meant}\n"), &[]).is_ok_and(|config| config.is_exposed()),
                "{address} {meant}"
            );
        }
        assert!(load(&format!("{file}publish_token = 'x'\n"), &[]).is_err(), "streams are still open to all");
        assert!(load(&file, &[("WH_PUBLIC", "true")]).is_ok());
        let refused = load(&file, &[("WH_PUBLIC", "yes")]).unwrap_err();
        assert_eq!(refused, ["WH_PUBLIC: server.public = \"yes\": must be true or false"]);
    }
    for address in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
        let config = load(&format!("[server]\nlisten = '{address}'\n"), &[]).unwrap();
        assert!(!config.is_exposed(), "{address}");
    }
    assert!(load("[server]\npublic = true\n", &[]).unwrap().is_exposed(), "a proxy in front of it may be reached");
}

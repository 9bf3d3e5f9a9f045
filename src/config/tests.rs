use super::*;
use crate::mailbox::MAX_CAPACITY;

type Pair = (&'static str, &'static str);

fn load(text: &str, environment: &[Pair]) -> Result<Config, Vec<String>> {
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let loaded = Config::load(Some(File { name: "hub.toml", text }), environment);
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
fn a_file_and_an_environment_can_set_everything_alike() {
    let file = "server.listen = '[::1]:0'\nserver.sse_channel_buffer = 0x400\nserver.overflow = 'disconnect'\n\
                server.keepalive_seconds = 1\nserver.write_deadline_seconds = 86_400\n\
                server.max_ingest_bytes = 2_000\n";
    let environment = [
        ("WH_LISTEN", "[::1]:0"),
        ("WH_SSE_CHANNEL_BUFFER", "1024"),
        ("WH_OVERFLOW", "disconnect"),
        ("WH_KEEPALIVE_SECONDS", "1"),
        ("WH_WRITE_DEADLINE_SECONDS", "86400"),
        ("WH_MAX_INGEST_BYTES", "2000"),
    ];
    let wanted = Config {
        listen: "[::1]:0".parse().unwrap(),
        sse_channel_buffer: Capacity::new(1024).unwrap(),
        overflow: Overflow::Disconnect,
        server: ServerSettings {
            keepalive: Duration::from_secs(1),
            write_deadline: Duration::from_secs(86_400),
            max_ingest_bytes: 2000,
        },
    };
    assert_eq!(load(file, &[]), Ok(wanted));
    assert_eq!(load("", &environment), Ok(wanted));
    let crlf = file.replace('\n', "\r\n");
    assert_eq!(load(&format!("\u{feff}{crlf}"), &[]), Ok(wanted), "with a byte order mark and CRLF");
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
        ("overflow = 'Drop-Newest'", "overflow = 'Drop-Newest': must be drop-newest, drop-oldest or disconnect"),
        ("keepalive_seconds = 0", "keepalive_seconds = 0: must be 1 ..= 86400"),
        ("write_deadline_seconds = 0.3", "write_deadline_seconds = 0.3: must be 1 ..= 86400"),
        ("max_ingest_bytes = -5", "max_ingest_bytes = -5: must be 1 ..= 67108864"),
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
    let keys = "listen, sse_channel_buffer, overflow, keepalive_seconds, write_deadline_seconds or max_ingest_bytes";
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
    assert!(refused[0].starts_with("environment: WH_: no such setting: must be WH_LISTEN, WH_SSE_CHANNEL_BUFFER, "));
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
        assert!(refused.len() == 1 && refused[0].starts_with(&format!("{place}no TOML: ")), "{refused:?}");
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
    assert_eq!(help().matches(" WH_").count(), 6);
    let line = format!("sse_channel_buffer      WH_SSE_CHANNEL_BUFFER      {DEFAULT_SSE_CHANNEL_BUFFER}\n");
    assert!(help().contains(&line), "{}", help());
}

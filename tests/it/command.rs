//! `hubbub serve` as a process: its configuration takes effect, and what is wrong stops it with a line and a code.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, ChildStderr, Command};

use crate::support::wire::{Chunk, read_until, sequences};
use crate::support::{payload, soon};

/// The command with none of the settings that whoever runs the tests may have in the environment.
fn hubbub(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WH_")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts it on a free port: the process, its address, and the line it said.
pub(crate) async fn serve(arguments: &[&str], variables: &[(&str, &str)]) -> (Child, String, String) {
    let (child, line, _) = start("127.0.0.1:0", arguments, variables).await;
    let address = address(&line);
    (child, address, line)
}

/// Starts it at an address, which must be free.
pub(crate) async fn serve_at(listen: &str, variables: &[(&str, &str)]) -> (Child, String) {
    let (child, line, _) = start(listen, &[], variables).await;
    (child, line)
}

/// As [`serve`], and what it says from then on.
pub(crate) async fn serve_and_listen(arguments: &[&str], variables: &[(&str, &str)]) -> (Child, String, Said) {
    let (child, line, lines) = start("127.0.0.1:0", arguments, variables).await;
    (child, address(&line), lines)
}

pub(crate) type Said = Lines<BufReader<ChildStderr>>;

async fn start(listen: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (Child, String, Said) {
    let arguments = [&["serve", "--listen", listen], arguments].concat();
    let mut child = hubbub(&arguments, variables).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = soon("a line", lines.next_line()).await.unwrap().expect("a line");
    (child, line, lines)
}

fn address(line: &str) -> String {
    line.split_once("http://").unwrap().1.split_once(',').unwrap().0.to_owned()
}

pub(crate) async fn output(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    soon("the end", hubbub(arguments, variables).output()).await.unwrap()
}

/// It refuses to start, with code and lines, and says nothing on stdout.
pub(crate) async fn refuses(arguments: &[&str], variables: &[(&str, &str)], code: i32) -> Vec<String> {
    let output = output(arguments, variables).await;
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(output.stdout.is_empty(), "{stderr}");
    stderr.lines().map(str::to_owned).collect()
}

pub(crate) fn file(name: &str, bytes: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_buffer_that_is_set_is_announced_and_holds_that_many_frames() {
    for (buffer, announced) in [(1, "1 frame"), (5, "5 frames"), (64, "64 frames")] {
        let variables = [("WH_SSE_CHANNEL_BUFFER", &*buffer.to_string()), ("WH_OVERFLOW", "drop-oldest")];
        let (_child, address, line) = serve(&[], &variables).await;
        assert_eq!(
            line,
            format!("hubbub: listening on http://{address}, a buffer of {announced} a subscriber (drop-oldest)")
        );
        assert_eq!(frames_kept_for_a_stalled_client(&address).await, buffer);
    }
}

/// Publishes far more than a client that does not read can take, behind `drop-oldest`. What arrives when it reads at
/// last is what its socket had taken and then, after a hole, all that the buffer held: the length of that.
async fn frames_kept_for_a_stalled_client(address: &str) -> usize {
    const EVENTS: u64 = 200;
    let mut stalled = watch(address).await;
    publish(address, EVENTS, payload(100_000)).await;
    let chunks = read_until(&mut stalled, |chunks| chunks.last().and_then(Chunk::sequence) == Some(EVENTS)).await;
    let seen = sequences(&chunks);
    let hole = seen.windows(2).rposition(|pair| pair[0] + 1 != pair[1]).expect("a hole");
    seen.len() - 1 - hole
}

/// A client with a small receive buffer that has subscribed and read nothing yet.
async fn watch(address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(1 << 14).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    stream.write_all(b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    // The first bytes come after the subscription; peeking leaves them there.
    soon("a head", stream.peek(&mut [0; 1])).await.unwrap();
    stream
}

async fn publish(address: &str, events: u64, body: String) {
    let client = reqwest::Client::new();
    for _ in 0..events {
        let request = client.post(format!("http://{address}/v1/ingest/t")).body(body.clone());
        assert_eq!(soon("an answer", request.send()).await.unwrap().status(), 202);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_event_that_waits_holds_its_own_bytes_and_not_the_buffer_it_was_read_into() {
    const EVENTS: u64 = 6_000;
    let (child, address, _) = serve(&[], &[("WH_SSE_CHANNEL_BUFFER", "10000")]).await;
    let _stalled = watch(&address).await;
    // More than a socket takes: everything after that waits.
    publish(&address, 8, payload(1 << 20)).await;
    publish(&address, EVENTS, payload(100)).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident_kib: u64 = resident.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(resident_kib < EVENTS * 6, "{resident_kib} KiB for {EVENTS} events of 100 bytes");
}

#[tokio::test]
async fn an_address_on_the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let path =
        file("wins.toml", b"[server]\nlisten = '192.0.2.1:1'\nsse_channel_buffer = 3\noverflow = 'disconnect'\n");
    let variables = [("WH_LISTEN", "192.0.2.2:2"), ("WH_SSE_CHANNEL_BUFFER", "9")];
    let (_child, address, line) = serve(&["--config", &path], &variables).await;
    assert!(line.ends_with(", a buffer of 9 frames a subscriber (disconnect)"), "{line}");
    let answer = reqwest::get(format!("http://{address}/healthz")).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_configuration_is_shown_with_where_it_came_from_and_refused_as_the_server_would() {
    let path = file("shown.toml", b"[server]\noverflow = 'disconnect'\n");
    let shown = output(&["config", "--config", &path], &[("WH_SSE_CHANNEL_BUFFER", "9")]).await;
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success() && shown.stderr.is_empty());
    let has = |value: &str, origin: &str| text.lines().any(|line| line.starts_with(value) && line.ends_with(origin));
    assert!(has("overflow = \"disconnect\"", &format!("# set by {path}:2; default: \"drop-newest\"")), "{text}");
    assert!(has("sse_channel_buffer = 9", "# set by WH_SSE_CHANNEL_BUFFER; default: 512"), "{text}");
    assert!(has("keepalive_seconds = 15", "# default: 15"), "{text}");
    let lines = refuses(&["config"], &[("WH_SSE_CHANNEL_BUFFER", "0"), ("WH_X", "")], 2).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[tokio::test]
async fn the_page_about_the_configuration_is_what_the_program_says() {
    let printed = String::from_utf8(output(&["config", "--markdown"], &[]).await.stdout).unwrap();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md")).unwrap();
    assert_eq!(page, printed, "hubbub config --markdown > docs/configuration.md");
}

#[tokio::test]
async fn a_subscriber_that_falls_behind_makes_one_line_however_much_it_loses() {
    let (mut child, address, mut lines) = serve_and_listen(&[], &[("WH_SSE_CHANNEL_BUFFER", "4")]).await;
    let _stalled = watch(&address).await;
    publish(&address, 100, payload(100_000)).await;
    let line = soon("a line", lines.next_line()).await.unwrap().unwrap();
    assert!(line.contains(" WARN ") && line.contains("fell behind") && line.contains("subscriber=1"), "{line}");
    interrupt(&child, "-INT").await;
    let line = soon("a line", lines.next_line()).await.unwrap().unwrap();
    assert!(line.contains(" INFO stopping: "), "the next line is another matter: {line}");
    interrupt(&child, "-INT").await;
    assert_eq!(soon("the end", child.wait()).await.unwrap().code(), Some(0), "a second signal ends it at once");
}

#[tokio::test]
async fn a_reader_that_stops_is_cut_off_at_the_write_deadline_and_its_memory_is_free_again() {
    let (_child, address, mut lines) =
        serve_and_listen(&[], &[("WH_WRITE_DEADLINE_SECONDS", "1"), ("WH_HISTORY_EVENTS", "0")]).await;
    let _stalled = watch(&address).await;
    let sample = async |name: &str| {
        let answer = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
        answer.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().parse::<u64>().unwrap()
    };
    publish(&address, 20, payload(1_000_000)).await;
    let before = tokio::time::Instant::now();
    let pinned = sample("hubbub_pinned_bytes").await;
    assert!(pinned > 10_000_000, "{pinned}");
    let line = soon("a line", lines.next_line()).await.unwrap().unwrap();
    assert!(before.elapsed().as_secs_f64() < 2.0, "{:?}", before.elapsed());
    assert!(line.contains("cut off") && line.contains(" evicted="), "{line}");
    assert_eq!(sample("hubbub_subscribers{transport=\"sse\"}").await, 0);
    assert_eq!(sample("hubbub_pinned_bytes").await, 0);
}

#[tokio::test]
async fn a_client_that_does_not_read_keeps_it_no_longer_than_the_grace_period() {
    let (mut child, address, _lines) = serve_and_listen(&[], &[("WH_SHUTDOWN_GRACE_SECONDS", "1")]).await;
    let _stalled = watch(&address).await;
    publish(&address, 20, payload(1_000_000)).await;
    let before = tokio::time::Instant::now();
    interrupt(&child, "-TERM").await;
    assert_eq!(soon("the end", child.wait()).await.unwrap().code(), Some(0));
    let took = before.elapsed();
    assert!(took.as_secs_f64() >= 1.0 && took.as_secs_f64() < 3.0, "{took:?}");
}

async fn interrupt(child: &Child, signal: &str) {
    let pid = child.id().unwrap().to_string();
    let script = ["-c", "kill \"$0\" \"$1\"", signal, &pid];
    assert!(Command::new("sh").args(script).status().await.unwrap().success());
}

#[tokio::test]
async fn a_signal_ends_it_promptly_and_well_also_while_a_client_watches() {
    for signal in ["-INT", "-TERM"] {
        let (mut child, address, _) = serve(&[], &[]).await;
        let _stream = reqwest::get(format!("http://{address}/v1/stream/sse?table=t")).await.unwrap();
        interrupt(&child, signal).await;
        assert_eq!(soon("the end", child.wait()).await.unwrap().code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn bad_settings_refuse_the_start_with_a_line_each() {
    let path = file("bad.toml", b"[server]\nsse_channel_buffer = 0\nkeepalive = 1\n");
    let lines = refuses(&["serve", "--config", &path], &[("WH_SSE_CHANNEL_BUFFER", "-1"), ("WH_PORT", "1")], 2).await;
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(lines[0], format!("hubbub: {path}:2: server.sse_channel_buffer = 0: must be 1 ..= 1048576"));
    assert!(lines[1].starts_with(&format!("hubbub: {path}:3: server.keepalive: no such setting")), "{lines:?}");
    assert!(lines[2].starts_with("hubbub: environment: WH_PORT: no such setting"), "{lines:?}");
    let variable = "hubbub: WH_SSE_CHANNEL_BUFFER: server.sse_channel_buffer = \"-1\": must be 1 ..= 1048576";
    assert_eq!(lines[3], variable);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_in_one_line() {
    let directory = env!("CARGO_TARGET_TMPDIR");
    let latin = file("latin.toml", b"# \xe9\n");
    for path in ["/nowhere/hub.toml", directory, &latin, "/dev/zero"] {
        let lines = refuses(&["serve", "--config", path], &[], 2).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&format!("hubbub: {path}: ")), "{lines:?}");
    }
}

#[tokio::test]
async fn an_argument_that_is_none_is_refused_in_one_line() {
    let missing = ["serve", "--config"];
    for arguments in [&["serve", "--listen", "8080"][..], &["serve", "--port", "1"], &["server"], &missing] {
        let lines = refuses(arguments, &[], 2).await;
        assert!(lines.len() == 1 && lines[0].starts_with("hubbub: "), "{lines:?}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_told_in_one_line() {
    let (_child, address, _) = serve(&[], &[]).await;
    let lines = refuses(&["serve", "--listen", &address], &[], 1).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with(&format!("hubbub: cannot listen on {address}: ")), "{lines:?}");
}

#[tokio::test]
async fn the_help_names_what_can_be_set() {
    let output = output(&["serve", "--help"], &[]).await;
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    assert!(
        ["--config", "--listen", "WH_SSE_CHANNEL_BUFFER", "512", "WH_PUBLISH_TOKEN"]
            .iter()
            .all(|part| help.contains(part)),
        "{help}"
    );
}

#[tokio::test]
async fn a_server_that_strangers_reach_is_started_on_purpose_alone_and_shows_operators_their_part_elsewhere() {
    let lines = refuses(&["serve", "--listen", "0.0.0.0:0"], &[], 2).await;
    let why = "must be an address of loopback, or server.public = true or server.token_keys set";
    assert_eq!(lines, [format!("hubbub: --listen: server.listen = \"0.0.0.0:0\": {why}")]);
    let variables = [("WH_PUBLIC", "true"), ("WH_ADMIN_LISTEN", "127.0.0.1:0"), ("WH_LOG_FORMAT", "json")];
    let (child, address, mut lines) = serve_and_listen(&[], &variables).await;
    let line = soon("a line", lines.next_line()).await.unwrap().unwrap();
    let admin = line.strip_suffix(" for operators").and_then(|line| line.split_once("http://")).unwrap().1;
    let status = async |address: &str, path: &str| {
        soon("an answer", reqwest::get(format!("http://{address}{path}"))).await.unwrap().status().as_u16()
    };
    for (path, on_main, on_admin) in [
        ("/healthz", 200, 200),
        ("/readyz", 403, 200),
        ("/metrics", 403, 200),
        ("/debug/subscribers", 403, 200),
        ("/", 200, 404),
        ("/v1/stream/sse?table=a.b", 400, 404),
    ] {
        assert_eq!((status(&address, path).await, status(admin, path).await), (on_main, on_admin), "{path}");
    }
    interrupt(&child, "-INT").await;
    let line = soon("a line", lines.next_line()).await.unwrap().unwrap();
    let logged: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(logged["level"] == "INFO" && logged["message"].as_str().unwrap().starts_with("stopping: "), "{line}");
}

#[tokio::test]
async fn keys_are_read_at_the_start_and_again_when_the_file_changes_and_a_bad_file_is_told_in_one_line() {
    let path = file("keys.txt", b"short");
    let lines = refuses(&["serve"], &[("WH_TOKEN_KEYS", &path)], 2).await;
    let why = "a secret of 5 bytes: must be at least 32, or a JWKS, or public keys in PEM";
    assert_eq!(lines, [format!("hubbub: WH_TOKEN_KEYS: server.token_keys = {path:?}: {why}")]);
    let lines = refuses(&["config"], &[("WH_TOKEN_KEYS", "/nowhere/keys")], 2).await;
    assert!(lines.len() == 1 && lines[0].contains("No such file"), "{lines:?}");
    file("keys.txt", b"a secret of at least thirty-two bytes\n");
    let (_child, address, mut lines) = serve_and_listen(&[], &[("WH_TOKEN_KEYS", &path)]).await;
    let answer = soon("an answer", reqwest::get(format!("http://{address}/v1/stream/sse?table=t"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["www-authenticate"].to_str().unwrap()), (401, "Bearer"));
    file("keys.txt", b"another secret of thirty-two bytes\n");
    let line = soon("a line", lines.next_line()).await.unwrap().unwrap();
    assert!(line.contains(" INFO ") && line.contains("has changed: tokens are checked with its keys, 1 of"), "{line}");
    file("keys.txt", b"broken");
    let line = soon("a line", lines.next_line()).await.unwrap().unwrap();
    assert!(line.contains(" ERROR ") && line.ends_with("; the keys before it stay"), "{line}");
}

#[tokio::test]
async fn a_health_check_asks_the_server_of_the_same_settings() {
    let (mut child, address, _) = serve(&[], &[]).await;
    let check = ["healthcheck", "--listen", &address];
    assert!(output(&check, &[]).await.status.success());
    child.kill().await.unwrap();
    let lines = refuses(&check, &[], 1).await;
    assert!(lines.len() == 1 && lines[0].starts_with(&format!("hubbub: {address} does not answer: ")), "{lines:?}");
}

#[tokio::test]
async fn completions_the_manual_and_the_schema_are_printed_from_the_same_description() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = String::from_utf8(output(&["completions", shell], &[]).await.stdout).unwrap();
        assert!(script.contains("healthcheck") && script.contains("markdown"), "{shell}");
    }
    assert_eq!(refuses(&["completions", "tcsh"], &[], 2).await.len(), 1);
    let page = String::from_utf8(output(&["man"], &[]).await.stdout).unwrap();
    assert!(page.starts_with(".ie") && page.contains("serve") && page.contains("markdown"), "{page}");
    let schema = String::from_utf8(output(&["config", "--schema"], &[]).await.stdout).unwrap();
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/config.json")).unwrap();
    assert_eq!(kept, schema, "hubbub config --schema > schemas/config.json");
}

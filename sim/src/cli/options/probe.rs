//! Options of `probe`.

use std::time::Duration;

use clap::Args;

use super::JsonOptions;
use super::access::{AccessOptions, TypedUrl};
use super::real::{head_timeout, joined};
use crate::cli::exit::Failure;
use crate::probe::Probe;

/// Smallest and largest data of an event: its number has to fit, and servers take no more than this.
const PAYLOADS: std::ops::RangeInclusive<u32> = 40..=1_000_000;
/// Most events: each is a request.
const FRAMES: std::ops::RangeInclusive<u64> = 1..=900_000;
/// Longest time of a step.
const MOST_TIME: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct ProbeOptions {
    /// The event stream of a table that nobody else publishes to, as http://HOST:PORT/v1/stream/sse?table=T, or https
    #[arg(long, value_name = "URL")]
    url: TypedUrl,
    /// URL to which events of that table are published, as http://HOST:PORT/v1/ingest/T; it may go around the proxy
    #[arg(long, value_name = "URL")]
    ingest_url: TypedUrl,
    /// The server's own list of subscribers, as http://HOST:PORT/debug/subscribers?limit=1000, around the proxy; without
    /// it the numbers in the payloads say what was lost, and nothing says when a leave is noticed
    #[arg(long, value_name = "URL")]
    debug_url: Option<TypedUrl>,
    #[command(flatten)]
    access: AccessOptions,
    /// Bytes of an event's data
    #[arg(long, value_name = "BYTES", default_value_t = 400)]
    bytes: u32,
    /// Size of the server's buffer in frames, which is taken off what a client had before its first gap; the server's
    /// own list needs no size
    #[arg(long, value_name = "K", conflicts_with = "debug_url")]
    buffer: Option<u64>,
    /// Receive buffer of the client that stops reading, in bytes [default: the kernel's own]
    #[arg(long, value_name = "BYTES")]
    receive_buffer: Option<u32>,
    /// Most events to publish for the count of what is hidden, which is a lower bound then
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    most_frames: u64,
    /// Longest time to publish them
    #[arg(long, value_name = "TIME", default_value = "60s")]
    most_time: humantime::Duration,
    /// Longest time to wait until a client that has left is noticed
    #[arg(long, value_name = "TIME", default_value = "60s", requires = "debug_url")]
    leave_timeout: humantime::Duration,
    /// How long the server may take for a connection, and then for the head of its response; and for the whole answer to a
    /// publish [default: 30s]
    #[arg(long, value_name = "TIME")]
    head_timeout: Option<humantime::Duration>,
    #[command(flatten)]
    pub(in crate::rooms::cli) json: JsonOptions,
}

impl ProbeOptions {
    /// What is probed, and how far.
    pub(in crate::rooms::cli) fn probe(&self) -> Result<Probe, Failure> {
        within("--bytes", self.bytes, &PAYLOADS)?;
        within("--most-frames", self.most_frames, &FRAMES)?;
        if let Some(buffer) = self.buffer {
            within("--buffer", buffer, &(1..=hubbub::mailbox::MAX_CAPACITY as u64))?;
        }
        if let Some(bytes) = self.receive_buffer {
            within("--receive-buffer", bytes, &(1..=i32::MAX.unsigned_abs()))?;
        }
        for (option, time) in [("--most-time", self.most_time), ("--leave-timeout", self.leave_timeout)] {
            if time.is_zero() || *time > MOST_TIME {
                return Err(Failure::input(format!("{option} {time}: must be above 0 and at most 1 hour")));
            }
        }
        let head_timeout = head_timeout(self.head_timeout)?;
        let debug = self.debug_url.as_ref().unwrap_or(&self.ingest_url);
        let fields = self.access.fields()?;
        let urls = [self.url.url("--url")?, self.ingest_url.url("--ingest-url")?, debug.url("--debug-url")?];
        let [stream, ingest, debug] = self.access.routes(fields, urls)?;
        Ok(Probe {
            stream,
            ingest,
            debug: self.debug_url.is_some().then_some(debug),
            payload_bytes: self.bytes,
            buffer: self.buffer,
            receive_buffer: self.receive_buffer,
            most_frames: self.most_frames,
            most_time: *self.most_time,
            leave_timeout: *self.leave_timeout,
            head_timeout,
        })
    }

    /// The command that probes the same again, without any secret.
    pub(in crate::rooms::cli) fn command(&self, probe: &Probe) -> String {
        let urls =
            [("url", Some(&probe.stream)), ("ingest-url", Some(&probe.ingest)), ("debug-url", probe.debug.as_ref())];
        let urls = urls.iter().filter_map(|(name, route)| Some(format!(" --{name} '{}'", route.as_ref()?.url())));
        let changed = [
            (self.bytes != 400).then(|| format!(" --bytes {}", self.bytes)),
            self.buffer.map(|buffer| format!(" --buffer {buffer}")),
            self.receive_buffer.map(|bytes| format!(" --receive-buffer {bytes}")),
            (self.most_frames != 100_000).then(|| format!(" --most-frames {}", self.most_frames)),
            (self.most_time.as_secs() != 60).then(|| format!(" --most-time {}", joined(self.most_time))),
            (self.leave_timeout.as_secs() != 60).then(|| format!(" --leave-timeout {}", joined(self.leave_timeout))),
            self.head_timeout.map(|timeout| format!(" --head-timeout {}", joined(timeout))),
        ];
        let changed: String = changed.into_iter().flatten().collect();
        format!("cargo sim probe{}{}{changed}", urls.collect::<String>(), self.access.command())
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    option: &str,
    value: T,
    range: &std::ops::RangeInclusive<T>,
) -> Result<(), Failure> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(Failure::input(format!("{option} {value}: must be {} ..= {}", range.start(), range.end())))
}

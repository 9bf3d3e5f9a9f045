//! Settings of how much may be open or in memory at once.

use super::{FORMS, bytes};
use crate::config::Config;
use crate::config::setting::{Setting, SettingKind};

/// Largest body, 64 MiB: a body is held in memory as a whole.
const MAX_INGEST_BYTES: u64 = 64 << 20;
/// Smallest and largest limit of a request's head, in bytes.
const HEADER_BYTES: (u64, u64) = (1024, 1 << 20);
/// Most clients: more than the ports and the memory of one machine allow.
const MAX_CLIENTS: u64 = 1_000_000;
const MAX_PUBLISHES: u64 = 10_000;

pub(super) static SETTINGS: [Setting; 5] = [
    Setting {
        key: "max_subscribers",
        about: "streams that may be open; a further client is told to come back later",
        kind: SettingKind::Count { least: 1, most: MAX_CLIENTS, of: |config| &mut config.server.max_subscribers },
        memory: Some(|_| "limits the memory of all buffers together: see `sse_channel_buffer`".to_owned()),
    },
    Setting {
        key: "max_connections",
        about: "connections that may be open; a further one is closed at once",
        kind: SettingKind::Count { least: 2, most: MAX_CLIENTS + 1, of: |config| &mut config.server.max_connections },
        memory: Some(|config| {
            let heads = config.server.max_connections as u64 * read_buffer_bytes(config);
            format!("heads that are being read: {} if every connection sends one", bytes(heads))
        }),
    },
    Setting {
        key: "max_publishes",
        about: "publishes that may be in memory at the same time; further ones wait",
        kind: SettingKind::Count { least: 1, most: MAX_PUBLISHES, of: |config| &mut config.server.max_publishes },
        memory: Some(|config| {
            let bodies = config.server.max_publishes as u64 * config.server.max_ingest_bytes as u64;
            format!("bodies: {} with `max_ingest_bytes`, and the same again while they are published", bytes(bodies))
        }),
    },
    Setting {
        key: "max_ingest_bytes",
        about: "largest body of a publish request, which is an event or a batch",
        kind: SettingKind::Count { least: 1, most: MAX_INGEST_BYTES, of: |config| &mut config.server.max_ingest_bytes },
        memory: Some(|config| {
            let frames = config.sse_channel_buffer.frames().max(config.server.ws_channel_buffer.frames()) as u64;
            let worst = frames * config.server.max_ingest_bytes as u64 * FORMS;
            format!(
                "an event of this size and its frames, one for each form of a stream, stay until no buffer holds it: {} for a \
                 buffer full of such events, and the same again for each buffer that is full of others. Over SSE a \
                 line break in a payload adds six bytes",
                bytes(worst)
            )
        }),
    },
    Setting {
        key: "max_header_bytes",
        about: "largest head of a request",
        kind: SettingKind::Count {
            least: HEADER_BYTES.0,
            most: HEADER_BYTES.1,
            of: |config| &mut config.server.max_header_bytes,
        },
        memory: Some(|config| format!("a connection's read buffer: at most {}", bytes(read_buffer_bytes(config)))),
    },
];

/// hyper's read buffer is never smaller than this.
fn read_buffer_bytes(config: &Config) -> u64 {
    (config.server.max_header_bytes as u64).max(8192)
}

//! What every world's clients have in common: how they read, what they make of the bytes of a stream, which events they
//! have received, and what a plan's faults mean for them.
//!
//! Everything here is plain computation: it is handed bytes and times, and knows no socket, no clock, no runtime and no
//! world.

mod answers;
mod come_back;
mod dialect;
mod faults;
mod format;
mod http;
mod item;
mod messages;
mod ndjson;
mod notice;
mod pace;
mod payload;
mod reader;
mod receipts;
mod redacted;
mod request;
mod service;
mod speed;
mod sse;
mod stream;
mod stream_id;
mod websocket;

pub use answers::Answers;
pub use come_back::{pause, time_to_come_back};
pub use dialect::Dialect;
pub use faults::SubscriberFaults;
pub use format::StreamFormat;
pub use http::{Location, NotAStream};
pub use item::StreamItem;
pub use notice::Notice;
pub use pace::{May, ReadPacer};
pub use payload::{LEAST_NUMBERED_BYTES, payload};
pub use reader::Reader;
pub use receipts::Receipts;
pub use redacted::{REDACTED, unchecked_url as redacted_text, url as redacted_url, urls_in as redacted_urls_in};
pub use request::{VIRTUAL_SERVER, ingest_path, request, stream_path, virtual_request};
pub use speed::{SlowPeriod, Speed};
pub use stream::StreamParser;
pub use stream_id::StreamId;

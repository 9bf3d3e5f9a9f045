//! A client that comes back with its cursor, as a browser does. It fails at a gap, and at an event that is not the next.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// What a browser does with a stream: an id counts once its block has ended.
#[derive(Debug, Default)]
pub(crate) struct Client {
    cursor: Option<String>,
    block: (Option<String>, Option<String>),
    /// The ids of all events, in order.
    pub(crate) seen: Vec<String>,
    last: Option<usize>,
}

impl Client {
    /// One that was there before, and has read up to a cursor.
    pub(crate) fn after(cursor: &str) -> Self {
        Self { cursor: Some(cursor.to_owned()), ..Self::default() }
    }

    /// Whether it has the last of so many events.
    pub(crate) fn has_all(&self, count: Option<usize>) -> bool {
        count.is_some_and(|count| self.last == Some(count - 1))
    }

    /// Watches at a server until that ends the stream, or the last of so many events has come.
    pub(crate) async fn read(&mut self, address: &str, ended: &mut watch::Receiver<Option<usize>>) -> io::Result<()> {
        self.block = (None, None);
        let mut stream = TcpStream::connect(address).await?;
        let cursor = self.cursor.as_ref().map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        stream
            .write_all(format!("GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n{cursor}\r\n").as_bytes())
            .await?;
        let mut lines = BufReader::new(stream).lines();
        while !self.has_all(*ended.borrow_and_update()) {
            tokio::select! {
                line = lines.next_line() => match line? {
                    Some(line) => self.take(&line),
                    None => return Ok(()),
                },
                _ = ended.changed() => {}
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &str) {
        if let Some(id) = line.strip_prefix("id: ") {
            self.block.0 = Some(id.to_owned());
        } else if let Some(data) = line.strip_prefix("data: ") {
            self.block.1 = Some(data.to_owned());
        } else if line.is_empty() {
            let (id, data) = std::mem::take(&mut self.block);
            self.cursor = id.or(self.cursor.take());
            if let Some(data) = data {
                let event: Value = serde_json::from_str(&data).unwrap();
                let number = event["n"].as_u64().unwrap_or_else(|| panic!("after {:?}: {data}", self.seen.last()));
                let number = usize::try_from(number).unwrap();
                assert!(self.last.is_none_or(|last| last + 1 == number), "{:?}, then {number}", self.last);
                self.last = Some(number);
                self.seen.extend(self.cursor.clone());
            }
        }
    }
}

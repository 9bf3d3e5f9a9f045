//! A subscription as a WebSocket: what waits, as many messages at a time as may share a write, answers to commands, and
//! a ping after a silence.
//!
//! Events are written past the library, from the one copy that all mailboxes share: its buffer would keep room for the
//! longest that there ever was, in every connection. Nothing is written before all that was written has been accepted by
//! the socket, and while that lasts no more than one message is read. So the library's buffer holds an answer and a pong
//! at most, and no pong comes between the parts of an event: the library writes it when it is told to, or reads again.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{FutureExt, Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

use super::Environment;
use super::batch::Batch;
use super::gated_stream::GatedStream;
use super::outlet::Outlet;
use crate::event::Gap;
use crate::frame::websocket::{self as messages, ClientCommand, MAX_COMMAND_BYTES};
use crate::hub::Taken;

/// Tables that one connection may watch; those that it watches no more and is still to catch up with are among them.
pub(crate) const MAX_TABLES: usize = 1024;

/// Bytes read at a time; the library allocates them at once, for every connection.
const READ_BUFFER_BYTES: usize = 512;

/// Time a client has to close after it has been told to: what is closed at once may take the last word back.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a request has left to be gone on with.
pub(crate) enum Begin<E: Environment> {
    /// A stream, and its place among those that may be open.
    Stream(Outlet<E>, OwnedSemaphorePermit),
    /// There is no place: the client is told when to come back.
    Full(Duration),
}

pub(super) struct WebSocket<S, E: Environment> {
    socket: WebSocketStream<GatedStream<S, E>>,
    /// `None` where there was no place.
    outlet: Option<Outlet<E>>,
    _place: Option<OwnedSemaphorePermit>,
    said_hello: bool,
    /// What the client is still to be told of its last command.
    answer: Option<String>,
    /// Events that the socket has not accepted whole.
    events: Batch,
    /// Whether some have been written that the gate is closed behind.
    is_sending: bool,
    /// Whether the library has something to write.
    is_writing: bool,
    /// Whether a message has been read since then.
    has_read: bool,
    /// Why to close, until that is said.
    close: Option<(CloseCode, String)>,
    /// Since it has been said, the time to wait for the client's word.
    farewell: Option<Pin<Box<Sleep>>>,
    /// Whether the client has closed.
    is_left: bool,
}

/// How a turn went.
enum Turn {
    /// Something was done: there may be more.
    Again,
    /// Nothing to do.
    Rest,
    /// The connection is over.
    Over,
}

impl<S: AsyncRead + AsyncWrite + Unpin, E: Environment> WebSocket<S, E> {
    /// `read` is what has been read of the stream already. `None` never happens: there is no handshake left to wait for.
    pub(super) fn new(stream: GatedStream<S, E>, read: &[u8], begin: Begin<E>) -> Option<Self> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .max_message_size(Some(MAX_COMMAND_BYTES))
            .max_frame_size(Some(MAX_COMMAND_BYTES))
            // Only a flush writes: what shares a write is written at once.
            .max_write_buffer_size(usize::MAX)
            .write_buffer_size(usize::MAX - 1);
        let socket = WebSocketStream::from_partially_read(stream, read.to_vec(), Role::Server, Some(config));
        let (outlet, place, close) = match begin {
            Begin::Stream(outlet, place) => (Some(outlet), Some(place), None),
            Begin::Full(after) => {
                let why = format!("full: come back after {} ms", after.as_millis());
                (None, None, Some((CloseCode::Again, why)))
            }
        };
        Some(Self {
            socket: socket.now_or_never()?,
            said_hello: outlet.is_none(),
            outlet,
            _place: place,
            answer: None,
            events: Batch::default(),
            is_sending: false,
            is_writing: false,
            has_read: false,
            close,
            farewell: None,
            is_left: false,
        })
    }

    /// Ready when the connection is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Ok(may_write) = self.poll_written(cx) else { return Poll::Ready(()) };
            if may_write && self.farewell.is_some() {
                return self.poll_farewell(cx);
            }
            let turn = match self.read(cx) {
                Turn::Rest if may_write => self.write(cx),
                turn => turn,
            };
            match turn {
                Turn::Again => {}
                Turn::Rest => return Poll::Pending,
                Turn::Over => return Poll::Ready(()),
            }
        }
    }

    /// Whether the socket has accepted everything.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Result<bool, Error> {
        if self.is_sending {
            let stream = self.socket.get_mut();
            let Poll::Ready(written) = self.events.poll_write_to(stream, cx) else { return Ok(false) };
            written?;
            let Poll::Ready(flushed) = Pin::new(stream).poll_flush(cx) else { return Ok(false) };
            flushed?;
            self.is_sending = false;
        }
        if self.is_writing {
            let Poll::Ready(flushed) = Pin::new(&mut self.socket).poll_flush(cx) else { return Ok(false) };
            flushed?;
            self.is_writing = false;
        }
        self.has_read = false;
        Ok(true)
    }

    /// Takes what the client says, a message at a time.
    fn read(&mut self, cx: &mut Context<'_>) -> Turn {
        let is_to_wait = (self.is_writing || self.is_sending) && self.has_read;
        if is_to_wait || self.answer.is_some() || self.close.is_some() || self.farewell.is_some() {
            return Turn::Rest;
        }
        let Poll::Ready(message) = Pin::new(&mut self.socket).poll_next(cx) else { return Turn::Rest };
        self.has_read = true;
        match message {
            Some(Ok(Message::Text(text))) => self.answer = Some(self.handle_command(&text)),
            Some(Ok(Message::Binary(_))) => self.answer = Some(messages::error("binary messages mean nothing here")),
            // The library has an answer to these.
            Some(Ok(Message::Ping(_))) => self.is_writing = true,
            Some(Ok(Message::Close(_))) => (self.is_writing, self.is_left) = (true, true),
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(Error::Capacity(CapacityError::MessageTooLong { max_size, .. }))) => {
                self.close = Some((CloseCode::Size, format!("a message has at most {max_size} bytes")));
            }
            Some(Err(Error::Utf8(_))) => self.close = Some((CloseCode::Invalid, "no UTF-8 text".to_owned())),
            // Gone without a word: nobody is there to be told, and nothing may be written any more.
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => return Turn::Over,
            Some(Err(Error::Protocol(why))) => self.close = Some((CloseCode::Protocol, why.to_string())),
            Some(Err(_)) | None => return Turn::Over,
        }
        Turn::Again
    }

    fn handle_command(&self, text: &str) -> String {
        let Some(outlet) = &self.outlet else { return String::new() };
        let subscription = outlet.subscription();
        let command = match ClientCommand::read(text) {
            Ok(command) => command,
            Err(why) => return messages::error(&why.to_string()),
        };
        match &command {
            ClientCommand::Subscribe(topic) => {
                let pattern = topic.clone().into();
                if !subscription.wants(&pattern) && subscription.patterns_kept() >= MAX_TABLES {
                    return messages::error(&format!("a connection watches at most {MAX_TABLES} tables"));
                }
                subscription.want(&pattern);
            }
            ClientCommand::Unsubscribe(topic) => drop(subscription.give_up(&topic.clone().into())),
        }
        messages::done(&command)
    }

    /// Writes what is to be said next.
    fn write(&mut self, cx: &mut Context<'_>) -> Turn {
        if self.is_left {
            return Turn::Rest;
        }
        let said = if !self.said_hello {
            self.say_hello()
        } else if let Some(answer) = self.answer.take() {
            self.say([answer])
        } else if let Some((code, why)) = self.close.take() {
            self.say_goodbye(code, why)
        } else {
            let Some(outlet) = &mut self.outlet else { return Turn::Over };
            match outlet.poll_take(cx) {
                Poll::Ready(Some(first)) => {
                    self.send(first);
                    Ok(())
                }
                Poll::Ready(None) => return Turn::Over,
                Poll::Pending if outlet.gate().is_ending() => {
                    let after = outlet.come_back_after().as_millis();
                    self.close = Some((CloseCode::Away, format!("the server stops: come back after {after} ms")));
                    self.say_last_gap()
                }
                Poll::Pending => match outlet.poll_silence(cx) {
                    Poll::Ready(()) => self.say_last_gap().and_then(|()| self.ping()),
                    Poll::Pending => return Turn::Rest,
                },
            }
        };
        if said.is_ok() { Turn::Again } else { Turn::Over }
    }

    /// An event, and those that share its write.
    fn send(&mut self, first: Taken) {
        let Some(outlet) = &self.outlet else { return };
        for Taken { event, gap } in outlet.batch(first) {
            let gap = gap.map_or_else(Bytes::new, |gap| messages::message(&messages::gap(&gap)));
            let frame = messages::event(&event);
            outlet.pass(Some(event), gap.len() + frame.len());
            self.events.push(gap);
            self.events.push(frame);
        }
        self.is_sending = self.events.has_remaining();
    }

    /// Something that no mailbox counts.
    fn say(&mut self, texts: impl IntoIterator<Item = String>) -> Result<(), Error> {
        for text in texts {
            if let Some(outlet) = &self.outlet {
                outlet.pass(None, messages::wire_bytes(text.len()));
            }
            feed(&mut self.socket, Message::Text(text.into()))?;
            self.is_writing = true;
        }
        Ok(())
    }

    fn say_hello(&mut self) -> Result<(), Error> {
        self.said_hello = true;
        let Some(outlet) = &self.outlet else { return Ok(()) };
        let subscription = outlet.subscription();
        let opening: Option<&Gap> = subscription.opening();
        let texts = [Some(messages::hello(subscription.begins_at())), opening.map(messages::gap)];
        self.say(texts.into_iter().flatten())
    }

    /// The hole behind the last event, if no event has come to tell it by.
    fn say_last_gap(&mut self) -> Result<(), Error> {
        let gap = self.outlet.as_ref().and_then(|outlet| outlet.subscription().take_last_gap());
        self.say(gap.as_ref().map(messages::gap))
    }

    fn ping(&mut self) -> Result<(), Error> {
        if let Some(outlet) = &self.outlet {
            outlet.pass(None, messages::wire_bytes(0));
        }
        self.is_writing = true;
        feed(&mut self.socket, Message::Ping(Bytes::new()))
    }

    fn say_goodbye(&mut self, code: CloseCode, why: String) -> Result<(), Error> {
        (self.is_writing, self.farewell) = (true, Some(Box::pin(sleep(FAREWELL))));
        feed(&mut self.socket, Message::Close(Some(CloseFrame { code, reason: why.into() })))
    }

    /// Ready when the client has closed, or had the time to. What it still sends is read and thrown away: unread, it
    /// would take back what the client has not read.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; READ_BUFFER_BYTES];
        loop {
            if self.farewell.as_mut().is_none_or(|patience| patience.as_mut().poll(cx).is_ready()) {
                return Poll::Ready(());
            }
            let mut read = ReadBuf::new(&mut bytes);
            match Pin::new(self.socket.get_mut()).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {}
                Poll::Ready(Ok(()) | Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Into the library's buffer; a flush writes it.
fn feed<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, message: Message) -> Result<(), Error> {
    Pin::new(socket).start_send(message)
}

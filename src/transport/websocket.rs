//! A subscription as a WebSocket: the events that wait, as many messages at a time as may share a write, answers to
//! commands, and a ping after a silence.
//!
//! Events are written past the library, from the one copy that all mailboxes share. The library's buffer would keep
//! room for the longest event, in every connection. Nothing is written before the socket has accepted all that was
//! written before, and at most one message is read meanwhile. So the library's buffer holds an answer and a pong at
//! most. No pong comes between the parts of an event: the library writes it when it is flushed, or when it reads again.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

use super::Environment;
use super::gated_stream::GatedStream;
use super::outlet::{MAX_WILDCARDS, Outlet};
use super::passing::Written;
use super::poll_write::poll_write_all;
use super::unsent::Unsent;
use crate::event::Gap;
use crate::frame::websocket::{self as messages, ClientCommand, MAX_COMMAND_BYTES};
use crate::hub::Taken;
use crate::topic::Pattern;

/// Most tables and patterns that one connection may watch. Those that it has given up count as long as events of them wait.
const MAX_TABLES: usize = 1024;

/// Bytes read at a time. The library allocates them for every connection when it begins.
const READ_BUFFER_BYTES: usize = 512;

/// The close code of a stream whose token has expired: "Unauthorized" in IANA's registry of close codes.
const EXPIRED: u16 = 3000;

/// Time that a client has to close after the server's close frame. If the server closed the socket at once, the reset
/// could destroy what the client has not read yet.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a request for a WebSocket leaves for the connection to continue with.
pub(crate) enum Begin<E: Environment> {
    /// A stream.
    Stream(Opened<E>),
    /// The limit of streams is reached: the client is told to come back after this time.
    Full(Duration),
}

/// A stream that begins.
pub(crate) struct Opened<E: Environment> {
    pub(crate) outlet: Outlet<E>,
    /// Its permit among the streams that may be open, and whatever else lasts as long as the stream.
    pub(crate) place: Place,
    /// Says why a pattern that the client asks for later is not allowed.
    pub(crate) denies: Denies,
}

/// Something that is dropped with a stream.
pub(crate) type Place = Box<dyn Any + Send>;

/// Says why a pattern is not allowed; `None` if it is.
pub(crate) type Denies = Box<dyn Fn(&Pattern) -> Option<String> + Send>;

pub(super) struct WebSocket<S, E: Environment> {
    socket: WebSocketStream<GatedStream<S, E>>,
    /// `None` if the limit of streams was reached.
    outlet: Option<Outlet<E>>,
    _place: Option<Place>,
    denies: Option<Denies>,
    said_hello: bool,
    /// The answer to the last command, until it is written.
    answer: Option<String>,
    /// Events that the socket has not accepted whole.
    events: Unsent,
    /// Whether events are being written, with the gate closed behind them.
    is_sending: bool,
    /// Whether the library has something to flush.
    is_writing: bool,
    /// Whether a message has been read since the socket last accepted everything.
    has_read: bool,
    /// Why the server closes the connection, until the close frame is written.
    close: Option<(CloseCode, String)>,
    /// Once the close frame is written, the time that is left for the client's.
    farewell: Option<Pin<Box<Sleep>>>,
    /// Whether the client has sent a close frame.
    is_left: bool,
}

/// The result of one step.
enum Turn {
    /// Something was done, and there may be more to do.
    Again,
    /// There was nothing to do.
    Rest,
    /// The connection is over.
    Over,
}

impl<S: AsyncRead + AsyncWrite + Unpin, E: Environment> WebSocket<S, E> {
    /// Continues on a stream of which the bytes `read` have been read already. `None` never happens: the handshake is
    /// over, so there is nothing to wait for.
    pub(super) fn new(stream: GatedStream<S, E>, read: &[u8], begin: Begin<E>) -> Option<Self> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .max_message_size(Some(MAX_COMMAND_BYTES))
            .max_frame_size(Some(MAX_COMMAND_BYTES))
            // The library writes only when it is flushed, so that all that shares a write is written at once.
            .max_write_buffer_size(usize::MAX)
            .write_buffer_size(usize::MAX - 1);
        let socket = WebSocketStream::from_partially_read(stream, read.to_vec(), Role::Server, Some(config));
        let (outlet, place, denies, close) = match begin {
            Begin::Stream(Opened { outlet, place, denies }) => (Some(outlet), Some(place), Some(denies), None),
            Begin::Full(after) => {
                let why = format!("full: come back after {} ms", after.as_millis());
                (None, None, None, Some((CloseCode::Again, why)))
            }
        };
        Some(Self {
            socket: socket.now_or_never()?,
            said_hello: outlet.is_none(),
            outlet,
            _place: place,
            denies,
            answer: None,
            events: Unsent::default(),
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

    /// Continues to write; returns whether the socket has accepted everything.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Result<bool, Error> {
        if self.is_sending {
            let stream = self.socket.get_mut();
            let Poll::Ready(written) = poll_write_all(&mut self.events, stream, cx) else { return Ok(false) };
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

    /// Reads one message of the client.
    fn read(&mut self, cx: &mut Context<'_>) -> Turn {
        // One message at most while a write is under way: more answers and pongs would pile up in the library.
        let is_to_wait = (self.is_writing || self.is_sending) && self.has_read;
        if is_to_wait || self.answer.is_some() || self.close.is_some() || self.farewell.is_some() {
            return Turn::Rest;
        }
        let Poll::Ready(message) = Pin::new(&mut self.socket).poll_next(cx) else { return Turn::Rest };
        self.has_read = true;
        match message {
            Some(Ok(Message::Text(text))) => self.answer = Some(self.handle_command(&text)),
            Some(Ok(Message::Binary(_))) => self.answer = Some(messages::error("binary messages mean nothing here")),
            // The library has queued the answer to a ping or a close frame, and it waits for a flush.
            Some(Ok(Message::Ping(_))) => self.is_writing = true,
            Some(Ok(Message::Close(_))) => {
                self.is_writing = true;
                self.is_left = true;
            }
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(Error::Capacity(CapacityError::MessageTooLong { max_size, .. }))) => {
                self.close = Some((CloseCode::Size, format!("a message has at most {max_size} bytes")));
            }
            Some(Err(Error::Utf8(_))) => self.close = Some((CloseCode::Invalid, "no UTF-8 text".to_owned())),
            // The client has left without a close frame: nothing more can be written.
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
            ClientCommand::Subscribe(pattern) => {
                if let Some(why) = self.denies.as_ref().and_then(|denies| denies(pattern)) {
                    return messages::error(&why);
                }
                // Patterns that were given up count too, or a client could make the server keep any number of them.
                if !subscription.wants(pattern) && subscription.patterns_kept() >= MAX_TABLES {
                    return messages::error(&format!("a connection watches at most {MAX_TABLES} tables"));
                }
                let is_wildcard = pattern.as_topic().is_none();
                if is_wildcard && !subscription.wants(pattern) && subscription.wildcards_kept() >= MAX_WILDCARDS {
                    return messages::error(&format!("a connection watches at most {MAX_WILDCARDS} wildcards"));
                }
                subscription.want(pattern);
            }
            ClientCommand::Unsubscribe(pattern) => drop(subscription.give_up(pattern)),
        }
        messages::done(&command)
    }

    /// Writes the next thing: the greeting, an answer, a close frame, events, or a ping.
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
            // Before the mailbox: the token's end may have come while the socket was full.
            if outlet.is_expired(cx) {
                outlet.end_expired();
                self.close =
                    Some((CloseCode::from(EXPIRED), "the token has expired: come back with another".to_owned()));
                return Turn::Again;
            }
            match outlet.poll_take(cx, adds_to(&mut self.events)) {
                Poll::Ready(Some(())) => {
                    self.is_sending = true;
                    Ok(())
                }
                Poll::Ready(None) => return Turn::Over,
                // Only when nothing waits any more, as with an SSE stream.
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

    /// Sends texts that no mailbox counts.
    fn say(&mut self, texts: impl IntoIterator<Item = String>) -> Result<(), Error> {
        for text in texts {
            if let Some(outlet) = &self.outlet {
                outlet.pass_comment();
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

    /// Sends the hole behind the last event, if no event has come that it could be told with.
    fn say_last_gap(&mut self) -> Result<(), Error> {
        let gap = self.outlet.as_ref().and_then(|outlet| outlet.subscription().take_last_gap());
        self.say(gap.as_ref().map(messages::gap))
    }

    fn ping(&mut self) -> Result<(), Error> {
        if let Some(outlet) = &self.outlet {
            outlet.pass_comment();
        }
        self.is_writing = true;
        feed(&mut self.socket, Message::Ping(Bytes::new()))
    }

    fn say_goodbye(&mut self, code: CloseCode, why: String) -> Result<(), Error> {
        self.is_writing = true;
        self.farewell = Some(Box::pin(sleep(FAREWELL)));
        feed(&mut self.socket, Message::Close(Some(CloseFrame { code, reason: why.into() })))
    }

    /// Ready when the client has closed, or its time is over. What it still sends is read and discarded: unread bytes
    /// make the socket's close a reset, which could destroy what the client has not read yet.
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

/// Makes the message of each event, and the notice of the gap in front of it, and adds them to `events`.
fn adds_to(events: &mut Unsent) -> impl FnMut(Taken) -> Written {
    |Taken { event, gap }| {
        let gap = gap.map_or_else(Bytes::new, |gap| messages::message(&messages::gap(&gap)));
        let message = messages::event(&event);
        let bytes = gap.len() + message.len();
        events.push(gap);
        events.push(message);
        Written { event, bytes, is_last: false }
    }
}

/// Puts a message into the library's buffer. The next flush writes it.
fn feed<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, message: Message) -> Result<(), Error> {
    Pin::new(socket).start_send(message)
}

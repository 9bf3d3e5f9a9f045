//! The head of a request for a stream.

/// What asks for a WebSocket, in the head of a request; the key is the one of RFC 6455, 1.3.
pub(crate) const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

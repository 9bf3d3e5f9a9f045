//! An event's form on the wire. Pure: bytes in, bytes out.

pub mod sse;

//! Who writes the response to a request: hyper, or the connection itself.

use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Request, Response, Version};

use super::header::has_word;
use super::{Body, Exchange};
use crate::transport::Environment;
use crate::transport::connection::upgrade;
use crate::transport::event_response::Begin;
use crate::transport::event_stream::head_on_the_wire;

/// The option of a client that asks nothing more on its connection, and the answer to it.
const CLOSE: &str = "close";

impl<E: Environment> Exchange<E> {
    /// Responds to a request. For a stream in chunks this waits for ever: the connection goes on without hyper.
    pub(super) async fn respond(&self, request: Request<Incoming>) -> Response<Body<E>> {
        // hyper knows where the body of a request ends, and how a client of HTTP/1.0 is told the end of a response.
        let has_chunks = request.version() == Version::HTTP_11 && request.body().is_end_stream();
        let closes = has_word(request.headers(), &CONNECTION, CLOSE);
        let (mut head, body) = self.answer(request).await.into_parts();
        let events = match body {
            Body::Events(events) if has_chunks => events,
            body => return Response::from_parts(head, body),
        };
        if closes {
            head.headers.insert(CONNECTION, HeaderValue::from_static(CLOSE));
        }
        let head = head_on_the_wire(&head.headers, self.server.environment.unix_time());
        self.connection.handover.leave(upgrade::Begin::Events(Box::new(Begin { head, events })));
        std::future::pending().await
    }
}

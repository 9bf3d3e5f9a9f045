//! Services around those of a program: one gives every request its gate, one makes a service of `tower` one of hyper.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service;

use super::gated_connection::GatedConnection;
use super::sse_gate::SseGate;

/// A service of hyper that puts the connection's gate into every request.
pub(super) struct Gated<V> {
    service: V,
    connection: Arc<GatedConnection>,
}

impl<V> Gated<V> {
    pub(super) fn new(service: V, connection: Arc<GatedConnection>) -> Self {
        Self { service, connection }
    }
}

impl<V: Service<Request<Incoming>>> Service<Request<Incoming>> for Gated<V> {
    type Response = V::Response;
    type Error = V::Error;
    type Future = V::Future;

    fn call(&self, mut request: Request<Incoming>) -> V::Future {
        SseGate::give_to(&mut request, &self.connection);
        self.service.call(request)
    }
}

/// A service of `tower` as one of hyper.
pub(super) struct Tower<V>(pub(super) V);

impl<V> Service<Request<Incoming>> for Tower<V>
where
    V: tower_service::Service<Request<Incoming>, Future: Send> + Clone + Send + 'static,
{
    type Response = V::Response;
    type Error = V::Error;
    // Boxed: otherwise every connection would reserve room for an answer under way as long as it is open, and most
    // connections only watch.
    type Future = Pin<Box<dyn Future<Output = Result<V::Response, V::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        // A clone for each request: hyper asks no service whether it is ready, and one that is not has to be waited
        // for.
        let mut service = self.0.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request).await
        })
    }
}

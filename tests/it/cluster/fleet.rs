//! Clients of three servers behind a balancer, and a publisher that repeats what was not acknowledged.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::node::client::Client;
use super::node::id;

/// Longest time until everything that was acknowledged has reached every client, and until an event is acknowledged.
pub(super) const HEALED_WITHIN: Duration = Duration::from_secs(60);

/// The clients, and the publisher.
pub(super) struct Fleet {
    pub(super) balancer: Balancer,
    end: watch::Sender<Option<usize>>,
    watching: JoinSet<Vec<String>>,
    stop: watch::Sender<bool>,
    publishing: tokio::task::JoinHandle<Vec<String>>,
}

impl Fleet {
    /// So many clients come, and publishing begins.
    pub(super) fn begin(clients: usize, addresses: [&str; 3]) -> Self {
        let balancer = Balancer::default();
        addresses.into_iter().enumerate().for_each(|(place, address)| balancer.is_at(place, Some(address.to_owned())));
        let (end, ended) = watch::channel(None);
        let mut watching = JoinSet::new();
        (0..clients).for_each(|number| drop(watching.spawn(watch(number, balancer.clone(), ended.clone()))));
        let (stop, stopped) = watch::channel(false);
        // So that the machine has about as many deliveries with few clients as with many.
        let pause = Duration::from_micros(clients as u64 * 100);
        let publishing = tokio::spawn(publish(balancer.clone(), pause, stopped));
        Self { balancer, end, watching, stop, publishing }
    }

    /// Ends publishing, and waits until every client has every event once and in order; the number of events.
    pub(super) async fn end(mut self) -> usize {
        self.stop.send_replace(true);
        let expected = Arc::new(self.publishing.await.unwrap());
        self.end.send_replace(Some(expected.len()));
        let all = async {
            while let Some(seen) = self.watching.join_next().await {
                let seen = seen.unwrap();
                let begins_at = expected.len() - seen.len();
                assert!(seen.iter().eq(&expected[begins_at..]), "a client has {seen:?} of {expected:?}");
                assert!(begins_at < expected.len() / 2, "it was there from nearly the beginning");
            }
        };
        timeout(HEALED_WITHIN, all).await.expect("all clients have all events in time");
        expected.len()
    }
}

/// The addresses of the servers that are there.
#[derive(Debug, Clone, Default)]
pub(super) struct Balancer(Arc<Mutex<[Option<String>; 3]>>);

impl Balancer {
    pub(super) fn is_at(&self, place: usize, address: Option<String>) {
        self.0.lock().unwrap()[place] = address;
    }

    /// A server for an attempt: another one for each.
    fn choose(&self, attempt: usize) -> Option<String> {
        self.0.lock().unwrap()[attempt % 3].clone()
    }
}

/// Publishes one event after the other, each until it is acknowledged; the ids.
async fn publish(balancer: Balancer, pause: Duration, stopped: watch::Receiver<bool>) -> Vec<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let mut ids = Vec::new();
    let mut attempt = 0;
    while !*stopped.borrow() {
        let begun = Instant::now();
        let event = ids.len();
        loop {
            attempt += 1;
            assert!(begun.elapsed() < HEALED_WITHIN, "event {event} is not acknowledged");
            let Some(address) = balancer.choose(attempt) else { continue };
            let request = client.post(format!("http://{address}/v1/ingest/t")).header("idempotency-key", event);
            match request.body(format!("{{\"n\":{event}}}")).send().await {
                Ok(answer) if answer.status() == 202 => {
                    let Ok(text) = answer.text().await else { continue };
                    ids.push(id(&text));
                    break;
                }
                // Killed meanwhile, or without a broker: it asks the next.
                Ok(_) | Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
        sleep(pause).await;
    }
    ids
}

/// Watches at one server after the other until the last event has come; the ids of all events since the first.
async fn watch(number: usize, balancer: Balancer, mut ended: watch::Receiver<Option<usize>>) -> Vec<String> {
    let mut client = Client::default();
    let mut attempt = number;
    while !client.has_all(*ended.borrow()) {
        if let Some(address) = balancer.choose(attempt) {
            // An error is a server that was killed; an end without one tells the client to come back.
            let _ = client.read(&address, &mut ended).await;
        }
        attempt += 1;
        sleep(Duration::from_millis(50)).await;
    }
    client.seen
}

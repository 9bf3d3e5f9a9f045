//! Which buffer does this server need?

use std::convert::Infallible;
use std::path::Path;

use axum::Router;
use axum::extract::State;
use axum::response::{Sse, sse::Event};
use axum::routing::{get, post};
use futures_util::stream::{Stream, unfold};
use hubbub_sim::{Dialect, Objective, Overrides, Plan, Running, Scenario, Server, Start, Testbed};
use tokio::sync::broadcast::{self, Sender, error::RecvError};

// The application: put yours here.

fn routes(frames: usize) -> Router {
    let events: Sender<String> = broadcast::channel(frames).0;
    Router::new().route("/watch", get(watch)).route("/publish", post(publish)).with_state(events)
}

async fn publish(State(events): State<Sender<String>>, event: String) {
    drop(events.send(event));
}

async fn watch(State(events): State<Sender<String>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(unfold(events.subscribe(), |mut events| async move {
        loop {
            match events.recv().await {
                Ok(event) => return Some((Ok(Event::default().data(event)), events)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }))
}

// The application as a server under test.

struct Mine;

impl Server for Mine {
    fn start(&self, start: &Start) -> Running {
        Running::serving(routes(start.frames()))
    }

    fn dialect(&self) -> Dialect {
        Dialect::sse("/watch").publishing_at("/publish")
    }

    // Only for a server that cannot have every size: a broadcast channel rounds up to a power of two.
    fn effective_frames(&self, frames: usize) -> usize {
        frames.next_power_of_two()
    }
}

// The tests.

#[test]
fn sixty_four_frames_are_good_enough() {
    let plan = Plan::draw(&Scenario::named("ci-build").unwrap(), 20, 0);
    let good_enough = Objective::default().missed(0.001).age_p99_ms(10_000.0);
    Testbed::new("mine", Mine).check(&plan, 64, &good_enough).unwrap();
}

#[test]
fn the_same_plan_gives_the_same_run() {
    let plan = Plan::draw(&Scenario::named("ci-build").unwrap(), 20, 0);
    Testbed::new("mine", Mine).check_determinism(&plan, 64).unwrap();
}

#[test]
#[ignore = "makes figures: cargo test --test buffer -- --ignored --nocapture"]
fn the_first_figure() {
    let few = Overrides { subscribers: Some(vec![20]), seeds: Some(3), ..Overrides::default() };
    let scenario = Scenario::named("ci-build").unwrap().with(few).unwrap();
    let swept = Testbed::new("mine", Mine).sweep(&scenario).unwrap();
    swept.write(Path::new("target/mine")).unwrap();
    println!("{swept}");
}

//! Plans whose subscribers are the queues of theory: frames that come as the theory has it, readers that serve them.

use std::time::Duration;

use super::seed::{EntityRng, RngStream};
use super::{Arrival, ClassPlan, DEFAULT_RETRY, Impairments, Plan, Reading, Selection, ServerPlan, SubscriberPlan};
use crate::time::of_seconds;
use crate::transport::Transport;

/// Payload of every frame, and what a reader's socket holds. A frame is longer than its payload, so it is flushed only
/// once bytes of its own have been read; and since it is shorter than twice that, once is enough.
const FRAME_PAYLOAD_BYTES: u32 = 200;

/// When the streams are all there and the first gap begins.
const BEGINS: Duration = Duration::from_secs(1);

/// Longer than any run: nothing but the queue is to be seen.
const NEVER: Duration = Duration::from_secs(10_000_000);

/// How frames arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Traffic {
    /// One after each gap (D).
    Constant,
    /// A Poisson process (M).
    Poisson,
    /// Batches as a Poisson process (`M^[X]`); their sizes are geometric from 1 on with this mean, which is above 1.
    Batches {
        /// Frames at once, on average.
        mean_frames: f64,
    },
}

/// How long a reader serves a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceTime {
    /// Always as long (D).
    Constant(Duration),
    /// Exponential with this mean (M).
    Exponential(Duration),
}

/// One stream of arrivals, and a subscriber for each service time.
#[derive(Debug, Clone, PartialEq)]
pub struct Queues {
    /// How frames arrive.
    pub traffic: Traffic,
    /// Mean time from a frame to the next.
    pub gap: Duration,
    /// How many frames arrive.
    pub frames: usize,
    /// One subscriber each.
    pub services: Vec<ServiceTime>,
}

impl Plan {
    /// Makes every random choice of a run of queues.
    #[must_use]
    #[doc(hidden)]
    pub fn of_queues(queues: &Queues, seed: u64) -> Self {
        let arrivals = arrivals(queues, seed);
        let duration = arrivals.last().map_or(BEGINS, |last| last.at);
        let class = ClassPlan {
            name: "queue".to_owned(),
            round_trip: None,
            window_bytes: u64::from(FRAME_PAYLOAD_BYTES),
            reconnect_after: None,
            selection: Selection::default(),
            obeys_retry: false,
            path: None,
        };
        let subscriber = |(rank, service): (usize, &ServiceTime)| SubscriberPlan {
            class: 0,
            connect_at: Duration::ZERO,
            leave_at: None,
            reading: Reading::Serves { times: times(*service, queues.frames, Member { seed, rank }) },
            impairments: Impairments::default(),
        };
        Self {
            scenario: "queues".to_owned(),
            seed,
            table: "queue".to_owned(),
            other_tables: Vec::new(),
            duration,
            drain: NEVER,
            time_scale: 1,
            server: ServerPlan {
                keepalive: NEVER,
                write_deadline: NEVER,
                user_timeout: NEVER,
                frames_per_write: 1,
                transport: Transport::Sse,
                cpu: None,
                retry: DEFAULT_RETRY,
                recovery: None,
            },
            arrivals,
            classes: vec![class],
            subscribers: queues.services.iter().enumerate().map(subscriber).collect(),
            faults: Vec::new(),
        }
    }
}

fn arrivals(queues: &Queues, seed: u64) -> Vec<Arrival> {
    let mut gaps = EntityRng::of(seed, RngStream::Arrivals);
    // A stream of its own: the times of batches do not depend on how many numbers their sizes take.
    let mut sizes = EntityRng::of(seed, RngStream::Batches);
    let gap = queues.gap.as_secs_f64();
    let mut arrivals = Vec::with_capacity(queues.frames);
    let mut at = BEGINS.as_secs_f64();
    while arrivals.len() < queues.frames {
        let batch = match queues.traffic {
            Traffic::Constant => {
                // Not added up, as the others are: D/D/1/K is compared to the nanosecond, and a sum of gaps drifts.
                at = BEGINS.as_secs_f64() + gap * (arrivals.len() + 1) as f64;
                1
            }
            Traffic::Poisson => {
                at += gap * gaps.exponential();
                1
            }
            Traffic::Batches { mean_frames } => {
                // The larger the batches, the rarer they are, so that frames come at the same mean rate as one by one.
                at += gap * mean_frames * gaps.exponential();
                geometric(&mut sizes, mean_frames)
            }
        };
        let arrival = Arrival { at: of_seconds(at), payload_bytes: FRAME_PAYLOAD_BYTES, key: 0, table: 0 };
        // The last batch is cut: the number of frames belongs to the experiment, and a run must not exceed it.
        arrivals.extend(std::iter::repeat_n(arrival, batch.min(queues.frames - arrivals.len())));
    }
    arrivals
}

/// 1, 2, 3 …, each further one with the same probability: a rounded-up exponential.
fn geometric(rng: &mut EntityRng, mean: f64) -> usize {
    let goes_on = 1.0 - 1.0 / mean;
    1 + (rng.exponential() / -libm::log(goes_on)) as usize
}

#[derive(Debug, Clone, Copy)]
struct Member {
    seed: u64,
    rank: usize,
}

fn times(service: ServiceTime, frames: usize, Member { seed, rank }: Member) -> Vec<Duration> {
    match service {
        // The last time of a list holds for all events that follow, so one is enough.
        ServiceTime::Constant(time) => vec![time],
        ServiceTime::Exponential(mean) => {
            let mut rng = EntityRng::of_member(seed, RngStream::Services, 0, rank);
            (0..frames).map(|_| of_seconds(mean.as_secs_f64() * rng.exponential())).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(traffic: Traffic) -> Queues {
        let gap = Duration::from_millis(100);
        let services =
            vec![ServiceTime::Exponential(gap / 2), ServiceTime::Constant(gap), ServiceTime::Exponential(gap)];
        Queues { traffic, gap, frames: 50_000, services }
    }

    #[test]
    fn frames_come_as_often_as_they_should_and_a_plan_can_be_run() {
        for traffic in [Traffic::Constant, Traffic::Poisson, Traffic::Batches { mean_frames: 4.0 }] {
            let plan = Plan::of_queues(&queues(traffic), 1);
            assert_eq!(plan.check(), Ok(()));
            assert_eq!(plan.arrivals.len(), 50_000);
            let seconds = (plan.duration - BEGINS).as_secs_f64();
            assert!((seconds / 5000.0 - 1.0).abs() < 0.03, "{traffic:?}: {seconds}");
        }
    }

    #[test]
    fn batches_are_geometric() {
        let mut rng = EntityRng::of(3, RngStream::Batches);
        let sizes: Vec<usize> = (0..100_000).map(|_| geometric(&mut rng, 4.0)).collect();
        let part = |size: usize| sizes.iter().filter(|other| **other == size).count() as f64 / 1e5;
        let mean = sizes.iter().sum::<usize>() as f64 / 1e5;
        assert!((mean - 4.0).abs() < 0.05 && (part(1) - 0.25).abs() < 0.005 && (part(2) - 0.1875).abs() < 0.005);
    }

    #[test]
    fn each_reader_has_its_own_times_with_the_mean_it_was_given() {
        let plan = Plan::of_queues(&queues(Traffic::Poisson), 1);
        let means: Vec<f64> = plan
            .subscribers
            .iter()
            .map(|subscriber| match &subscriber.reading {
                Reading::Serves { times } => times.iter().map(Duration::as_secs_f64).sum::<f64>() / times.len() as f64,
                other => panic!("{other:?}"),
            })
            .collect();
        let near = |mean: f64, expected: f64| (mean / expected - 1.0).abs() < 0.02;
        assert!(near(means[0], 0.05) && near(means[1], 0.1) && near(means[2], 0.1), "{means:?}");
        assert_ne!(plan.subscribers[0].reading, plan.subscribers[2].reading);
    }
}

//! The `sim` command.

use std::time::{Duration, Instant};
use hubbub_sim::plan::*;
use hubbub_sim::world::*;
#[global_allocator]
static A: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let rate: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let secs: u64 = std::env::args().nth(3).unwrap().parse().unwrap();
    let rtt: u64 = std::env::args().nth(4).unwrap().parse().unwrap();
    let group: u64 = std::env::args().nth(5).unwrap().parse().unwrap();
    let cpu: u64 = std::env::args().nth(6).unwrap().parse().unwrap();
    let arrivals = (0..rate * secs).map(|k| Arrival { at: Duration::from_millis(500) + Duration::from_nanos(k / group * group * 1_000_000_000 / rate), payload_bytes: 400, key: 0 }).collect();
    let plan = Plan {
        scenario: "x".into(), seed: 1, table: "t".into(), duration: Duration::from_secs(secs + 1), drain: Duration::from_secs(5), time_scale: 1,
        server: ServerPlan { keepalive: Duration::from_secs(15), write_deadline: Duration::from_secs(30), cpu: (cpu > 0).then(|| CpuPlan { publish: Duration::from_micros(5), delivery: Duration::from_nanos(cpu) }) },
        arrivals,
        classes: vec![ClassPlan { name: "a".into(), round_trip: Some(Duration::from_millis(rtt)), window_bytes: 65536, reconnect_after: None }],
        subscribers: (0..n).map(|_| SubscriberPlan { class: 0, connect_at: Duration::ZERO, leave_at: None, reading: Reading::AsItArrives }).collect(),
    };
    let t = Instant::now();
    let r = run(&plan, HubChoice { capacity: hubbub::Capacity::new(64).unwrap(), overflow: hubbub::Overflow::DropNewest }).unwrap();
    let d: u64 = r.subscribers.iter().map(|s| s.delivered).sum();
    let rec: u64 = r.subscribers.iter().map(|s| s.received).sum();
    let el = t.elapsed();
    println!("{} delivered {} received {:?} {:.2} us/delivery {} hw {}", d, rec, el, el.as_secs_f64() * 1e6 / d as f64, r.digest, r.subscribers.iter().map(|s| s.high_water).max().unwrap());
}

//! The testbed as the queues of theory: one server, finite room, every frame accounted for.

use std::process::Command;
use std::time::Duration;

use hubbub::{Capacity, Overflow};
use hubbub_sim::internals::plan::queue::{Queues, ServiceTime, Traffic};
use hubbub_sim::internals::plan::{HubChoice, Plan, Reading};
use hubbub_sim::internals::runs::Progress;
use hubbub_sim::internals::scenario::Scenario;
use hubbub_sim::internals::theory::recursion;
use hubbub_sim::internals::verify::{self, VerifyExtent};
use hubbub_sim::internals::world;

use crate::plans::ms;

struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// Times that fall anywhere in a tick; none shorter than what a word needs to come and go.
fn plan(traffic: Traffic, seed: u64) -> Plan {
    let services = [20, 60, 110].map(|millis| ServiceTime::Exponential(ms(millis)));
    let queues = Queues { traffic, gap: ms(60), frames: 300, services: services.to_vec() };
    let mut plan = Plan::of_queues(&queues, seed);
    for subscriber in &mut plan.subscribers {
        if let Reading::Serves { times } = &mut subscriber.reading {
            times.iter_mut().for_each(|time| *time += ms(4));
        }
    }
    plan
}

fn choice(mailbox: usize) -> HubChoice {
    HubChoice { capacity: Capacity::new(mailbox).unwrap(), overflow: Overflow::DropNewest }
}

fn by_recursion(plan: &Plan, reading: &Reading, places: usize) -> Vec<Option<Duration>> {
    recursion::fates(plan.arrivals.iter().map(|arrival| arrival.at), verify::time(reading), places)
}

#[test]
fn a_mailbox_of_k_makes_a_system_of_k_and_one_places_frame_by_frame_and_to_the_nanosecond() {
    for traffic in [Traffic::Constant, Traffic::Poisson, Traffic::Batches { mean_frames: 3.0 }] {
        for (mailbox, seed) in [(1, 1), (2, 2), (5, 3), (16, 4)] {
            let plan = plan(traffic, seed);
            let ends = verify::ends(&plan, choice(mailbox)).unwrap();
            let mut lost = 0;
            let mut as_with_one_more = 0;
            for (ends, subscriber) in ends.iter().zip(&plan.subscribers) {
                let expected = by_recursion(&plan, &subscriber.reading, mailbox + 1);
                assert_eq!(ends, &expected, "{traffic:?}, K = {mailbox}");
                lost += expected.iter().filter(|end| end.is_none()).count();
                as_with_one_more += usize::from(*ends == by_recursion(&plan, &subscriber.reading, mailbox + 2));
            }
            assert!(as_with_one_more < 3, "{traffic:?}, K = {mailbox}: nothing tells one more place");
            assert!(lost > 10, "{traffic:?}, K = {mailbox}: {lost}");
        }
    }
}

#[test]
fn a_frame_that_the_window_holds_is_one_more_place() {
    let mut plan = plan(Traffic::Poisson, 5);
    plan.classes[0].window_bytes *= 2;
    let ends = verify::ends(&plan, choice(2)).unwrap();
    for (ends, subscriber) in ends.iter().zip(&plan.subscribers) {
        let fates = |ends: &[Option<Duration>]| ends.iter().map(Option::is_some).collect::<Vec<_>>();
        assert_eq!(fates(ends), fates(&by_recursion(&plan, &subscriber.reading, 4)));
    }
}

#[test]
fn a_wrong_size_of_the_system_is_outside() {
    let extent =
        VerifyExtent { mailboxes: &[1, 2], loads: &[1.0, 2.0], replications: 8, frames: 600, ..VerifyExtent::QUICK };
    let measured = verify::measure(&extent, 2, &Quiet).unwrap();
    let holds =
        |more: usize| measured.iter().filter(|queue| queue.judge(queue.mailbox + more).unwrap().holds()).count();
    assert_eq!(measured.len(), 16);
    assert_eq!(holds(1), 16);
    // D/D/1/K is compared with the recursion, which is not asked for another size.
    assert_eq!(holds(0), 4);
    assert_eq!(holds(2), 4);
}

#[test]
fn twice_the_time_scale_is_another_run_that_loses_as_many_frames() {
    let found = verify::converge(0..4, 2, &Quiet).unwrap();
    assert!(found.inside && found.lost[0] > 0, "{found:?}");
    let scenario = Scenario::named("ci-build").unwrap();
    let once = Plan::draw(&scenario, 10, 0);
    let twice = Plan { time_scale: 2 * once.time_scale, ..once.clone() };
    let digest = |plan: &Plan| world::run(plan, choice(16)).unwrap().digest;
    assert_ne!(digest(&once), digest(&twice));
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let extent = VerifyExtent { mailboxes: &[1], loads: &[1.0], replications: 4, frames: 200, ..VerifyExtent::QUICK };
    assert_eq!(verify::measure(&extent, 1, &Quiet).unwrap(), verify::measure(&extent, 3, &Quiet).unwrap());
}

#[test]
fn two_ranges_of_seeds_have_the_runs_of_the_whole_range() {
    let extent = VerifyExtent { mailboxes: &[1], loads: &[1.0], replications: 4, frames: 200, ..VerifyExtent::QUICK };
    let samples = |first_seed, replications| {
        let extent = VerifyExtent { first_seed, replications, ..extent };
        let measured = verify::measure(&extent, 2, &Quiet).unwrap();
        // The first queue leaves nothing to chance, and has one run, whatever the seeds are.
        measured.into_iter().skip(1).map(|queue| queue.samples).collect::<Vec<_>>()
    };
    let parts = samples(0, 1).into_iter().zip(samples(1, 3)).map(|(first, rest)| [first, rest].concat());
    assert_eq!(parts.collect::<Vec<_>>(), samples(0, 4));
}

#[test]
fn a_quick_verification_holds_and_prints_its_document_and_nothing_else() {
    let sim = |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_sim")).args(arguments).output().unwrap();
    let output = sim(&["verify", "--quick", "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "hubbub.verify/1");
    assert_eq!(document["inside_all"], true);
    let cases = document["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4 * 6 * 2);
    for case in cases {
        assert_eq!(case["system_size"].as_u64().unwrap(), case["k"].as_u64().unwrap() + 1);
        assert_eq!(case["inside"].is_null(), !case["resolvable"].as_bool().unwrap(), "{case}");
        let is_constant = case["model"].as_str().unwrap().contains("/D/1/K");
        assert!(
            !is_constant || case["other_fates"] == 0,
            "without luck in service every frame fares as it must: {case}"
        );
    }
    let convergence = &document["convergence"];
    assert_eq!(convergence["time_scales"][1], 2);
    assert_eq!(convergence["inside"], true);
    for (arguments, what) in [(&["--threads", "0"][..], "--threads"), (&["--out", "Cargo.toml"], "--out")] {
        let output = sim(&[&["verify", "--quick"], arguments].concat());
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && complaint.lines().count() == 1, "{complaint}");
        assert!(complaint.contains(what), "{complaint}");
    }
}

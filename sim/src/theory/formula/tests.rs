//! Formulas against values in closed form, limits and identities that they were not made from.

use super::*;

const LOADS: [f64; 7] = [0.1, 0.3, 0.6, 0.9, 1.0, 1.2, 2.0];
const PLACES: [usize; 6] = [1, 2, 3, 5, 17, 65];
const BATCHES: Model = Model::Mxm1k { mean_frames: 4.0 };
const RANDOM: [Model; 3] = [Model::Mm1k, Model::Md1k, BATCHES];

fn steady(model: Model, load: f64, places: usize) -> Steady {
    model.steady(load, places).unwrap()
}

fn assert_near(value: f64, expected: f64, what: &str) {
    assert!((value - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{what}: {value}, expected {expected}");
}

/// Erlang's loss formula with one server, insensitive to the service's distribution: a / (1 + a).
#[test]
fn without_a_place_to_wait_erlangs_formula_holds_whatever_the_service() {
    for load in LOADS {
        for model in [Model::Mm1k, Model::Md1k] {
            let Steady { loss, delay } = steady(model, load, 1);
            assert_near(loss, load / (1.0 + load), "loss");
            assert_near(delay, 1.0, "delay: a service and no wait");
        }
    }
}

#[test]
fn at_load_one_each_state_of_mm1k_is_as_likely_as_any_other() {
    for places in PLACES {
        let Steady { loss, delay } = steady(Model::Mm1k, 1.0, places);
        assert_near(loss, 1.0 / (places as f64 + 1.0), "loss");
        assert_near(delay, (places as f64 + 1.0) / 2.0, "delay");
    }
}

/// Gross et al., §2.5: `p_K = (1 − ρ) ρ^K / (1 − ρ^(K+1))`, `L = ρ / (1 − ρ) − (K + 1) ρ^(K+1) / (1 − ρ^(K+1))`.
#[test]
fn mm1k_is_the_textbooks() {
    for load in LOADS.into_iter().filter(|load| *load != 1.0) {
        for places in PLACES {
            let k = places as i32;
            let full = (1.0 - load) * load.powi(k) / (1.0 - load.powi(k + 1));
            let frames = load / (1.0 - load) - (places as f64 + 1.0) * load.powi(k + 1) / (1.0 - load.powi(k + 1));
            let Steady { loss, delay } = steady(Model::Mm1k, load, places);
            assert_near(loss, full, "loss");
            assert_near(delay, frames / (load * (1.0 - full)), "delay");
        }
    }
}

/// Brun and Garcia, "Analytical solution of finite capacity M/D/1 queues", *J. Appl. Prob.* 37 (2000), 1092–1098: of a
/// system of N places `1 − b / (1 + ρ b)` is lost, `b = Σ (−1)^k / k! (N − 1 − k)^k ρ^k e^((N − 1 − k) ρ)`, k below N.
#[test]
fn md1k_is_the_closed_form_that_has_been_found_since() {
    for load in LOADS {
        for places in [1, 2, 5, 9] {
            let term = |k: i32| {
                let rest = f64::from(places - 1 - k);
                let factorial: f64 = (1..=k).map(f64::from).product();
                (-1.0_f64).powi(k) / factorial * (rest * load).powi(k) * (rest * load).exp()
            };
            let b: f64 = (0..places).map(term).sum();
            let lost = 1.0 - b / (1.0 + load * b);
            let chain = steady(Model::Md1k, load, places as usize).loss;
            assert!((chain - lost).abs() < 1e-9, "{load}, {places} places: {chain}, expected {lost}");
        }
    }
}

/// Pollaczek and Khinchine: `ρ / (2 (1 − ρ))` mean services of wait where service is constant, twice that where it is
/// exponential.
#[test]
fn with_ample_room_delays_are_those_of_an_unbounded_queue() {
    for load in [0.1, 0.3, 0.6] {
        let wait = load / (1.0 - load);
        assert_near(steady(Model::Mm1k, load, 200).delay, 1.0 + wait, "M/M/1");
        assert_near(steady(Model::Md1k, load, 200).delay, 1.0 + wait / 2.0, "M/D/1");
        // Gross et al., §3.1: L = ρ (1 + E[X²] / E[X]) / (2 (1 − ρ)); for a geometric X it is ρ E[X] / (1 − ρ).
        assert_near(steady(BATCHES, load, 900).delay, 4.0 / (1.0 - load), "M^[X]/M/1");
    }
}

#[test]
fn batches_of_hardly_more_than_one_are_single_arrivals() {
    for load in LOADS {
        let (single, batches) =
            (steady(Model::Mm1k, load, 5), steady(Model::Mxm1k { mean_frames: 1.0 + 1e-12 }, load, 5));
        assert!((single.loss - batches.loss).abs() < 1e-9 && (single.delay - batches.delay).abs() < 1e-9);
    }
}

/// What is lost of the load is what the server does not do: loss, computed from what overflows, and the share of time
/// in which the server is busy, must say the same. (Little's law for the server alone.)
#[test]
fn what_is_not_lost_is_served() {
    for load in LOADS {
        for places in PLACES {
            let busy = 1.0 - (1.0 - load) / (1.0 - load.powi(places as i32 + 1));
            let expected = if load == 1.0 { places as f64 / (places as f64 + 1.0) } else { busy };
            assert_near(load * (1.0 - steady(Model::Mm1k, load, places).loss), expected, "M/M/1/K");
        }
        for model in RANDOM {
            let all = steady(model, load, 65).loss;
            assert!(all >= 1.0 - 1.0 / load, "{model} at {load} cannot serve more than it has time for: {all}");
        }
    }
}

#[test]
fn more_room_loses_less_and_delays_more_and_less_chance_loses_less() {
    for load in LOADS {
        for pair in PLACES.windows(2) {
            for model in RANDOM {
                let (small, large) = (steady(model, load, pair[0]), steady(model, load, pair[1]));
                assert!(
                    large.loss < small.loss && large.loss > 0.0 && large.delay > small.delay - 1e-12,
                    "{model} {load}"
                );
            }
            let [exponential, constant, batches] = RANDOM.map(|model| steady(model, load, pair[1]).loss);
            assert!(constant < exponential + 1e-12 && exponential < batches + 1e-12, "{load} {pair:?}");
        }
    }
}

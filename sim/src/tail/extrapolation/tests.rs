use super::*;
use crate::tail::exact::Exact;

/// Of answered repetitions.
const REPETITIONS: usize = 200;

/// 95 % of 200 are 190; of independent intervals that cover with that probability, fewer than 183 have one chance in 80.
const FEWEST_COVERED: usize = 183;

/// Extrapolates as far as allowed from marks of a known distribution, again and again until 200 repetitions are answered,
/// and counts the intervals that cover the true size.
///
/// A refused repetition is not counted as covered or missed, and at most 50 may be refused.
fn assert_covers(exact: &Exact, runs: usize) {
    let risk = 1.0 / (REACH as usize * runs) as f64;
    let size = exact.size(risk);
    let (mut answered, mut covered, mut refused) = (0, 0, 0);
    for seed in 0.. {
        match extrapolate(&exact.marks(runs, seed), risk) {
            Ok(Extrapolated { low, high, .. }) => {
                answered += 1;
                covered += usize::from(low <= size && size <= high);
            }
            Err(Refusal::PoorFit { .. }) => refused += 1,
            Err(other) => panic!("seed {seed}: {other}"),
        }
        if answered == REPETITIONS {
            break;
        }
        assert!(refused <= 50, "{refused} refused, {answered} answered");
    }
    assert!(covered >= FEWEST_COVERED, "{covered} of {answered} cover {size} frames, {refused} were refused");
}

// When these tests were written, they counted 193, 197, 195 and 191 of 200, with 13, 3, 9 and 5 refused.

#[test]
fn intervals_cover_the_exact_size_of_a_queue() {
    assert_covers(&Exact::mm1(0.7, 1000.0), 600);
}

#[test]
fn intervals_cover_the_exact_size_of_a_queue_with_five_times_the_runs() {
    assert_covers(&Exact::mm1(0.7, 1000.0), 3000);
}

#[test]
fn intervals_cover_the_exact_size_where_the_tail_ends() {
    assert_covers(&Exact::bounded(100, 4.0, 20.0), 600);
}

#[test]
fn intervals_cover_the_exact_size_of_two_loads_mixed() {
    let mixed = Exact::mixture(&Exact::mm1(0.7, 1000.0), &Exact::mm1(0.9, 1000.0), 0.1);
    assert_covers(&mixed, 600);
}

/// Marks of a queue at load 0.7.
fn queue(runs: usize) -> Vec<u64> {
    Exact::mm1(0.7, 1000.0).marks(runs, 1)
}

#[test]
fn the_order_of_the_marks_does_not_matter() {
    let mut marks = queue(600);
    let answer = extrapolate(&marks, 1e-3).unwrap();
    marks.reverse();
    assert_eq!(extrapolate(&marks, 1e-3), Ok(answer));
}

#[test]
fn a_smaller_risk_needs_a_larger_buffer() {
    let marks = queue(600);
    let [often, seldom] = [1e-3, 1.0 / 6000.0].map(|risk| extrapolate(&marks, risk).unwrap());
    assert!(often.low <= often.buffer && often.buffer <= often.high);
    assert!(often.buffer < seldom.buffer && often.high < seldom.high, "{often:?} {seldom:?}");
    assert!(often.exceedances >= FEWEST_EXCEEDANCES && often.goodness_p >= SMALLEST_P);
}

#[test]
fn an_answer_is_the_same_after_json() {
    let answer = extrapolate(&queue(600), 1e-3).unwrap();
    let json = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<Extrapolated>(&json).unwrap(), answer);
}

/// The message of a refusal.
fn refusal(marks: &[u64], risk: f64) -> String {
    extrapolate(marks, risk).unwrap_err().to_string()
}

#[test]
fn a_risk_within_the_data_is_answered_by_the_largest_mark() {
    let marks = queue(600);
    let largest = marks.iter().max().unwrap();
    let told = refusal(&marks, 0.005);
    let expected = format!(
        "the data answer a risk of 0.005 per run: the largest of 600 marks, {largest} frames, bounds 4.98e-3 with 95 % \
         confidence"
    );
    assert_eq!(told, expected);
}

#[test]
fn a_risk_beyond_ten_times_the_data_is_refused() {
    let marks = queue(600);
    assert!(extrapolate(&marks, 1.0 / 6000.0).is_ok());
    let told = refusal(&marks, 0.0001);
    assert_eq!(told, "a risk of 0.0001 per run is beyond 10 times the data: 600 runs reach 1.67e-4");
}

#[test]
fn a_risk_that_is_no_probability_is_refused() {
    for risk in [0.0, -0.1, 1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(extrapolate(&queue(600), risk), Err(Refusal::NoRisk { .. })), "{risk}");
    }
    assert_eq!(refusal(&[], 2.0), "a risk per run lies strictly between 0 and 1, and 2 does not");
}

#[test]
fn fewer_than_fifty_marks_above_the_threshold_are_refused() {
    let few = |runs, risk| refusal(&queue(runs), risk);
    let needs = "are above the lowest threshold, and a tail needs at least 50";
    assert_eq!(few(0, 0.001), format!("0 of 0 runs {needs}"));
    assert_eq!(few(59, 0.01), format!("0 of 59 runs {needs}"));
    let mut lumped = vec![3; 560];
    lumped.extend([4; 40]);
    assert_eq!(refusal(&lumped, 0.001), format!("40 of 600 runs {needs}"));
}

#[test]
fn marks_of_too_few_sizes_are_refused() {
    let marks: Vec<u64> = (0..600).map(|run| run / 120).collect();
    let told = refusal(&marks, 0.001);
    assert_eq!(told, "the 120 largest of 600 marks take too few different sizes to test the fit of a tail");
}

#[test]
fn equal_marks_have_no_tail() {
    assert_eq!(refusal(&[7; 600], 0.001), "the high-water mark of all 600 runs is 7: no tail is seen");
}

#[test]
fn marks_that_no_tail_fits_are_refused() {
    // Sizes come in two lumps, and each of them is above every threshold in part.
    let marks: Vec<u64> = (0..600).map(|run| if run % 10 == 0 { 1000 + run % 40 } else { run % 41 }).collect();
    let told = refusal(&marks, 0.001);
    assert!(told.starts_with("a generalised Pareto tail fits the marks at no threshold: the best p is 0.0"), "{told}");
}

#[test]
fn the_largest_numbers_are_no_panic() {
    let marks: Vec<u64> = (0..600).map(|run| u64::MAX - (600 - run) * (u64::MAX / 1000)).collect();
    let answer = extrapolate(&marks, 0.001);
    assert!(answer.is_ok_and(|answer| answer.high == u64::MAX), "{answer:?}");
}

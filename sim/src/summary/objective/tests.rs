use super::*;
use crate::summary::fixture;

#[test]
fn limits_are_kept_exactly_and_what_exceeds_them_is_named_for_all_before_classes() {
    let mut cell = fixture::alpha().cells[0].clone();
    (cell.wanted, cell.missed) = (1000, 1);
    cell.receipt_latency_ms.p99 = Some(2000.0);
    let class = cell.by_class.keys().next().unwrap().clone();
    let of_class = cell.by_class.get_mut(&class).unwrap();
    (of_class.wanted, of_class.missed) = (100, 50);
    let objective = Objective::default().of_class(&class, |class| class.missed(0.4)).missed(0.001).age_p99_ms(2000.0);
    let unmet = objective.judge(&cell);
    assert_eq!(unmet.len(), 1);
    assert_eq!(unmet[0].to_string(), format!("{class}: missed = 0.5, and the objective is at most 0.4"));
    let tighter = objective.missed(0.0009);
    let unmet: Vec<_> = tighter.judge(&cell).into_iter().map(|unmet| unmet.class).collect();
    assert_eq!(unmet, [None, Some(class)]);
}

#[test]
fn what_was_never_published_is_missed_by_everybody() {
    let mut cell = fixture::alpha().cells[0].clone();
    (cell.subscribers, cell.wanted, cell.missed, cell.unpublished) = (10, 900, 0, 10);
    let (class, of_class) = cell.by_class.iter_mut().next().unwrap();
    (of_class.subscribers, of_class.wanted, of_class.missed) = (2, 180, 10);
    let class = class.clone();
    let objective = Objective::default().missed(0.09).of_class(class, |class| class.missed(0.2));
    let measured: Vec<_> = objective.measure(&cell).into_iter().map(|one| (one.value, one.is_met)).collect();
    assert_eq!(measured, [(Some(0.1), false), (Some(0.15), true)]);
    (cell.wanted, cell.unpublished) = (0, 200);
    assert_eq!(objective.measure(&cell)[0].value, Some(1.0), "a server that publishes nothing keeps no limit");
}

#[test]
fn an_age_of_exactly_the_limit_is_kept_though_a_histogram_names_the_highest_that_it_counts_with_it() {
    let mut histogram = hdrhistogram::Histogram::new(3).unwrap();
    histogram += 2_000_000;
    let mut cell = fixture::alpha().cells[0].clone();
    let judged = |cell: &Cell, ms| Objective::default().age_p99_ms(ms).judge(cell).is_empty();
    for p99 in [crate::summary::statistics::quantiles_ms(&histogram).p99, Some(2000.9)] {
        cell.receipt_latency_ms.p99 = p99;
        assert!(p99 > Some(2000.0) && judged(&cell, 2000.0) && !judged(&cell, 1999.0), "{p99:?}");
    }
}

#[test]
fn memory_is_compared_to_the_byte_and_a_document_keeps_every_digit_of_it() {
    let mut cell = fixture::alpha().cells[0].clone();
    let memory = &mut cell.memory_bytes_per_subscriber;
    (memory.slots, memory.payload) = (1_048_570, 6.5);
    let objective = |bytes| Objective::default().memory_bytes_per_subscriber(bytes);
    assert!(objective(1_048_577.0).judge(&cell).is_empty());
    let unmet = objective(1_048_576.0).judged(&cell);
    let message = unmet.judgements[0].to_string();
    assert!(message.ends_with(" = 1048577, and the objective is at most 1048576"), "{message}");
    let read: super::super::document::JudgedCell = serde_json::from_str(&super::super::json::stable(&unmet)).unwrap();
    assert_eq!(read, unmet);
}

#[test]
fn a_limit_of_a_class_is_left_out_where_the_class_has_no_members() {
    let mut cell = fixture::alpha().cells[0].clone();
    let class = cell.by_class.keys().next().unwrap().clone();
    let objective = Objective::default().missed(1.0).of_class(&class, |class| class.age_p99_ms(1e9).missed(1.0));
    assert_eq!(objective.measure(&cell).len(), 3);
    let of_class = cell.by_class.get_mut(&class).unwrap();
    (of_class.subscribers, of_class.wanted, of_class.receipt_latency_ms) = (0, 0, Default::default());
    assert_eq!(objective.measure(&cell).len(), 1);
    assert_eq!(objective.judge(&cell), []);
}

#[test]
fn a_limit_that_is_given_again_takes_the_place_of_the_first() {
    let objective = Objective::default().missed(0.1).of_class("phone", |phone| phone.missed(0.2)).missed(0.3);
    assert_eq!(objective.to_string(), "missed ≤ 30 %; phone: missed ≤ 20 %");
}

#[test]
fn what_is_not_known_is_not_met() {
    let mut cell = fixture::alpha().cells[0].clone();
    cell.buffer = 0;
    let objective = Objective::default().memory_bytes_per_subscriber(1e9).of_class("nobody", |class| class.missed(1.0));
    let values: Vec<_> = objective.judge(&cell).into_iter().map(|unmet| unmet.value).collect();
    assert_eq!(values, [None, None]);
    assert!(objective.without_memory().limits().iter().all(|limit| limit.class.is_some()));
}

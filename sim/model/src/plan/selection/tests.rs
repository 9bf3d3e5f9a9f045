use super::*;
use crate::plan::Arrival;
use crate::scenario::Scenario;

/// A plan of three tables, with a class for each of these selections.
fn plan(selections: &[Selection]) -> Plan {
    let mut plan = Plan::draw(&Scenario::named("steady-overload").unwrap(), 1, 0);
    plan.table = "builds".to_owned();
    plan.other_tables = vec!["logs".to_owned(), "tests".to_owned()];
    plan.arrivals.truncate(6);
    for (index, arrival) in plan.arrivals.iter_mut().enumerate() {
        arrival.table = (index % 3) as u8;
    }
    let class = plan.classes[0].clone();
    let classes = selections.iter().map(|selection| ClassPlan { selection: selection.clone(), ..class.clone() });
    plan.classes = classes.collect();
    plan.check().unwrap();
    plan
}

fn names(names: &[&str]) -> Selection {
    Selection::Tables(names.iter().map(|name| (*name).to_owned()).collect())
}

fn topic(text: &str) -> Selection {
    Selection::Topic(text.to_owned())
}

#[test]
fn a_selection_has_the_tables_that_it_names_or_matches_and_the_form_that_the_server_gives_it() {
    for (selection, has, form, is_by_wildcard) in [
        (Selection::Everything, [true; 3], Form::Named, false),
        (names(&["tests", "builds"]), [true, false, true], Form::Named, false),
        (names(&["logs"]), [false, true, false], Form::Plain, false),
        (topic("ingest.*"), [true; 3], Form::Enveloped, true),
        (topic("ingest.>"), [true; 3], Form::Enveloped, true),
        (topic("ingest.logs"), [false, true, false], Form::Enveloped, false),
    ] {
        let plan = plan(std::slice::from_ref(&selection));
        let selected = plan.selected(0);
        assert_eq!([0, 1, 2].map(|table| selected.has(table)), has, "{selection:?}");
        assert_eq!((selected.form, selected.is_by_wildcard), (form, is_by_wildcard), "{selection:?}");
        assert_eq!(plan.leaves_out(0), has.contains(&false), "{selection:?}");
        let watched = plan.as_watched_by(0).arrivals.iter().filter(|arrival| has[usize::from(arrival.table)]).count();
        assert_eq!(watched, 2 * has.iter().filter(|has| **has).count(), "{selection:?}");
    }
}

#[test]
fn an_audience_counts_each_class_with_its_part_of_the_events() {
    let mut plan = plan(&[Selection::Everything, names(&["logs"])]);
    let member = plan.subscribers[0].clone();
    plan.subscribers = [0, 0, 1].map(|class| crate::plan::SubscriberPlan { class, ..member.clone() }).to_vec();
    assert!((plan.mean_audience() - (2.0 + 1.0 / 3.0)).abs() < 1e-12);
    plan.classes[1].selection = Selection::Everything;
    assert!((plan.mean_audience() - 3.0).abs() < 1e-12);
}

#[test]
fn a_plan_with_tables_survives_being_stored_and_one_without_does_not_mention_them() {
    let plan = plan(&[Selection::Everything, names(&["logs"]), topic("ingest.*")]);
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(stored.contains(r#""selection":{"tables":["logs"]}"#) && stored.contains(r#"{"topic":"ingest.*"}"#));
    assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
    let stored = serde_json::to_string(&Plan::draw(&Scenario::named("alpha").unwrap(), 3, 0)).unwrap();
    assert!(!stored.contains("other_tables") && !stored.contains("selection"));
}

#[test]
fn a_stored_plan_whose_tables_do_not_fit_together_is_refused_in_one_line() {
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan(&[Selection::Everything]);
        change(&mut plan);
        plan.check().unwrap_err()
    };
    let select = |selection: Selection| refused(&move |plan| plan.classes[0].selection = selection.clone());
    for (why, expected) in [
        (
            refused(&|plan| plan.other_tables[1] = "builds".into()),
            "plan.other_tables: \"builds\" must not be there twice",
        ),
        (
            refused(&|plan| plan.other_tables[0] = "a.b".into()),
            "plan: table 1: \"a.b\" has '.': a token is made of A-Z a-z 0-9 _ -",
        ),
        (
            refused(&|plan| plan.arrivals[1] = Arrival { table: 3, ..plan.arrivals[1] }),
            "plan.arrivals[1]: table 3: there are 3 tables, from 0 on",
        ),
        (
            refused(&|plan| plan.other_tables = (0..64).map(|n| format!("t{n}")).collect()),
            "plan.other_tables: 65 tables in all: there may be 64",
        ),
        (select(names(&[])), "plan.classes[0].selection: must name at least one table"),
        (select(names(&["logs", "x"])), "plan.classes[0].selection: \"x\" is no table of the plan"),
        (select(names(&["logs", "logs"])), "plan.classes[0].selection: \"logs\" must not be there twice"),
        (select(topic("ingest.*.eu")), "plan.classes[0].selection: \"ingest.*.eu\" matches no table of the plan"),
        (select(topic(">")), "plan.classes[0].selection: \">\" does not begin with ingest."),
    ] {
        assert_eq!(why, expected);
    }
}

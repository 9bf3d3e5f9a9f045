//! The same seed gives the same run: here in the profile of the tests, against the digests that a release wrote.

use hubbub_sim::internals::fingerprint::{Fingerprint, cases, fingerprints};
use hubbub_sim::internals::incident::{Incident, Verdict};

use crate::plans::Silent;

#[test]
fn the_named_scenarios_have_their_digests_in_every_profile_and_on_any_number_of_threads() {
    let known: Vec<Fingerprint> = serde_json::from_str(include_str!("../../fingerprints.json")).unwrap();
    let now = fingerprints(&cases().unwrap(), 2, &Silent).unwrap();
    // One at a time, so that a failure is one line with the scenario's name.
    for run in &now {
        assert!(known.contains(run), "{run:?}: not in sim/fingerprints.json");
    }
    assert_eq!(now, known);
}

#[test]
fn every_incident_of_the_corpus_runs_as_it_did() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("incidents");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let incident = Incident::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let replay = incident.replay().unwrap().replay;
        assert_eq!(replay.verdict, Verdict::AsExpected, "{}: {:?}", path.display(), replay.violations);
        seen += 1;
    }
    assert!(seen > 0);
}

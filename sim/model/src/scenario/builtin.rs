//! The scenarios and traces that the program carries, so that they work from any folder.

/// In the order in which they are best read.
const SCENARIOS: [(&str, &str); 7] = [
    ("alpha", include_str!("../../scenarios/alpha.toml")),
    ("mobile", include_str!("../../scenarios/mobile.toml")),
    ("backlog-flush", include_str!("../../scenarios/backlog-flush.toml")),
    ("steady-overload", include_str!("../../scenarios/steady-overload.toml")),
    ("wavehouse-ceiling", include_str!("../../scenarios/wavehouse-ceiling.toml")),
    ("ci-build", include_str!("../../scenarios/ci-build.toml")),
    ("thundering-herd", include_str!("../../scenarios/thundering-herd.toml")),
];

/// By the path that scenarios write.
const TRACES: [(&str, &str); 2] = [
    ("../traces/ci-build.jsonl", include_str!("../../traces/ci-build.jsonl")),
    ("../traces/varying-link.mahimahi", include_str!("../../traces/varying-link.mahimahi")),
];

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|(name, _)| *name)
}

pub(super) fn scenario(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

pub(super) fn trace(path: &str) -> Option<&'static str> {
    TRACES.iter().find(|(known, _)| *known == path).map(|(_, text)| *text)
}

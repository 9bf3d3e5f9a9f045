//! Generated parts of hand-written pages: what stands between two markers comes from a document in `plots/`.
//!
//! A part begins with a line `<!-- generated:SCENARIO.PART -->` and ends with `<!-- /generated -->`. `PARTS` has those
//! of a scenario; besides there are `theory.summary` from `verify.json`, those of `worlds` from `fidelity.json`,
//! `stages.summary` from `stages.json`, `herd.summary` from `herd.json`, `designs.summary` from the `servers.json` of the designs, and `proxies.table` from
//! `proxies.json`.

use crate::summary::document::Sweep;

use super::{current, herd, parts, policies, proxies, real, servers, sizes, stages, theory, worlds};
use crate::summary::comparison::Fidelity;
use crate::summary::herd::Herd;
use crate::summary::probed::Proxies;
use crate::summary::servers::Servers;
use crate::summary::stages::Stages;
use crate::theory::document::Verify;

const OPEN: &str = "<!-- generated:";
const CLOSE: &str = "<!-- /generated -->";

/// Why a page was not filled; the line counts from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkerError {
    /// No such part exists.
    #[error("line {line}: unknown part in `{name}`; allowed: SCENARIO.{}", PARTS.join(", SCENARIO."))]
    UnknownPart {
        /// Where.
        line: usize,
        /// The marker's name.
        name: String,
    },
    /// None of the sweeps is of that scenario.
    #[error("line {line}: no sweep of the scenario in `{name}`")]
    UnknownScenario {
        /// Where.
        line: usize,
        /// The marker's name.
        name: String,
    },
    /// The sweeps of that scenario have nothing of that part.
    #[error("line {line}: the sweep has nothing for `{name}`")]
    Nothing {
        /// Where.
        line: usize,
        /// The marker's name.
        name: String,
    },
    /// A marker is not closed before the next one or the end.
    #[error("line {line}: `{name}` is not closed by {CLOSE}")]
    Unclosed {
        /// Where it opens.
        line: usize,
        /// The marker's name.
        name: String,
    },
    /// A closing marker closes nothing.
    #[error("line {line}: {CLOSE} without an opening marker")]
    Stray {
        /// Where.
        line: usize,
    },
    /// A line looks like a marker and is none.
    #[error("line {line}: a marker is `{OPEN}SCENARIO.PART -->` or `{CLOSE}`, alone on its line")]
    Malformed {
        /// Where.
        line: usize,
    },
}

/// What stands in `plots/`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Published<'a> {
    /// Sweeps and load tests.
    pub sweeps: &'a [Sweep],
    /// The verification.
    pub verify: Option<&'a Verify>,
    /// Both worlds side by side.
    pub fidelity: Option<&'a Fidelity>,
    /// What a second stage costs.
    pub stages: Option<&'a Stages>,
    /// Restarts with and without jitter.
    pub herd: Option<&'a Herd>,
    /// Designs of a server on the same plans.
    pub designs: Option<&'a Servers>,
    /// What proxies hide.
    pub proxies: Option<&'a Proxies>,
}

/// Parts that come from no sweep.
const OF_THEORY: &str = "theory.summary";
const OF_STAGES: &str = "stages.summary";
const OF_HERD: &str = "herd.summary";
const OF_DESIGNS: &str = "designs.summary";
const OF_PROXIES: &str = "proxies.table";
const OF_BOTH_WORLDS: &str = "worlds.";

/// Of a scenario, in the order in which a refusal lists them.
const PARTS: [&str; 12] = [
    "sentence",
    "setting",
    "load",
    "sizes",
    "risk",
    "cells",
    "memory",
    "classes",
    "sensitivity",
    "current-buffer",
    REAL,
    POLICIES,
];

/// The one part of compared policies.
const POLICIES: &str = "policies";

/// The one part of a load test.
const REAL: &str = "real";

/// The page with every generated part written anew; filling twice changes nothing.
///
/// Several documents of one scenario may be given: the first that has something for a part gives it.
///
/// # Errors
/// The first marker that is unknown, malformed, unclosed or has no sweep to speak for it.
pub fn fill(text: &str, published: Published<'_>) -> Result<String, MarkerError> {
    let mut page = String::with_capacity(text.len());
    let mut open: Option<(usize, String)> = None;
    for (line, content) in (1..).zip(text.lines()) {
        match (marker(line, content)?, open.take()) {
            (Marker::Text, None) => page.push_str(&format!("{content}\n")),
            // Old text between two markers is dropped. `take` above has cleared `open`, which is put back.
            (Marker::Text, still_open) => open = still_open,
            (Marker::Open(name), None) => {
                page.push_str(&format!("{content}\n\n{}\n\n", part(line, &name, published)?.trim()));
                open = Some((line, name));
            }
            (Marker::Close, Some(_)) => page.push_str(&format!("{content}\n")),
            (Marker::Close, None) => return Err(MarkerError::Stray { line }),
            (Marker::Open(_), Some((line, name))) => return Err(MarkerError::Unclosed { line, name }),
        }
    }
    match open {
        Some((line, name)) => Err(MarkerError::Unclosed { line, name }),
        None => Ok(page),
    }
}

enum Marker {
    Text,
    Open(String),
    Close,
}

fn marker(line: usize, content: &str) -> Result<Marker, MarkerError> {
    let trimmed = content.trim();
    if trimmed == CLOSE {
        return Ok(Marker::Close);
    }
    let name = trimmed.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix("-->")).map(str::trim);
    match name {
        Some(name) if !name.is_empty() && !name.contains(char::is_whitespace) => Ok(Marker::Open(name.to_owned())),
        // A comment that speaks of `generated` without being a marker is most likely one with a slip.
        None if !(content.contains("<!--") && content.contains("generated")) => Ok(Marker::Text),
        _ => Err(MarkerError::Malformed { line }),
    }
}

fn part(line: usize, name: &str, published: Published<'_>) -> Result<String, MarkerError> {
    let named = || name.to_owned();
    if name == OF_THEORY {
        let filled = published.verify.map(theory::summary);
        return filled.ok_or_else(|| MarkerError::UnknownScenario { line, name: named() });
    }
    if name == OF_STAGES {
        let filled = published.stages.map(stages::part);
        return filled.ok_or_else(|| MarkerError::UnknownScenario { line, name: named() });
    }
    if name == OF_HERD {
        let filled = published.herd.map(herd::part);
        return filled.ok_or_else(|| MarkerError::UnknownScenario { line, name: named() });
    }
    if name == OF_DESIGNS {
        let filled = published.designs.map(servers::part);
        return filled.ok_or_else(|| MarkerError::UnknownScenario { line, name: named() });
    }
    if name == OF_PROXIES {
        let filled = published.proxies.map(proxies::part);
        return filled.ok_or_else(|| MarkerError::UnknownScenario { line, name: named() });
    }
    if let Some(part) = name.strip_prefix(OF_BOTH_WORLDS) {
        let fidelity = published.fidelity.ok_or_else(|| MarkerError::UnknownScenario { line, name: named() })?;
        return worlds::part(part, fidelity).ok_or_else(|| MarkerError::UnknownPart { line, name: named() });
    }
    // A scenario's name may hold a dot; a part's does not.
    let (scenario, part) = name.rsplit_once('.').unwrap_or((name, ""));
    if !PARTS.contains(&part) {
        return Err(MarkerError::UnknownPart { line, name: named() });
    }
    // A scenario may have a sweep, a load test and a comparison of policies. The part says which of them is meant.
    let is_meant = |sweep: &&Sweep| {
        sweep.scenario == scenario
            && (sweep.world == REAL) == (part == REAL)
            && sweep.compares_policies() == (part == POLICIES)
    };
    let mut of_scenario = published.sweeps.iter().filter(is_meant).peekable();
    if of_scenario.peek().is_none() {
        return Err(MarkerError::UnknownScenario { line, name: named() });
    }
    of_scenario.find_map(|sweep| body(part, sweep)).ok_or_else(|| MarkerError::Nothing { line, name: named() })
}

fn body(part: &str, sweep: &Sweep) -> Option<String> {
    match part {
        "sentence" => {
            let (setting, because) = current::recommendation(sweep);
            Some(match sweep.recommendation.buffer {
                Some(_) => format!("**`{setting}`** – {because}"),
                None => format!("**No size can be recommended.** {because}"),
            })
        }
        "setting" => sweep.recommendation.buffer.map(|k| {
            format!(
                "```toml\n[server]\nsse_channel_buffer = {k}\n```\n\n\
                 ```sh\nWH_SSE_CHANNEL_BUFFER={k} hubbub serve\n```"
            )
        }),
        "load" => {
            let population = parts::population(sweep).map(|table| format!("\n\n{}", table.markdown()));
            Some(format!("{}{}", parts::load(sweep), population.unwrap_or_default()))
        }
        "sizes" => {
            let lines: String = sizes::bindings(sweep).iter().map(|line| format!("- {line}\n")).collect();
            sizes::table(sweep).map(|table| format!("{}\n{lines}", table.markdown()))
        }
        "risk" => sizes::risk(sweep).map(|table| table.markdown()),
        "cells" => parts::cells(sweep).map(|table| table.markdown()),
        "memory" => {
            let price = current::slot_price(sweep)?;
            let cost = sizes::cost(sweep).map(|table| format!("\n\n{}", table.markdown()));
            Some(format!("{price}{}", cost.unwrap_or_default()))
        }
        "classes" => {
            super::classes::table(sweep).map(|table| format!("{}\n{}.", table.markdown(), super::classes::KEY))
        }
        "sensitivity" => parts::sensitivity(sweep).map(|table| table.markdown()),
        POLICIES => policies::table(sweep).map(|table| format!("{}\n\n{}", parts::load(sweep), table.markdown())),
        REAL => Some(format!("{}\n\n{}", parts::load(sweep), real::tables(sweep))),
        "current-buffer" => {
            current::current_buffer(sweep).map(|(said, table)| format!("{said}\n\n{}", table.markdown()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn swept(sweeps: &[Sweep]) -> Published<'_> {
        Published { sweeps, ..Published::default() }
    }

    fn page(name: &str) -> String {
        format!("# Head\n\n{OPEN}{name} -->\nplaceholder\n{CLOSE}\n\ntail\n")
    }

    #[test]
    fn filling_is_idempotent_and_leaves_the_rest_alone() {
        let sweeps = [fixture::alpha(), fixture::size_only(), fixture::real(), fixture::policies()];
        for part in PARTS {
            let once = fill(&page(&format!("alpha.{part}")), swept(&sweeps)).unwrap();
            assert_eq!(fill(&once, swept(&sweeps)).unwrap(), once);
            assert!(once.starts_with("# Head\n\n") && once.ends_with("\n\ntail\n"), "{once}");
            assert!(!once.contains("placeholder"));
        }
    }

    #[test]
    fn the_sentence_is_the_recommendation_and_the_current_buffer_says_what_it_loses() {
        let sentence = fill(&page("alpha.sentence"), swept(&[fixture::alpha()])).unwrap();
        assert!(sentence.contains("**`server.sse_channel_buffer = 128`** – 128 slots:"), "{sentence}");
        let lost = fill(&page("alpha.current-buffer"), swept(&[fixture::alpha()])).unwrap();
        assert!(
            lost.contains("nothing is lost on these seeds at N = 10 and 100. Frames are lost elsewhere: 0.1"),
            "{lost}"
        );
    }

    #[test]
    fn every_marker_of_the_operators_page_can_be_filled() {
        let compared = ["alpha", "backlog-flush", "ci-build", "steady-overload"]
            .map(|scenario| Sweep { scenario: scenario.to_owned(), ..fixture::policies() });
        let sweeps = [
            fixture::alpha(),
            fixture::size_only(),
            fixture::single_buffer(),
            fixture::steady_overload(),
            fixture::ceiling(),
            fixture::real(),
            Sweep { scenario: "mobile".to_owned(), ..fixture::alpha() },
            Sweep { scenario: "mobile".to_owned(), ..fixture::size_only() },
        ];
        let sweeps: Vec<_> = sweeps.into_iter().chain(compared).collect();
        let fidelity = crate::summary::comparison::fixture();
        let stages = crate::summary::stages::fixture();
        let designs = crate::summary::servers::fixture();
        let published = Published { fidelity: Some(&fidelity), stages: Some(&stages), ..swept(&sweeps) };
        let herd = crate::summary::herd::fixture();
        let published = Published { designs: Some(&designs), herd: Some(&herd), ..published };
        let filled = fill(include_str!("../../../docs/deployment.md"), published).unwrap();
        assert!(!filled.contains("Not generated yet") && filled.contains("sse_channel_buffer = 128\n"));
    }

    #[test]
    fn the_page_on_fidelity_says_what_was_verified() {
        let verify = crate::theory::document::fixture();
        let fidelity = crate::summary::comparison::fixture();
        let sweeps = [fixture::real()];
        let published = Published { verify: Some(&verify), fidelity: Some(&fidelity), ..swept(&sweeps) };
        let filled = fill(include_str!("../../../docs/fidelity.md"), published).unwrap();
        assert!(filled.contains("| M/M/1/K | 0.3 | 1, 64 |"), "{filled}");
        let unknown = MarkerError::UnknownScenario { line: 3, name: OF_THEORY.to_owned() };
        assert_eq!(fill(&page(OF_THEORY), Published::default()).unwrap_err(), unknown);
    }

    #[test]
    fn a_page_without_markers_is_unchanged() {
        assert_eq!(fill("a\nb\n", Published::default()).unwrap(), "a\nb\n");
    }

    #[test]
    fn bad_markers_are_refused_with_their_line() {
        let sweeps = [fixture::alpha()];
        let refused = |text: &str| fill(text, swept(&sweeps)).unwrap_err();
        let name = |name: &str| name.to_owned();
        assert_eq!(refused(&page("alpha.sises")), MarkerError::UnknownPart { line: 3, name: name("alpha.sises") });
        assert_eq!(refused(&page("beta.sizes")), MarkerError::UnknownScenario { line: 3, name: name("beta.sizes") });
        let nothing = MarkerError::Nothing { line: 3, name: name("alpha.sensitivity") };
        assert_eq!(refused(&page("alpha.sensitivity")), nothing);
        let open = format!("{OPEN}alpha.sizes -->\n");
        assert_eq!(refused(&open), MarkerError::Unclosed { line: 1, name: name("alpha.sizes") });
        assert_eq!(
            refused(&format!("{open}{open}{CLOSE}\n")),
            MarkerError::Unclosed { line: 1, name: name("alpha.sizes") }
        );
        assert_eq!(refused(&format!("x\n{CLOSE}\n")), MarkerError::Stray { line: 2 });
        assert_eq!(refused("<!-- generated alpha -->\n"), MarkerError::Malformed { line: 1 });
        assert_eq!(refused("<!--generated:alpha.sizes-->\n"), MarkerError::Malformed { line: 1 });
    }

    /// Prints a page of each kind, to look at them.
    #[test]
    #[ignore = "writes files: FIGURES=FOLDER cargo test -p hubbub-sim --lib texts -- --ignored"]
    fn texts_of_every_fixture() {
        let folder = std::env::var("FIGURES").expect("FIGURES=folder");
        for (i, sweep) in fixture::all().iter().enumerate() {
            std::fs::write(format!("{folder}/{i}-terminal.txt"), crate::report::terminal(sweep)).unwrap();
            std::fs::write(format!("{folder}/{i}-README.md"), crate::report::readme(sweep, "cargo sim sweep")).unwrap();
        }
    }

    #[test]
    fn an_error_says_what_is_allowed() {
        let said = fill(&page("alpha.x"), swept(&[fixture::alpha()])).unwrap_err().to_string();
        assert!(
            said.starts_with("line 3: unknown part in `alpha.x`; allowed: SCENARIO.sentence, SCENARIO.setting"),
            "{said}"
        );
    }
}

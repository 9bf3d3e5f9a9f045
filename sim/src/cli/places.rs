//! Where the folder of a sweep or a load test is made without `--out`, and the command that makes it again.

use std::path::{Path, PathBuf};

use super::typed::typed;
use crate::scenario::Scenario;
use crate::summary::document::Sweep;
use crate::summary::risk::PUBLISHED_RUNS;

/// The folder of what proxies hide, and its document. A test measures it: proxies have to be started.
pub(super) const PROXIES: &str = "proxies";
pub(super) const PROBED: &str = "proxies.json";

/// Where the project's own results are.
pub(super) const PUBLISHED: &str = "plots";

/// The folder of compared policies, among the published results and elsewhere.
pub(super) const POLICIES: &str = "policies";

/// Where results of other loads go unless told.
pub(super) const ELSEWHERE: &str = "target/sweeps";

/// Where incidents go that a command leaves without being asked.
pub(super) const INCIDENTS: &str = "target/incidents";

/// Where load tests go unless told.
pub(super) const MEASURED: &str = "target/load";

/// The command that makes this folder again. The document has it without `--out`, since its content is the same in every
/// folder.
pub(super) fn command(folder: &Path, sweep: &Sweep) -> String {
    let parent = folder.parent().unwrap_or(Path::new(""));
    let out = if parent == usual_parent(sweep) { String::new() } else { format!(" --out {}", typed(parent)) };
    format!("{}{out}", sweep.command)
}

fn usual_parent(sweep: &Sweep) -> PathBuf {
    let name = &sweep.scenario;
    let is_built_in = Scenario::built_in_names().any(|built_in| built_in == name);
    let published = format!("cargo sim sweep --scenario {name} --runs {PUBLISHED_RUNS}");
    // By the command, because a document does not say in which folder it was written.
    let is_as_it_stands = is_built_in && sweep.command == published;
    if sweep.is_measured() {
        PathBuf::from(MEASURED)
    } else if is_as_it_stands {
        PathBuf::from(PUBLISHED)
    } else if sweep.compares_policies() {
        Path::new(ELSEWHERE).join(POLICIES)
    } else {
        PathBuf::from(ELSEWHERE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn a_command_names_the_folder_unless_it_is_the_usual_one() {
        let of = |folder: &str, command: &str, sweep: Sweep| {
            super::command(Path::new(folder), &Sweep { command: command.to_owned(), ..sweep })
        };
        let as_it_stands = "cargo sim sweep --scenario alpha --runs 3000";
        assert_eq!(of("plots/alpha", as_it_stands, fixture::alpha()), as_it_stands);
        assert_eq!(of("my out/alpha", as_it_stands, fixture::alpha()), format!("{as_it_stands} --out 'my out'"));
        let changed = "cargo sim sweep --scenario alpha --seeds 2";
        assert_eq!(of("target/sweeps/alpha", changed, fixture::alpha()), changed);
        assert_eq!(of("plots/alpha", changed, fixture::alpha()), format!("{changed} --out plots"));
        let fewer = "cargo sim sweep --scenario alpha";
        assert_eq!(of("target/sweeps/alpha", fewer, fixture::alpha()), fewer);
        let all = "cargo sim sweep --scenario alpha --policy all";
        assert_eq!(of("target/sweeps/policies/alpha", all, fixture::policies()), all);
        assert_eq!(of("plots/policies/alpha", all, fixture::policies()), format!("{all} --out plots/policies"));
        assert_eq!(of("mine/alpha", all, fixture::policies()), format!("{all} --out mine"));
        let load = "cargo sim load --scenario alpha";
        let measured = Sweep { world: "real".to_owned(), ..fixture::alpha() };
        assert_eq!(of("target/load/alpha", load, measured.clone()), load);
        assert_eq!(of("plots/load/alpha", load, measured), format!("{load} --out plots/load"));
    }
}

//! The lists that pages keep by hand are what the code has: a name that one has more fails here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hubbub::{GapReason, LossReason, Overflow};
use hubbub_sim::internals::cli::Exit;
use hubbub_sim::internals::laws::Law;
use hubbub_sim::internals::plan::FaultKind;
use hubbub_sim::internals::scenario::Scenario;

use crate::command_line::{all_commands, folder, sim};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// Every page that a person reads: at the root, in `docs/`, and beside incidents and traces.
pub(crate) fn pages() -> Vec<PathBuf> {
    let fixed = ["README.md", "CONTRIBUTING.md", "sim/incidents/README.md", "sim/model/traces/README.md"];
    let mut pages = fixed.map(|page| root().join(page)).to_vec();
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|kind| kind == "md")));
    pages.sort();
    pages
}

/// The first cells of the table with this head, without backticks.
fn first_cells(page: &str, head: &str) -> Vec<String> {
    let lines = page.lines().skip_while(|line| !line.starts_with(head));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    let cells: Vec<_> = rows.map(|row| row.split('|').nth(1).unwrap().trim().replace('`', "")).collect();
    assert!(!cells.is_empty(), "no table begins with {head:?}");
    cells
}

/// Names of the files in a folder with this ending, without it.
fn stems(folder: &str, ending: &str) -> BTreeSet<String> {
    let files = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|kind| kind == ending));
    files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn the_page_on_fidelity_has_every_law_and_every_kind_of_fault() {
    let page = page("docs/fidelity.md");
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let laws = Law::ALL.map(|law| law.name().to_owned()).to_vec();
    assert_eq!(sorted(first_cells(&page, "| law |")), sorted(laws));
    assert_eq!(first_cells(&page, "| kind |"), FaultKind::KINDS);
}

#[test]
fn the_page_on_scenarios_has_every_kind_of_fault() {
    let page = page("docs/scenarios.md");
    let (_, faults) = page.split_once("## `[[fault]]`").unwrap();
    for kind in FaultKind::KINDS {
        assert!(faults.contains(&format!("`{kind}` (")), "{kind}");
    }
}

/// Whether a test of this path is there, as `cargo test` names it: `documents::name`, or `pruning::tests::name`.
fn is_a_test(path: &str) -> bool {
    let Some((modules, test)) = path.rsplit_once("::") else { return false };
    let file = modules.replace("::", "/");
    // Unit tests are in a file `tests.rs`, or in a module at the end of the file that they test.
    let inline = file.trim_end_matches("/tests");
    let folders = ["sim/tests/it", "tests/it", "src", "sim/src", "sim/model/src"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| [file.as_str(), inline].map(|file| folder.join(format!("{file}.rs"))));
    let definition = format!("fn {test}(");
    files.into_iter().any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(&definition)))
}

#[test]
fn every_file_and_every_test_that_the_page_for_contributors_names_exists() {
    let page = page("CONTRIBUTING.md");
    let names = page.split('`').skip(1).step_by(2);
    let names = names.filter(|name| !name.contains(char::is_whitespace) && !name.contains("NAME"));
    let (tests, others): (Vec<_>, Vec<_>) = names.partition(|name| name.contains("::"));
    let files: Vec<_> = others.into_iter().filter(|name| name.contains('/')).collect();
    for test in &tests {
        assert!(is_a_test(test), "{test}: no such test");
    }
    for file in &files {
        assert!(root().join(file).exists(), "{file}: no such file");
    }
    assert!(files.len() > 20 && tests.len() > 5, "{files:?}, {tests:?}");
}

#[test]
fn the_operators_page_has_every_policy_and_every_reason() {
    let page = page("docs/deployment.md");
    assert_eq!(first_cells(&page, "| policy | an event"), Overflow::ALL.map(Overflow::name));
    let row = page.lines().find(|line| line.starts_with("| `hubbub_frames_dropped_total")).unwrap();
    for reason in LossReason::ALL {
        assert!(row.contains(&format!("`{reason}`")), "{reason}: {row}");
    }
}

#[test]
fn the_readme_and_the_help_have_every_exit_code() {
    let codes = Exit::ALL.map(|exit| (exit as u8).to_string());
    assert_eq!(first_cells(&page("README.md"), "| code | meaning |"), codes);
    let help = String::from_utf8(sim(&folder("exit-codes"), &["--help"]).stdout).unwrap();
    let help = help.split("Exit codes:").nth(1).unwrap();
    let told = help.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    assert_eq!(told.collect::<Vec<_>>(), codes);
}

#[test]
fn every_scenario_incident_and_trace_that_there_is_is_named() {
    let built_in: BTreeSet<_> = Scenario::built_in_names().map(str::to_owned).collect();
    assert_eq!(built_in, stems("sim/model/scenarios", "toml"), "what is built in, and the files");
    let help = String::from_utf8(sim(&folder("names"), &["sweep", "--help"]).stdout).unwrap();
    assert!(built_in.iter().all(|name| help.contains(name.as_str())), "{help}");
    assert!(Overflow::ALL.iter().all(|policy| help.contains(policy.name())), "{help}");
    let (pages, checks) = (page("README.md") + &page("docs/deployment.md"), page(".ci/run"));
    for name in &built_in {
        assert!(pages.contains(name.as_str()), "{name}: neither the README nor the operator's page names it");
        assert!(checks.contains(name.as_str()), "{name}: CI does not check its published results");
        let results = format!("plots/{name}/sweep.json");
        assert!(root().join(&results).exists(), "{name}: there is no {results}");
    }
    for (head, folder, ending) in [("| incident |", "sim/incidents", "json"), ("| file |", "sim/model/traces", "jsonl")]
    {
        let named = first_cells(&page(&format!("{folder}/README.md")), head);
        let named: BTreeSet<_> =
            named.iter().map(|name| name.trim_end_matches(&format!(".{ending}")).to_owned()).collect();
        assert_eq!(named, stems(folder, ending), "{folder}");
    }
}

/// The words from `start` on of every place in a page where a command is written, up to its end.
fn commands(page: &str, start: &str) -> Vec<Vec<String>> {
    let joined = page.replace("\\\n", " ");
    let lines = joined.lines().flat_map(|line| line.split(start).skip(1));
    let words = |rest: &str| {
        let rest = rest.split(['`', '#', '>']).next().unwrap_or_default();
        rest.split_whitespace().map(|word| word.trim_end_matches(['.', ',', ';', ':']).to_owned()).collect::<Vec<_>>()
    };
    lines.map(words).filter(|words| !words.is_empty()).collect()
}

#[test]
fn every_command_that_a_page_shows_exists_with_its_options() {
    let folder = folder("shown");
    let mut seen = 0;
    for path in pages() {
        for words in commands(&fs::read_to_string(&path).unwrap(), "cargo sim ") {
            // A name after it is a command; in prose a command may be all that is named.
            let output = sim(&folder, &[&words[0], "--help"]);
            assert_eq!(output.status.code(), Some(0), "{}: cargo sim {words:?}", path.display());
            let help = String::from_utf8(output.stdout).unwrap();
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let option = option.split('=').next().unwrap();
                let is_there = help.split(|c: char| c.is_whitespace() || c == ',').any(|word| word == option);
                assert!(is_there, "{}: cargo sim {words:?}: no {option}", path.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn every_command_is_shown_by_a_page() {
    // The page for contributors says how to change the project, and not what the program can do.
    let shown = pages().into_iter().filter(|path| !path.ends_with("CONTRIBUTING.md"));
    let shown = shown.flat_map(|path| commands(&fs::read_to_string(path).unwrap(), "cargo sim "));
    let shown: BTreeSet<_> = shown.map(|words| words[0].clone()).collect();
    for command in all_commands() {
        assert!(shown.contains(&command), "{command}: no page shows it");
    }
}

#[test]
fn every_recipe_and_every_variable_that_a_page_names_exists() {
    let recipes: BTreeSet<_> = recipes().into_iter().map(|recipe| recipe.name).collect();
    let settings = page("docs/configuration.md");
    let called = [".ci/recipes", ".ci/run"].map(|script| root().join(script));
    for path in pages().into_iter().chain(called) {
        let text = fs::read_to_string(&path).unwrap();
        // In prose behind a backtick; in a block of commands or a script at the beginning of a line.
        let lines: String = text.lines().map(|line| format!("\n{}", line.trim_start())).collect();
        for words in commands(&text, "`just ").into_iter().chain(blocks(&lines)) {
            let is_there = words[0].starts_with("--") || recipes.contains(&words[0]);
            assert!(is_there, "{}: just {}", path.display(), words[0]);
        }
        let names = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        for name in names.filter(|name| name.strip_prefix("WH_").is_some_and(|rest| !rest.is_empty())) {
            assert!(settings.contains(&format!("`{name}`")), "{}: {name}", path.display());
        }
    }
}

#[test]
fn the_operators_page_has_every_reason_of_a_gap_notice() {
    // Conflation replaces old values, and nobody is told of a loss that comes with the end of the stream.
    let is_told =
        |reason: &LossReason| !matches!(reason, LossReason::Conflated | LossReason::ClientGone | LossReason::Evicted);
    let lost = LossReason::ALL.into_iter().filter(is_told).map(GapReason::Lost);
    let all = lost.chain([GapReason::Restarted, GapReason::UnknownCursor]);
    let names: BTreeSet<_> = all.map(|reason| reason.name().to_owned()).collect();
    let cells = first_cells(&page("docs/deployment.md"), "| `reason` |");
    let listed = cells.iter().flat_map(|cell| cell.split(", ")).map(str::to_owned);
    assert_eq!(listed.collect::<BTreeSet<_>>(), names);
}

#[test]
fn the_recipe_of_the_fuzzer_names_every_target() {
    let recipes = page("justfile");
    let comment = recipes.lines().find(|line| line.starts_with("# Fuzz a target")).unwrap();
    for target in stems("fuzz/fuzz_targets", "rs") {
        assert!(comment.contains(&target), "{target}: {comment}");
    }
}

/// The commands of lines that begin with `just`.
fn blocks(lines: &str) -> Vec<Vec<String>> {
    let lines = lines.lines().filter(|line| line.starts_with("just "));
    lines.flat_map(|line| commands(line, "just ").into_iter().next()).collect()
}

/// A recipe of the justfile.
struct Recipe {
    name: String,
    /// What it takes, as it is written: `*options` takes any number of arguments.
    takes: Vec<String>,
    body: String,
}

fn recipes() -> Vec<Recipe> {
    let text = page("justfile");
    let mut recipes: Vec<Recipe> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("    ") {
            let body = &mut recipes.last_mut().unwrap().body;
            body.push_str(command);
            body.push('\n');
        } else if let Some((head, _)) = line.split_once(':').filter(|_| !line.starts_with('#')) {
            let mut words = head.split_whitespace().map(str::to_owned);
            let name = words.next().unwrap();
            recipes.push(Recipe { name, takes: words.collect(), body: String::new() });
        }
    }
    assert!(recipes.len() > 20, "{}", recipes.len());
    recipes
}

/// What `just` puts in place of `{{…}}` is read by a shell, and an `&` in a URL begins another command. So does an
/// argument that a shell puts in without quotation marks.
#[test]
fn every_recipe_hands_its_options_on_as_they_were_typed() {
    let justfile = page("justfile");
    assert!(justfile.contains("set positional-arguments") && !justfile.contains("{{"));
    for Recipe { name, takes, body } in recipes() {
        let arguments: Vec<_> = match takes.first() {
            Some(first) if first.starts_with(['*', '+']) => vec!["$@".to_owned()],
            _ => (1..=takes.len()).map(|number| format!("${number}")).collect(),
        };
        for argument in &arguments {
            assert!(body.contains(argument.as_str()), "{name} drops {argument}: {body}");
        }
        // Every other piece is between quotation marks.
        let unquoted = body.split('"').step_by(2);
        assert!(unquoted.into_iter().all(|piece| !piece.contains('$')), "{name}: {body}");
        let quoted = body.split('"').skip(1).step_by(2).flat_map(|piece| piece.split('$').skip(1));
        let taken = |argument: &str| arguments.iter().any(|known| argument.starts_with(&known[1..]));
        assert!(quoted.into_iter().all(taken), "{name}: {body}");
    }
}

/// A recipe that CI does not run can break unseen. A comparison of the worlds takes some minutes in real time.
#[test]
fn every_recipe_of_a_command_that_ends_within_a_minute_is_run_by_ci() {
    let script = page(".ci/recipes");
    let words: Vec<_> = script.split_whitespace().collect();
    for Recipe { name, body, .. } in recipes() {
        if body.contains("cargo sim ") && body.contains("\"$@\"") && name != "fidelity" {
            assert!(words.windows(2).any(|pair| pair == ["just", &name]), "{name}: .ci/recipes does not run it");
        }
    }
}

#[test]
fn the_scenario_on_the_page_from_question_to_deployment_is_valid() {
    let page = page("docs/from-question-to-deployment.md");
    let text = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let scenario = Scenario::parse("viewers", text).unwrap();
    assert_eq!((scenario.name(), scenario.subscribers()), ("viewers", &[300][..]));
}

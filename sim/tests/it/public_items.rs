//! What the library promises to programs that depend on it: few items. All of them are re-exported by its root, because
//! the rooms are private without the feature `internals`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Fewer than this, so that a reader can know all of them.
const TOO_MANY: usize = 60;

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// A text without a block, from its head to the next brace at the beginning of a line.
fn without(text: &str, head: &str) -> String {
    let (before, rest) = text.split_once(head).unwrap_or_else(|| panic!("the root has {head:?}"));
    let (_, after) = rest.split_once("\n}\n").unwrap();
    format!("{before}\n{after}")
}

/// The names that the root of a library makes public.
fn public_items(root: &str) -> BTreeSet<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.starts_with("#[");
    let code = root.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    let mut items = BTreeSet::new();
    for item in code.split("\npub ").skip(1) {
        if let Some(path) = item.strip_prefix("use ") {
            let (path, _) = path.split_once(';').unwrap();
            let names = path.split_once('{').map_or(path, |(_, list)| list.trim_end_matches('}'));
            let names = names.split(',').map(|name| name.rsplit("::").next().unwrap().trim());
            items.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        } else {
            let name = item.split_whitespace().nth(1).unwrap();
            items.insert(name.split(['(', '<', ';', ':']).next().unwrap().to_owned());
        }
    }
    items
}

fn promised() -> BTreeSet<String> {
    let root = without(&text("src/lib.rs"), "\nmod rooms {");
    // What the feature opens is not promised.
    public_items(&without(&root, "#[cfg(feature = \"internals\")]\n#[doc(hidden)]\npub mod internals {"))
}

#[test]
fn fewer_than_sixty_items_are_public_and_no_room_is() {
    let items = promised();
    assert!(items.len() < TOO_MANY, "{} items: {items:#?}", items.len());
    for least in ["Scenario", "Plan", "Server", "Testbed", "Objective", "ServerSweep", "Figure"] {
        assert!(items.contains(least), "{least} is missing: {items:#?}");
    }
    // Types and the one function: a module or everything of one would hide how many there are.
    let others: Vec<_> = items.iter().filter(|name| !name.starts_with(char::is_uppercase)).collect();
    assert_eq!(others, ["command"]);
}

#[test]
fn lists_single_names_and_definitions_are_counted() {
    let root = "mod a;\n// pub use a::No;\npub use a::One;\npub use a::{\n    b::Two,\n    Three,\n};\n#[x]\npub fn four(a: u8) {}\npub struct Five<T>(T);\n";
    assert_eq!(public_items(root), ["Five", "One", "Three", "Two", "four"].map(str::to_owned).into());
}

#[test]
fn the_page_about_a_server_of_ones_own_has_the_test_that_is_run_here() {
    let shown = text("tests/it/any_server/your_own.rs");
    assert!(
        text("../docs/your-own-server.md").contains(&format!("```rust\n{shown}```\n")),
        "the page has another file"
    );
}

/// What is shown to others must build without the feature. Rooms have no other way to the outside, whatever is switched on.
#[test]
fn the_examples_and_the_page_use_nothing_but_public_items() {
    let examples = ["broadcast", "mailbox", "gated", "designs"].map(|name| format!("examples/{name}.rs"));
    for file in examples.iter().map(String::as_str).chain(["../docs/your-own-server.md"]) {
        assert!(!text(file).contains("internals"), "{file}");
    }
    let root = text("src/lib.rs");
    assert!(root.contains("\nmod rooms {") && !root.contains("pub mod rooms"));
}

//! The files of a package as modules, and which of them names which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::paths::{NamedPath, named};

/// A module that is a file: its path from the root on, which is empty for `lib.rs`.
pub(super) type Module = Vec<String>;

/// A package's files.
pub(super) struct Package {
    paths: BTreeMap<Module, Vec<NamedPath>>,
}

impl Package {
    /// The files of some folders; the root of the last one is that of all. `own_name` is the name by which `main.rs`
    /// knows the library.
    pub(super) fn read(roots: &[PathBuf], own_name: &str) -> Self {
        let files = roots.iter().flat_map(|root| {
            sources(root).into_iter().map(move |file| {
                let source = fs::read_to_string(&file).unwrap();
                (file.strip_prefix(root).unwrap().to_owned(), source)
            })
        });
        Self::of(files, own_name)
    }

    /// Files by their paths, with their sources. Files of tests are left out.
    pub(super) fn of(files: impl IntoIterator<Item = (PathBuf, String)>, own_name: &str) -> Self {
        let mut paths = BTreeMap::new();
        for (file, source) in files {
            let module = module_of(&file);
            if module.last().is_some_and(|name| name == "fixture" || name.ends_with("tests")) {
                continue;
            }
            let mut named = named(&source);
            if module == ["main"] {
                for path in named.iter_mut().filter(|path| path.segments[0] == own_name) {
                    path.segments[0] = "crate".to_owned();
                }
            }
            paths.insert(module, named);
        }
        Self { paths }
    }

    /// For each file the files that its paths lead to, itself left out.
    pub(super) fn arrows(&self) -> BTreeMap<&Module, BTreeSet<&Module>> {
        let targets = |module: &Module, paths: &[NamedPath]| {
            let found = paths.iter().filter_map(|path| self.target(module, &path.segments));
            found.filter(|target| *target != module).collect()
        };
        self.paths.iter().map(|(module, paths)| (module, targets(module, paths))).collect()
    }

    /// The file that a path leads to from a module, past what others re-export; `None` where that is another package.
    fn target(&self, module: &Module, segments: &[String]) -> Option<&Module> {
        let mut at = module.clone();
        let mut rest = segments;
        let mut is_inside = false;
        loop {
            match rest.first().map(String::as_str) {
                Some("crate") => at.clear(),
                Some("super") => drop(at.pop()),
                Some("self") => {}
                _ => break,
            }
            is_inside = true;
            rest = &rest[1..];
        }
        while let Some(name) = rest.first() {
            let child = [at.as_slice(), std::slice::from_ref(name)].concat();
            if !self.paths.contains_key(&child) {
                break;
            }
            is_inside = true;
            at = child;
            rest = &rest[1..];
        }
        if !is_inside {
            return None;
        }
        let (found, paths) = self.paths.get_key_value(&at)?;
        let exported = rest.first().and_then(|name| {
            paths.iter().find(|path| path.exported_as.as_ref() == Some(name) && path.segments != segments)
        });
        match exported {
            Some(path) => self.target(found, &path.segments).or(Some(found)),
            None => Some(found),
        }
    }
}

fn module_of(file: &Path) -> Module {
    let mut module: Module = file.with_extension("").iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if module.last().is_some_and(|name| name == "mod") || module == ["lib"] {
        module.pop();
    }
    module
}

/// All files of source under a folder.
pub(super) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

//! Circles in a graph.

use std::collections::{BTreeMap, BTreeSet};

/// The groups of nodes each of which leads to each other one, of more than one node.
pub(super) fn circles<'a, N: Ord>(arrows: &BTreeMap<&'a N, BTreeSet<&'a N>>) -> Vec<Vec<&'a N>> {
    let reached: BTreeMap<&N, BTreeSet<&N>> = arrows.keys().map(|node| (*node, reached(arrows, *node))).collect();
    let mut circles = Vec::new();
    let mut done = BTreeSet::new();
    for node in reached.keys().filter(|node| reached[*node].contains(*node)) {
        if done.contains(node) {
            continue;
        }
        let circle: Vec<&N> = reached[node].iter().filter(|other| reached[*other].contains(node)).copied().collect();
        done.extend(circle.iter().copied());
        circles.push(circle);
    }
    circles
}

fn reached<'a, N: Ord>(arrows: &BTreeMap<&'a N, BTreeSet<&'a N>>, from: &'a N) -> BTreeSet<&'a N> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&N> = arrows[from].iter().copied().collect();
    while let Some(node) = open.pop() {
        if reached.insert(node) {
            open.extend(arrows.get(node).into_iter().flatten());
        }
    }
    reached
}

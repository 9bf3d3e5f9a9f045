//! The figures of every fixture: there, whole, inside the canvas, the same twice.

use super::*;
use crate::summary::fixture;

/// Writes every fixture's figures to a folder, to look at them.
#[test]
#[ignore = "writes files: run it to look at the figures"]
fn pictures_of_every_fixture() {
    let folder = std::env::var("FIGURES").expect("FIGURES=folder");
    for (i, sweep) in fixture::all().iter().enumerate() {
        for figure in draw(sweep) {
            std::fs::write(format!("{folder}/{i}-{}.png", figure.name), &figure.png).unwrap();
            std::fs::write(format!("{folder}/{i}-{}.svg", figure.name), &figure.svg).unwrap();
        }
    }
}

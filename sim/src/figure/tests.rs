//! The figures of every fixture: there, whole, inside the canvas, apart, the same twice.

use super::*;
use crate::summary::document::{ObjectiveResult, Sweep};
use crate::summary::objective::Objective;
use crate::summary::{fixture, json};
use scene::{HEIGHT, Text, WIDTH};

/// Every document of this module's fixtures, and every one that is published.
fn documents() -> Vec<Sweep> {
    let plots = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../plots");
    let folders = ["", "load", "policies"].map(|folder| std::fs::read_dir(plots.join(folder)).unwrap());
    let files = folders.into_iter().flatten().map(|entry| entry.unwrap().path().join("sweep.json"));
    let published = files.filter(|file| file.exists()).map(|file| std::fs::read_to_string(file).unwrap());
    fixture::all().into_iter().chain(published.map(|text| json::from_json(&text).unwrap())).collect()
}

fn texts(scene: &Scene) -> Vec<&Text> {
    scene.texts().collect()
}

#[test]
fn no_text_leaves_the_canvas() {
    for (name, scene) in documents().iter().flat_map(scenes) {
        for text in texts(&scene) {
            let [left, top, right, bottom] = text.extent();
            let inside =
                left >= 4.0 && top >= 4.0 && right <= f64::from(WIDTH) - 4.0 && bottom <= f64::from(HEIGHT) - 4.0;
            assert!(inside, "{name} of {}: {} at {:?}", scene.title, text.content, text.extent());
        }
    }
}

#[test]
fn no_two_texts_overlap() {
    for (name, scene) in documents().iter().flat_map(scenes) {
        let texts = texts(&scene);
        for (i, a) in texts.iter().enumerate() {
            for b in &texts[i + 1..] {
                let ([al, at, ar, ab], [bl, bt, br, bb]) = (a.extent(), b.extent());
                let apart = ar <= bl || br <= al || ab <= bt + 1.0 || bb <= at + 1.0;
                assert!(apart, "{name} of {}: {:?} over {:?}", scene.title, a.content, b.content);
            }
        }
    }
}

#[test]
fn a_loss_is_drawn_at_its_own_buffer_size_however_many_curves_there_are() {
    let (name, scene) = scenes(&fixture::alpha()).remove(0);
    assert_eq!(name, "drop-rate");
    let ticks: Vec<f64> = texts(&scene).iter().filter(|text| text.at.1 == 900.0).map(|text| text.at.0).collect();
    let discs = scene.marks.iter().filter_map(|mark| match mark {
        scene::Mark::Disc { centre, .. } if centre.0 < 1_382.0 => Some(centre.0),
        _ => None,
    });
    assert!(!ticks.is_empty() && discs.clone().count() > ticks.len());
    assert!(discs.clone().all(|x| ticks.iter().any(|tick| (tick - x).abs() < 0.01)), "{ticks:?}");
}

#[test]
fn policies_name_their_sizes_inside_the_plot() {
    for sweep in documents().iter().filter(|sweep| sweep.compares_policies()) {
        let sizes: Vec<_> = sweep.cells.iter().map(|cell| crate::summary::format::count(cell.buffer)).collect();
        let (_, scene) = scenes(sweep).remove(0);
        let is_size = |text: &&&Text| sizes.iter().any(|size| text.content.split(" … ").any(|part| part == size));
        let grid_top = scene.marks.iter().filter_map(|mark| match mark {
            scene::Mark::Path { points, width: 1, .. } => points.first().map(|(_, y)| *y),
            _ => None,
        });
        let top = grid_top.fold(f64::INFINITY, f64::min);
        let labels = texts(&scene);
        let labels: Vec<_> = labels.iter().filter(is_size).collect();
        assert!(labels.len() >= 2 && labels.iter().all(|text| text.extent()[1] >= top), "{}", scene.title);
    }
}

#[test]
fn a_note_speaks_of_dots_only_where_there_are_any() {
    assert!(draw(&fixture::alpha())[0].svg.contains("Dotted: not measured"));
    assert!(!draw(&fixture::steady_overload())[0].svg.contains("Dotted"));
    assert!(draw(&fixture::policies())[0].svg.contains("dotted"));
}

#[test]
fn every_text_is_large_enough_at_half_size() {
    for (name, scene) in fixture::all().iter().flat_map(scenes) {
        assert!(texts(&scene).iter().all(|text| text.em >= 20.0), "{name} of {}", scene.title);
    }
}

#[test]
fn the_drop_rate_names_each_n_its_exact_size_the_zero_and_the_current_size() {
    let figures = draw(&fixture::alpha());
    let svg = &figures[0].svg;
    assert_eq!(figures.iter().map(|f| f.name).collect::<Vec<_>>(), ["drop-rate", "memory", "latency", "risk"]);
    for said in ["N = 10", "N = 100", "N = 1,000", "38", "57", "91", "0", "current: 64", "recommended: 128"] {
        assert!(svg.contains(&format!("\n{said}\n")), "{said}");
    }
    assert!(svg.contains("Whiskers: 95 % interval") && svg.contains("no frame is lost at N = 10, 100 and 1,000"));
}

#[test]
fn the_current_size_is_marked_where_the_scenario_has_it_and_once_where_it_is_the_recommended_one() {
    let drawn =
        |current_buffer| draw(&Sweep { current_buffer: Some(current_buffer), ..fixture::alpha() })[0].svg.clone();
    let larger = drawn(300);
    assert!(larger.contains("\ncurrent: 300\n") && larger.contains("\nrecommended: 128\n"));
    let same = drawn(128);
    assert!(same.contains("\ncurrent and recommended: 128\n") && !same.contains("\ncurrent: 128\n"));
}

#[test]
fn a_server_under_test_has_its_size_marked_without_a_recommendation_and_no_current_size_that_nobody_gave() {
    let server = Some("mine".to_owned());
    let drawn =
        |current_buffer| draw(&Sweep { server: server.clone(), current_buffer, ..fixture::alpha() })[0].svg.clone();
    let unsaid = drawn(None);
    assert!(unsaid.contains("\nno loss on these seeds: 128\n"), "{unsaid}");
    assert!(!unsaid.contains("current") && !unsaid.contains("recommended"), "{unsaid}");
    assert!(unsaid.contains(" · server mine · simulated\n"), "{unsaid}");
    assert!(drawn(Some(64)).contains("\ncurrent: 64\n"));
}

#[test]
fn one_slot_is_written_in_the_singular() {
    for figure in draw(&fixture::one_slot()) {
        assert!(!figure.svg.contains("1 slots"), "{}", figure.name);
    }
}

#[test]
fn without_intervals_there_are_no_whiskers_and_no_word_of_them() {
    let figures = draw(&fixture::few_seeds());
    assert!(!figures[0].svg.contains("interval"));
}

#[test]
fn more_n_than_buffers_draws_along_n() {
    let figures = draw(&fixture::ceiling());
    let names: Vec<_> = figures.iter().map(|f| f.name).collect();
    assert_eq!(names, ["drop-rate-by-subscribers", "memory-by-subscribers", "latency-by-subscribers", "risk"]);
    assert!(figures[0].svg.contains("\nsubscribers N\n") && figures[0].svg.contains("\n64 slots\n"));
}

#[test]
fn an_endless_size_is_said_in_the_zero_band() {
    assert!(draw(&fixture::steady_overload())[0].svg.contains("no finite size: a class reads slower"));
}

#[test]
fn sizes_that_meet_an_objective_are_shaded_and_without_one_nothing_is() {
    let shades = |sweep: &Sweep| -> Vec<usize> {
        let is_shade = |mark: &&scene::Mark| match mark {
            scene::Mark::Area { colour, .. } | scene::Mark::Disc { colour, .. } => *colour == style::SHADE,
            scene::Mark::Path { .. } | scene::Mark::Text(_) => false,
        };
        scenes(sweep).iter().map(|(_, scene)| scene.marks.iter().filter(is_shade).count()).collect()
    };
    let with_objective = |sweep: Sweep, missed: f64| {
        let objective = Objective::default().missed(missed);
        Sweep { objective: Some(ObjectiveResult::of_cells(objective.limits(), Vec::new())), ..sweep }
    };
    assert_eq!(shades(&fixture::alpha()), [0, 0, 0, 0]);
    // A column in the figures with all N, and one in each of three panels.
    assert_eq!(shades(&with_objective(fixture::alpha(), 1.0)), [1, 1, 3, 0]);
    let policies = with_objective(fixture::policies(), 0.0);
    let of_policies = shades(&policies)[0];
    assert!((2..=3).contains(&of_policies), "a point of four misses something, two may be at one place: {of_policies}");
    assert!(draw(&policies)[0].svg.contains("green: meets the objective"));
    for (name, scene) in scenes(&with_objective(fixture::alpha(), 1.0)) {
        assert_eq!(texts(&scene).iter().any(|text| text.content.contains("Green: ")), name != "risk", "{name}");
    }
}

#[test]
fn no_cells_give_no_figures() {
    assert!(draw(&fixture::size_only()).is_empty() && draw(&fixture::empty()).is_empty());
}

#[test]
fn what_is_not_shown_is_counted() {
    let figures = draw(&fixture::crowded());
    assert!(figures[0].svg.contains("4 curves not shown") && figures[2].svg.contains("10 panels not shown"));
}

#[test]
fn an_svg_is_well_formed_and_needs_no_clock_or_system_font() {
    for (name, scene) in fixture::all().iter().flat_map(scenes) {
        let svg = paint::svg(&scene);
        assert!(svg.trim_end().ends_with("</svg>") && svg.contains("<title>"), "{name}");
        assert!(!svg.contains("NaN") && svg.contains(font::FAMILIES), "{name}");
        let opened = svg.matches('<').count() - svg.matches("</").count() - svg.matches("<?").count();
        let opened = opened - svg.matches("/>").count() - svg.matches("<!").count();
        assert_eq!(opened, svg.matches("</").count(), "{name}");
    }
}

#[test]
fn a_png_decodes_to_the_canvas_and_is_not_blank() {
    for figure in draw(&fixture::alpha()) {
        let mut reader = png::Decoder::new(figure.png.as_slice()).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height), (WIDTH, HEIGHT));
        let inked = pixels.chunks(3).filter(|rgb| rgb.iter().any(|c| *c < 200)).count();
        assert!(inked > 5_000, "{}: {inked}", figure.name);
    }
}

#[test]
fn drawing_twice_and_from_the_written_document_gives_the_same_bytes() {
    let read: Sweep = json::from_json(&json::to_json(&fixture::alpha())).unwrap();
    assert_eq!(draw(&read), draw(&json::from_json(&json::to_json(&read)).unwrap()));
}

/// Writes every fixture's figures to a folder, to look at them.
#[test]
#[ignore = "writes files: FIGURES=FOLDER cargo test -p hubbub-sim --lib pictures -- --ignored"]
fn pictures_of_every_fixture() {
    let folder = std::env::var("FIGURES").expect("FIGURES=folder");
    for (i, sweep) in fixture::all().iter().enumerate() {
        for figure in draw(sweep) {
            std::fs::write(format!("{folder}/{i}-{}.png", figure.name), &figure.png).unwrap();
            std::fs::write(format!("{folder}/{i}-{}.svg", figure.name), &figure.svg).unwrap();
        }
    }
}

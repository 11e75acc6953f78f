//! Inputs that fuzzing once failed on, through the same functions.

#[path = "../fuzz/promises.rs"]
mod promises;

use std::path::Path;
use std::time::{Duration, Instant};

/// Generous, because tests run unoptimised and beside others.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs `target` on every file of `folder` and returns how many there were.
fn replay<T>(folder: &str, target: fn(&[u8]) -> T) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    for file in &files {
        let input = std::fs::read(file).expect("the input can be read");
        let start = Instant::now();
        eprintln!("{}", file.display());
        target(&input);
        assert!(start.elapsed() < DEADLINE, "{}", file.display());
    }
    files.len()
}

#[test]
fn what_fuzzing_found_in_the_tree_stays_mended() {
    assert!(replay("regressions/tree", promises::tree) > 0);
}

#[test]
fn what_fuzzing_found_in_the_loader_stays_mended() {
    assert!(replay("regressions/load", promises::load) > 0);
}

/// Fuzzing gets no further than its seeds: a project that is refused at once would leave most of the loader untried.
#[test]
fn the_seed_is_a_project_that_loads() {
    let seed = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/shop"))
        .expect("the seed is part of the crate");
    let loaded = promises::load(&seed);
    let errors: Vec<_> = loaded.errors().collect();
    assert!(loaded.project.is_some(), "{errors:#?}");
}

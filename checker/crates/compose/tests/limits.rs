//! Input that wants too much is refused at once, with a place where there is one.

use std::time::{Duration, Instant};

use compose::tree::{self, Limits};
use compose::{Loaded, MemoryReader, Request, SourceId};

fn load(text: impl Into<Vec<u8>>) -> (Loaded, Duration) {
    let reader = MemoryReader::new([("compose.yaml", text.into())]);
    let start = Instant::now();
    let loaded = compose::load(
        &reader,
        &Request {
            folder_name: "shop".into(),
            ..Request::default()
        },
    );
    (loaded, start.elapsed())
}

/// Generous, because tests run unoptimised and beside others; optimised, each takes a tenth or less.
const AT_ONCE: Duration = Duration::from_secs(10);

fn refused(text: impl Into<Vec<u8>>, code: &str) {
    let (loaded, elapsed) = load(text);
    assert!(loaded.project.is_none());
    assert_eq!(
        loaded.findings.first().map(|finding| finding.code),
        Some(code)
    );
    assert!(elapsed < AT_ONCE, "{code} took {elapsed:?}");
}

#[test]
fn a_huge_file_is_refused() {
    refused(
        format!("services: {{}}\n# {}", "x".repeat(9 << 20)),
        "file-too-large",
    );
}

#[test]
fn a_thousand_levels_are_refused_in_every_style() {
    refused(
        format!("a: {}{}", "[".repeat(1000), "]".repeat(1000)),
        "nested-too-deep",
    );
    refused(
        (0..1000)
            .map(|level| format!("{}a:\n", "  ".repeat(level)))
            .collect::<String>(),
        "nested-too-deep",
    );
    refused("[".repeat(100_000), "nested-too-deep");
    refused(
        (1..2000).fold("x-0: &a0 {k: v}\n".to_string(), |text, level| {
            text + &format!("x-{level}: &a{level} {{k: *a{}}}\n", level - 1)
        }),
        "nested-too-deep",
    );
}

#[test]
fn alias_bombs_are_refused() {
    let laughs = (1..12).fold(
        "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string(),
        |text, level| {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            text + &format!("x-{level}: &a{level} [{aliases}]\n")
        },
    );
    refused(laughs, "too-many-aliases");
    let merges = (1..3000).fold("x-0: &a0 {k0: v}\n".to_string(), |text, level| {
        text + &format!(
            "x-{level}: &a{level} {{<<: *a{}, k{level}: v}}\n",
            level - 1
        )
    });
    refused(merges, "too-many-aliases");
}

#[test]
fn a_real_file_with_many_aliases_is_read() {
    let services: String = (0..142)
        .map(|number| format!("  s{number}:\n    <<: *base{}\n", number % 10))
        .collect();
    let anchors: String = (0..10).map(|number| format!("x-{number}: &base{number} {{image: nginx, environment: {{A: b, C: d}}, tty: true}}\n")).collect();
    let (loaded, _) = load(format!("{anchors}services:\n{services}"));
    assert_eq!(
        loaded.project.map(|project| project.services().count()),
        Some(142)
    );
}

#[test]
fn variables_cannot_grow_without_bound() {
    refused(
        format!("services: {{}}\nx-a: '{}'\n", "${A:-".repeat(100_000)),
        "bad-interpolation",
    );
    let (loaded, elapsed) = load(format!(
        "services: {{web: {{image: nginx}}}}\nx-a: '{}'\n",
        "$A".repeat(200_000)
    ));
    assert_eq!(loaded.findings.len(), 1);
    assert!(elapsed < AT_ONCE, "{elapsed:?}");
}

#[test]
fn a_file_full_of_mistakes_shows_the_first_ones() {
    let keys: String = (0..20_000)
        .map(|number| format!("    wrong{number}: x\n"))
        .collect();
    let (loaded, elapsed) = load(format!("services:\n  web:\n    image: nginx\n{keys}"));
    assert!(
        (10..=60).contains(&loaded.findings.len()),
        "{}",
        loaded.findings.len()
    );
    assert!(elapsed < AT_ONCE, "{elapsed:?}");
}

#[test]
fn a_long_chain_of_services_is_followed_without_recursion() {
    let services: String = (0..10_000)
        .map(|number| format!("  s{number}: {{image: x, depends_on: [s{}]}}\n", number + 1))
        .collect();
    let (loaded, _) = load(format!("services:\n{services}  s10000: {{image: x}}\n"));
    assert_eq!(
        loaded.project.map(|project| project.services().count()),
        Some(10_001)
    );
}

#[test]
fn files_that_include_each_other_again_and_again_are_refused() {
    let levels = 30;
    let level = |number: usize| {
        let next = format!("include: [a{0}.yaml, b{0}.yaml]\n", number + 1);
        if number == levels {
            "services: {}\n".to_string()
        } else {
            next + "services: {}\n"
        }
    };
    let mut files = vec![("compose.yaml".to_string(), level(0))];
    for number in 1..=levels {
        files.push((format!("a{number}.yaml"), level(number)));
        files.push((format!("b{number}.yaml"), level(number)));
    }
    let start = Instant::now();
    let loaded = compose::load(
        &MemoryReader::new(files),
        &Request {
            folder_name: "shop".into(),
            ..Request::default()
        },
    );
    let codes: Vec<&str> = loaded.errors().map(|finding| finding.code).collect();
    assert_eq!(codes, ["too-many-files"]);
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
}

#[test]
fn a_long_chain_of_extends_is_refused_and_does_not_exhaust_the_stack() {
    let chain: String = (0..5000)
        .map(|number| format!("  s{number}: {{extends: s{}}}\n", number + 1))
        .collect();
    refused(
        format!("services:\n{chain}  s5000: {{image: x}}\n"),
        "extends-too-long",
    );
}

#[test]
fn a_tree_of_another_file_takes_the_callers_limits() {
    let small = Limits {
        bytes: 10,
        ..Limits::default()
    };
    assert_eq!(
        tree::parse(SourceId(0), "a: 1", small)
            .unwrap()
            .get("a")
            .and_then(compose::Node::as_integer),
        Some(1)
    );
    assert_eq!(
        tree::parse(SourceId(0), "a: 1234567890", small).unwrap_err()[0].code,
        "file-too-large"
    );
    let two = tree::parse(SourceId(0), "a: 1\n---\nb: 2\n", Limits::default()).unwrap_err();
    assert_eq!(
        (two[0].code, two[0].span.map(|span| span.start)),
        ("several-documents", Some(9))
    );
    assert!(
        tree::parse(SourceId(0), "", Limits::default())
            .unwrap()
            .is_null()
    );
}

//! Input that wants too much is refused at once, with a place where there is one.

use std::time::{Duration, Instant};

use compose::render::{self, Style};
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

/// Generous, because tests run unoptimised and beside others; optimised, each takes well under a second. What these tests are
/// about takes many minutes when it goes wrong.
const AT_ONCE: Duration = Duration::from_secs(60);
/// How many there are of what a project has many of; fewer where nothing is optimised.
const MANY: usize = if cfg!(debug_assertions) {
    2_000
} else {
    10_000
};

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
        format!("services: {{}}\n# {}", "x".repeat(17 << 20)),
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
fn anchors_in_anchors_do_not_hold_the_same_values_again_and_again() {
    let anchors: String = (0..90).map(|level| format!("&a{level} [")).collect();
    let items = vec!["x"; 20_000].join(", ");
    refused(
        format!("x-a: {anchors}{items}{}\n", "]".repeat(90)),
        "too-many-anchors",
    );
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

/// Loads `files` and says how many services there are.
fn services_of(files: &[(&str, &str)]) -> Option<usize> {
    let start = Instant::now();
    let loaded = compose::load(
        &MemoryReader::new(files.iter().copied()),
        &Request {
            folder_name: "shop".into(),
            ..Request::default()
        },
    );
    let elapsed = start.elapsed();
    assert!(elapsed < AT_ONCE, "{elapsed:?}");
    loaded.project.map(|project| project.services().count())
}

fn services(number: usize, body: impl Fn(usize) -> String) -> String {
    let services: String = (0..number)
        .map(|at| format!("  s{at}: {{image: x, {}}}\n", body(at)))
        .collect();
    format!("services:\n{services}")
}

#[test]
fn thousands_of_services_load_whatever_they_share() {
    let base = "services: {base: {image: x, environment: {A: 1}}}";
    let many = services(MANY, |at| format!("ports: ['{}:80']", at + 1));
    let resources: String = (0..MANY).map(|at| format!("  n{at}: {{}}\n")).collect();
    for (files, expected) in [
        (
            vec![
                ("compose.yaml", many.clone()),
                ("compose.override.yaml", many.clone()),
            ],
            MANY,
        ),
        (
            vec![(
                "compose.yaml",
                services(MANY, |at| format!("networks: [n{at}]")) + "networks:\n" + &resources,
            )],
            MANY,
        ),
        (
            vec![(
                "compose.yaml",
                services(MANY, |at| format!("volumes: ['n{at}:/x']")) + "volumes:\n" + &resources,
            )],
            MANY,
        ),
        (
            vec![(
                "compose.yaml",
                services(MANY, |_| "extends: base".into())
                    + "  base: {image: x, environment: {A: 1}}\n",
            )],
            MANY + 1,
        ),
        (
            vec![
                (
                    "compose.yaml",
                    services(MANY, |_| "extends: {file: base.yaml, service: base}".into()),
                ),
                ("base.yaml", base.into()),
            ],
            MANY,
        ),
        (
            vec![
                (
                    "compose.yaml",
                    services(MANY, |at| {
                        format!("extends: {{file: base.yaml, service: s{at}}}")
                    }),
                ),
                ("base.yaml", many.clone()),
            ],
            MANY,
        ),
        (
            vec![
                ("compose.yaml", services(MANY, |_| "env_file: a.env".into())),
                ("a.env", "A=1\n".into()),
            ],
            MANY,
        ),
        (
            vec![
                ("compose.yaml", many),
                (
                    "compose.override.yaml",
                    "services:\n".to_string()
                        + &(0..MANY)
                            .map(|at| format!("  s{at}: {{ports: !reset []}}\n"))
                            .collect::<String>(),
                ),
            ],
            MANY,
        ),
    ] {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        assert_eq!(services_of(&files), Some(expected), "{:.80}", files[0].1);
    }
}

#[test]
fn thousands_of_includes_load() {
    let files: Vec<(String, String)> = (0..MANY)
        .map(|at| {
            (
                format!("i{at}.yaml"),
                format!("services: {{s{at}: {{image: x}}}}"),
            )
        })
        .collect();
    let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    let compose = format!("include: [{}]\n", names.join(", "));
    let mut all: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    all.push(("compose.yaml", &compose));
    assert_eq!(services_of(&all), Some(MANY));
}

#[test]
fn includes_share_the_variables_that_they_inherit() {
    let files: Vec<(String, String)> = (0..1000)
        .map(|at| {
            (
                format!("i{at}.yaml"),
                format!("services: {{s{at}: {{image: $V9}}}}"),
            )
        })
        .collect();
    let entries: String = files
        .iter()
        .map(|(path, _)| format!("  - {{path: {path}, env_file: small.env}}\n"))
        .collect();
    let compose = format!("include:\n{entries}");
    let variables: String = (0..20_000).map(|at| format!("V{at}=x\n")).collect();
    let mut all: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    all.extend([
        ("compose.yaml", compose.as_str()),
        (".env", &variables),
        ("small.env", "A=1"),
    ]);
    assert_eq!(services_of(&all), Some(1000));
}

#[test]
fn thousands_of_unknown_names_are_refused_without_comparing_each_with_each() {
    let text = services(MANY, |at| format!("depends_on: [sevice-{at}]"));
    let (loaded, elapsed) = load(text);
    assert_eq!(loaded.findings.len(), 1001);
    assert_eq!(loaded.findings[0].code, "unknown-service");
    assert_eq!(
        loaded.findings.last().map(|finding| finding.code),
        Some("more-findings")
    );
    assert!(elapsed < AT_ONCE, "{elapsed:?}");
}

#[test]
fn services_that_all_take_over_a_large_one_are_refused() {
    let variables: String = (0..10_000).map(|at| format!("      V{at}: x\n")).collect();
    let many = services(1000, |_| "extends: base".into());
    refused(
        format!("{many}  base:\n    image: x\n    environment:\n{variables}"),
        "too-much",
    );
}

#[test]
fn ten_thousand_documents_are_refused_or_loaded_in_time() {
    let documents: String = (0..10_000)
        .map(|at| format!("---\nservices: {{s{at}: {{image: x}}}}\n"))
        .collect();
    refused(documents, "too-much");
}

#[test]
fn thousands_of_variables_of_one_service_are_read() {
    for body in [
        (0..10 * MANY)
            .map(|at| format!("      - V{at}=x\n"))
            .collect::<String>(),
        (0..10 * MANY)
            .map(|at| format!("      V{at}: x\n"))
            .collect(),
    ] {
        let text = format!("services:\n  web:\n    image: x\n    environment:\n{body}");
        assert_eq!(
            services_of(&[("compose.yaml", &text), ("compose.override.yaml", &text)]),
            Some(1)
        );
    }
}

#[test]
fn all_ports_there_are_can_be_published() {
    let text = "services: {web: {image: x, ports: ['1-65535:1-65535']}}";
    let (loaded, _) = load(text);
    let project = loaded.project.expect("Compose accepts this");
    assert_eq!(
        project
            .services()
            .map(|web| web.ports().len())
            .sum::<usize>(),
        65_535
    );
}

#[test]
fn thousands_of_findings_in_a_large_file_are_rendered_in_time() {
    let text = services(5 * MANY, |at| format!("command: $V{at}"));
    let (loaded, _) = load(text);
    let start = Instant::now();
    let rendered: usize = loaded
        .findings
        .iter()
        .map(|finding| render::finding(finding, &loaded.sources, Style::Plain).len())
        .sum();
    assert!(rendered > 100_000);
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
}

#[test]
fn mistakes_are_found_behind_any_number_of_warnings() {
    let unset: String = (0..60).map(|at| format!("      V{at}: $W{at}\n")).collect();
    refused(
        format!("services:\n  web:\n    image: x\n    environment:\n{unset}    prots: []\n"),
        "unknown-key",
    );
}

#[test]
fn tabs_on_empty_lines_are_looked_for_in_one_pass() {
    let items = "      - \"x\n\n      \t\n\n        y\"\n".repeat(5 * MANY);
    let text = format!("services:\n  a:\n    image: x\n    command:\n{items}");
    let (loaded, elapsed) = load(text);
    assert!(elapsed < AT_ONCE, "{elapsed:?}");
    assert_eq!(
        loaded
            .findings
            .first()
            .map(|finding| finding.message.as_str()),
        None
    );
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
    assert_eq!(codes, ["too-much"]);
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

//! How long loading takes, files in memory: `cargo bench -p compose`.

use std::fmt::Write;

use compose::tree::{self, Limits};
use compose::{MemoryReader, Request, SourceId};
use divan::{Bencher, black_box, counter::BytesCount};

const FOUR_SERVICES: &str = include_str!("four-services.yaml");

fn main() {
    divan::main();
}

fn load(reader: &MemoryReader) {
    let request = Request {
        folder_name: "bench".into(),
        ..Request::default()
    };
    let loaded = compose::load(black_box(reader), &request);
    assert!(loaded.project.is_some(), "{:?}", loaded.findings);
}

#[divan::bench]
fn four_services(bencher: Bencher<'_, '_>) {
    let reader = MemoryReader::new([("compose.yaml", FOUR_SERVICES)]);
    bencher.bench(|| load(&reader));
}

/// 2,000 lines, and an anchor in every service.
fn large() -> String {
    let mut text = String::from(
        "x-common: &common\n  restart: unless-stopped\n  logging: {driver: json-file, options: {max-size: 10m}}\n  environment: &variables\n    LEVEL: ${LEVEL:-info}\n    ZONE: UTC\nservices:\n",
    );
    for number in 0..142 {
        write!(
            text,
            "  service-{number}: &service-{number}\n    <<: *common\n    image: registry.example.com/team/service-{number}:1.{number}\n    environment:\n      <<: *variables\n      NUMBER: {number}\n    ports:\n      - \"{}:80\"\n    volumes:\n      - ./data/{number}:/data\n    healthcheck:\n      test: [CMD, curl, -f, http://localhost]\n      interval: 30s\n    depends_on: [service-{}]\n",
            10_000 + number,
            number + 1,
        )
        .expect("a text takes any text");
    }
    text + "  service-142: {<<: *service-0, ports: [], depends_on: []}\n"
}

#[divan::bench]
fn two_thousand_lines(bencher: Bencher<'_, '_>) {
    let text = large();
    let reader = MemoryReader::new([("compose.yaml", text.clone())]);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| load(&reader));
}

#[divan::bench]
fn two_thousand_lines_as_a_tree(bencher: Bencher<'_, '_>) {
    let text = large();
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| tree::parse(SourceId(0), black_box(&text), Limits::default()));
}

/// An override, and twenty includes, each with a base to extend and two files of variables.
#[divan::bench]
fn many_files(bencher: Bencher<'_, '_>) {
    let mut files = vec![
        (
            "compose.override.yaml".to_string(),
            "services: {web: {tty: true}}\n".to_string(),
        ),
        (".env".into(), "TAG=1.27\n".into()),
    ];
    let mut includes = String::new();
    for number in 0..20 {
        let folder = format!("part-{number}");
        writeln!(includes, "  - {folder}/compose.yaml").expect("a text takes any text");
        files.extend([
            (
                format!("{folder}/compose.yaml"),
                format!("services:\n  part-{number}:\n    extends: {{file: base.yaml, service: base}}\n    image: part:${{VERSION}}\n    env_file: part.env\n"),
            ),
            (
                format!("{folder}/base.yaml"),
                "services: {base: {image: base, environment: {A: 1}, volumes: ['./data:/data']}}\n".into(),
            ),
            (format!("{folder}/.env"), format!("VERSION={number}\n")),
            (format!("{folder}/part.env"), "B=2\nC=\"${VERSION}\"\n".into()),
        ]);
    }
    files.push((
        "compose.yaml".into(),
        format!("include:\n{includes}services: {{web: {{image: \"nginx:$TAG\"}}}}\n"),
    ));
    let reader = MemoryReader::new(files);
    bencher.bench(|| load(&reader));
}

/// As a verdict on a whole folder of projects does it.
#[divan::bench]
fn five_hundred_projects(bencher: Bencher<'_, '_>) {
    let readers: Vec<MemoryReader> = (0..500)
        .map(|number| {
            let text = FOUR_SERVICES.replace("milvus", &format!("milvus{number}"));
            MemoryReader::new([("compose.yaml", text)])
        })
        .collect();
    bencher.bench(|| readers.iter().for_each(load));
}

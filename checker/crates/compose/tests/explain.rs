//! Where values come from, as it is told to people and to programs.

use compose::explain::{self, Explanation};
use compose::render::{self, Style};
use compose::{Loaded, MemoryReader, Request};

const SHOP: [(&str, &str); 9] = [
    (
        "compose.yaml",
        "\
include:
  - tools/compose.yaml
x-common: &common
  restart: always
  environment: {LOG: \"${LOG_LEVEL:-info}\", REGION: eu}
services:
  web:
    <<: *common
    extends: {file: base.yaml, service: web}
    image: nginx:${TAG}
    ports: [\"${PORT:-80${LAST:-80}}:80\"]
    volumes: [\"./site:/usr/share/nginx/html:ro\"]
    depends_on: [db]
    labels: {com.example.team: shop}
    env_file: [a.env, b.env]
  db:
    image: postgres:${PG}
    environment: [HOME, NOBODY, A=own]
    env_file: a.env
    build: ./db
    command: ${EMPTY:+never}x${TAG:+set}
    profiles: []
",
    ),
    (
        "compose.override.yaml",
        "services:\n  web:\n    image: nginx:alpine\n    environment: {LOG: debug}\n    ports: [\"443:443\"]\n    command: !override [nginx, -t]\n    stop_grace_period: 90s\n",
    ),
    (
        "base.yaml",
        "services:\n  web:\n    extends: root\n    read_only: true\n    command: [nginx]\n  root:\n    init: true\n    image: scratch\n",
    ),
    (
        "tools/compose.yaml",
        "services:\n  tool:\n    image: tool:${TOOL}\n    volumes: [./data:/data]\n",
    ),
    ("tools/.env", "TOOL=7\n"),
    (".env", "TAG=1.27\nPG=${TAG}-x\nHOME=file\n"),
    ("a.env", "A=1\nB=1\n"),
    ("b.env", "# note\nB=2\n"),
    ("site/index.html", ""),
];

fn shop() -> Loaded {
    let request = Request {
        folder_name: "shop".into(),
        project_directory: "/home/me/shop".into(),
        environment: [("HOME".to_string(), "/home/me".to_string())].into(),
        ..Request::default()
    };
    compose::load(&MemoryReader::new(SHOP), &request)
}

fn explained<T>(loaded: &Loaded, path: &str, use_it: impl FnOnce(Explanation<'_>) -> T) -> T {
    let messages = || render::json::findings(&loaded.findings, &loaded.sources).to_string();
    let project = loaded
        .project
        .as_ref()
        .unwrap_or_else(|| panic!("{}", messages()));
    match explain::explain(project, &loaded.sources, path) {
        Ok(explanation) => use_it(explanation),
        Err(finding) => panic!(
            "{}",
            render::finding(&finding, &loaded.sources, Style::Plain)
        ),
    }
}

/// The chain as pairs of the kind of step and the text or the line it points at.
fn chain(loaded: &Loaded, path: &str) -> Vec<String> {
    explained(loaded, path, |explanation| {
        let links = explanation.chain.iter().map(|link| match link.span {
            None => link.kind.to_string(),
            Some(span) => {
                let file = &loaded.sources.get(span.source).path;
                let line = loaded.sources.position(span).line;
                format!("{} {file}:{line}", link.kind)
            }
        });
        links.collect()
    })
}

#[test]
fn the_chain_of_every_kind_of_value_is_told() {
    let loaded = shop();
    for (path, expected) in [
        ("name", &["belongs-to compose.yaml:1", "default"][..]),
        // A later file, and what it replaced.
        (
            "services.web.image",
            &[
                "written compose.override.yaml:3",
                "merged-over compose.yaml:10",
            ],
        ),
        (
            "services.web.command",
            &["written compose.override.yaml:6", "override"],
        ),
        // A merge key with an alias; a variable with its fallback that a later file replaced.
        (
            "services.web.restart",
            &[
                "written compose.yaml:4",
                "alias compose.yaml:8",
                "merge-key compose.yaml:8",
            ],
        ),
        (
            "services.web.environment.REGION",
            &[
                "written compose.yaml:5",
                "alias compose.yaml:8",
                "merge-key compose.yaml:8",
            ],
        ),
        (
            "services.web.environment.LOG",
            &[
                "written compose.override.yaml:4",
                "merged-over compose.yaml:5",
            ],
        ),
        // Two services extended one after the other, in another file.
        (
            "services.web.init",
            &[
                "written base.yaml:7",
                "extended base.yaml:3",
                "extended compose.yaml:9",
            ],
        ),
        (
            "services.web.read_only",
            &["written base.yaml:4", "extended compose.yaml:9"],
        ),
        // Short forms, with variables inside each other.
        (
            "services.web.ports.0.published",
            &[
                "written compose.yaml:11",
                "variable",
                "variable",
                "short-form",
            ],
        ),
        (
            "services.web.ports.1.target",
            &["written compose.override.yaml:5", "short-form"],
        ),
        (
            "services.web.ports",
            &["written compose.yaml:11", "joined compose.override.yaml:5"],
        ),
        (
            "services.web.volumes.0.source",
            &["written compose.yaml:12", "short-form", "relative-path"],
        ),
        (
            "services.web.volumes.0.target",
            &["written compose.yaml:12", "short-form"],
        ),
        (
            "services.web.depends_on.db.condition",
            &["belongs-to compose.yaml:13", "default"],
        ),
        (
            "services.db.build.context",
            &["written compose.yaml:20", "short-form", "relative-path"],
        ),
        (
            "services.db.build.dockerfile",
            &["belongs-to compose.yaml:20", "default"],
        ),
        (
            "services.web.ports.0.protocol",
            &["belongs-to compose.yaml:11", "default"],
        ),
        (
            "services.web.stop_grace_period",
            &["written compose.override.yaml:7", "canonical"],
        ),
        // Files of variables: the later wins, the service's own word wins over both.
        (
            "services.web.environment.A",
            &["written a.env:1", "other-file compose.yaml:15"],
        ),
        (
            "services.web.environment.B",
            &[
                "written b.env:2",
                "other-file compose.yaml:15",
                "merged-over a.env:2",
            ],
        ),
        (
            "services.db.environment.A",
            &[
                "written compose.yaml:18",
                "short-form",
                "merged-over a.env:1",
            ],
        ),
        // Variables: the shell before .env, .env with a variable of its own, and nobody.
        (
            "services.db.environment.HOME",
            &["written compose.yaml:18", "variable", "outdone .env:3"],
        ),
        (
            "services.db.environment.NOBODY",
            &["written compose.yaml:18"],
        ),
        (
            "services.db.image",
            &["written compose.yaml:17", "variable .env:2"],
        ),
        (
            "services.db.command.0",
            &[
                "written compose.yaml:21",
                "variable",
                "variable",
                "short-form",
            ],
        ),
        // What is included, with the variables of its own folder.
        (
            "services.tool.image",
            &[
                "written tools/compose.yaml:3",
                "variable tools/.env:1",
                "included compose.yaml:2",
            ],
        ),
        (
            "services.tool.volumes.0.source",
            &[
                "written tools/compose.yaml:4",
                "short-form",
                "relative-path",
                "included compose.yaml:2",
            ],
        ),
        (
            "services.tool.networks.default",
            &[
                "belongs-to tools/compose.yaml:3",
                "included compose.yaml:2",
                "default",
            ],
        ),
        (
            "services.web.labels.com.example.team",
            &["written compose.yaml:14"],
        ),
        (
            "x-common.environment.LOG",
            &["written compose.yaml:5", "variable"],
        ),
    ] {
        assert_eq!(chain(&loaded, path), expected, "{path}");
    }
}

#[test]
fn a_mapping_is_told_with_a_line_for_each_key() {
    let loaded = shop();
    let text = explained(&loaded, "services.web.environment", |explanation| {
        render::explanation(&explanation, &loaded.sources, Style::Plain)
    });
    let table = text.split("\n\n").last();
    assert_eq!(
        table,
        Some(
            "  A       `1`      a.env:1:1                   named in compose.yaml:15\n  \
             B       `2`      b.env:2:1                   named in compose.yaml:15, instead of a.env:2\n  \
             LOG     `debug`  compose.override.yaml:4:24  instead of compose.yaml:5\n  \
             REGION  `eu`     compose.yaml:5:52           alias in compose.yaml:8, << in compose.yaml:8\n"
        )
    );
}

#[test]
fn a_name_from_the_command_line_is_told() {
    let request = Request {
        project_name: Some("mine".into()),
        ..Request::default()
    };
    let reader = MemoryReader::new([(
        "compose.yaml",
        "name: file\nservices: {web: {image: nginx}}\n",
    )]);
    let loaded = compose::load(&reader, &request);
    assert_eq!(
        chain(&loaded, "name"),
        ["belongs-to compose.yaml:1", "given"]
    );
}

#[test]
fn a_path_that_leads_nowhere_names_what_is_there() {
    let reader = MemoryReader::new([(
        "compose.yaml",
        "services:\n  web: {image: nginx, ports: [\"80:80\"]}\n  spare: {image: nginx, profiles: [extra]}\n",
    )]);
    let request = Request {
        folder_name: "shop".into(),
        ..Request::default()
    };
    let loaded = compose::load(&reader, &request);
    let project = loaded.project.as_ref().expect("no errors");
    for (path, message, help) in [
        (
            "services.web.imgae",
            "There is no `imgae` in services.web.",
            "did you mean `services.web.image`?",
        ),
        (
            "servces.web",
            "There is no `servces` in the project.",
            "did you mean `services`?",
        ),
        (
            "services.web.image.tag",
            "There is no `tag` in services.web.image.",
            "services.web.image is a text: nothing is below it",
        ),
        (
            "services.web.ports.1",
            "There is no `1` in services.web.ports.",
            "items are counted from 0",
        ),
        (
            "services.spare.image",
            "There is no `spare` in services.",
            "the service takes part only in a profile: add `--profile extra`",
        ),
        (
            "services.\"web",
            "In `services.\"web` a quote is not closed.",
            "write a key with dots in it as `labels.\"a.b\"`",
        ),
    ] {
        let finding =
            explain::explain(project, &loaded.sources, path).expect_err("it leads nowhere");
        assert_eq!(finding.message, message);
        assert_eq!(finding.help.as_deref(), Some(help));
    }
}

/// The sentences of a chain without their places.
fn sentences(loaded: &Loaded, path: &str) -> Vec<String> {
    explained(loaded, path, |explanation| {
        explanation
            .chain
            .into_iter()
            .map(|link| link.text)
            .collect()
    })
}

#[test]
fn a_relative_path_is_told_once_with_the_folder_it_starts_in() {
    let reader = MemoryReader::new([
        (
            "compose.yaml",
            "include: [lib/inc.yaml]\nservices:\n  web:\n    extends: {file: lib/base.yaml, service: base}\n    build: ./web\n",
        ),
        (
            "lib/base.yaml",
            "services: {base: {image: x, volumes: [./d:/d]}}\n",
        ),
        (
            "lib/inc.yaml",
            "services: {inc: {image: x, volumes: [./d:/d]}}\n",
        ),
    ]);
    let request = Request {
        folder_name: "shop".into(),
        project_directory: "/shop".into(),
        ..Request::default()
    };
    let loaded = compose::load(&reader, &request);
    for (path, folder) in [
        ("services.web.build.context", "the project's folder"),
        (
            "services.web.volumes.0.source",
            "the folder of the file it stands in",
        ),
        (
            "services.inc.volumes.0.source",
            "the folder of the included project",
        ),
    ] {
        let told: Vec<String> = sentences(&loaded, path)
            .into_iter()
            .filter(|sentence| sentence.contains("relative"))
            .collect();
        let expected = format!("It is a relative path, and starts in {folder}.");
        assert_eq!(told, [expected], "{path}");
    }
}

#[test]
fn what_compose_fills_in_is_told_once() {
    let fillings = chain(&shop(), "networks.default.name");
    let count = fillings.iter().filter(|link| *link == "default").count();
    assert_eq!(count, 1, "{fillings:?}");
}

#[test]
fn a_value_that_compose_fills_in_replaces_nothing() {
    let reader = MemoryReader::new([
        (
            "compose.yaml",
            "services: {web: {image: x, ports: [\"80:80\"]}}\n",
        ),
        (
            "compose.override.yaml",
            "services: {web: {ports: [\"80:80\"]}}\n",
        ),
    ]);
    let request = Request {
        folder_name: "shop".into(),
        ..Request::default()
    };
    let loaded = compose::load(&reader, &request);
    assert_eq!(
        chain(&loaded, "services.web.ports.0.mode"),
        ["belongs-to compose.override.yaml:1", "default"]
    );
}

#[test]
fn paths_as_other_tools_write_them_lead_to_the_right_one() {
    let loaded = shop();
    let project = loaded.project.as_ref().expect("it loads");
    for (path, expected) in [
        (
            "services.web.ports[0]",
            "did you mean `services.web.ports.0`?",
        ),
        ("web.image", "did you mean `services.web`?"),
        (
            ".services.web",
            "put one dot between two keys, as `services.web.image`",
        ),
        (
            "services/web",
            "put one dot between two keys, as `services.web.image`",
        ),
        ("services.web.ports.99", "items are counted from 0"),
        (
            "services.web.mem_limit",
            "nothing is written for it, or it is empty, or a `!reset` takes it away; Compose fills nothing in",
        ),
    ] {
        let finding = explain::explain(project, &loaded.sources, path).expect_err(path);
        assert_eq!(finding.help.as_deref(), Some(expected), "{path}");
    }
}

#[test]
fn programs_get_the_same_with_the_bytes_of_each_place() {
    let loaded = shop();
    let json = explained(&loaded, "services.db.image", |explanation| {
        render::json::explanation(&explanation, &loaded.sources)
    });
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["value"], "postgres:1.27-x");
    let place = &json["steps"][1]["place"];
    assert_eq!(
        *place,
        serde_json::json!({
            "file": ".env", "line": 2, "column": 1, "end_line": 2, "end_column": 12, "start": 9, "end": 20,
        })
    );
    assert_eq!(json["parts"], serde_json::json!([]));
}

#[test]
fn colours_change_no_word_of_an_explanation() {
    let loaded = shop();
    for path in ["", "services.web", "services.web.ports.0"] {
        let (plain, coloured) = explained(&loaded, path, |explanation| {
            let text = |style| render::explanation(&explanation, &loaded.sources, style);
            (text(Style::Plain), text(Style::Coloured))
        });
        let mut stripped = String::new();
        for (index, part) in coloured.split('\x1b').enumerate() {
            stripped.push_str(if index == 0 {
                part
            } else {
                part.split_once('m').map_or("", |(_, rest)| rest)
            });
        }
        let lines = |text: &str| {
            text.lines()
                .map(|line| line.trim_end().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(&stripped), lines(&plain), "{path}");
    }
}

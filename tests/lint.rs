//! `checker lint`: what is found in any Compose project, with places, ways out and four formats.

mod support;

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use support::Ran;

/// A folder with a project, outside any workspace.
struct Folder(tempfile::TempDir);

const COMPOSE: &str = "services:
  db:
    image: postgres
    ports: [\"5432:5432\"]
    environment:
      POSTGRES_PASSWORD: kite-battery-9
    privileged: true
    volumes: [\"data:/var/lib/postgresql\"]
volumes: {data: {}}
";

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        std::fs::create_dir_all(folder.0.path().join("shop")).expect("a folder");
        for (path, text) in files {
            let path = folder.0.path().join("shop").join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("written");
        }
        folder
    }

    fn lint(&self, arguments: &[&str]) -> Ran {
        run(&self.0.path().join("shop"), arguments)
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_checker"))
        .env_clear()
        .env("HOME", folder)
        .current_dir(folder)
        .arg("lint")
        .args(arguments)
        .output()
        .expect("the program runs");
    Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The rules of the findings in a JSON answer.
fn rules(ran: &Ran) -> Vec<String> {
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let findings = document["findings"].as_array().expect("findings");
    let rule = |finding: &Value| finding["rule"].as_str().expect("a rule").to_owned();
    findings.iter().map(rule).collect()
}

#[test]
fn a_finding_tells_what_where_why_and_what_next() {
    let ran = Folder::new(&[("compose.yaml", COMPOSE)]).lint(&["--rule", "no-privileged"]);
    assert_eq!(
        ran.stdout,
        "problem[no-privileged]: `db`: `privileged` gives every right over your machine
 --> compose.yaml:7:17
  |
7 |     privileged: true
  |                 ^^^^
  = why: A privileged container has every capability, sees every device and is not confined: root in it is root on the machine.
  = next: Take `privileged` out and see what fails; then give that one right: a capability under `cap_add`, or a device under `devices`.

1 problem · more about a rule: checker explain RULE
"
    );
    assert_eq!(ran.exit, 1);
}

#[test]
fn a_value_is_shown_where_it_was_written() {
    let base = "services: {base: {image: \"x:1\", privileged: true}}\n";
    let compose = "services:\n  web:\n    extends: {file: base.yaml, service: base}\n";
    let folder = Folder::new(&[("compose.yaml", compose), ("base.yaml", base)]);
    let ran = folder.lint(&["--rule", "no-privileged"]);
    assert!(ran.stdout.contains("--> base.yaml:1:45"), "{}", ran.stdout);
}

#[test]
fn no_format_shows_a_secret() {
    let folder = Folder::new(&[
        ("compose.yaml", COMPOSE),
        (
            "refused.yaml",
            "services: {db: {imagee: x, environment: [DB_PASSWORD=kite-battery-9]}}\n",
        ),
        ("Dockerfile", "FROM x:1\nENV DB_PASSWORD=kite-battery-9\n"),
    ]);
    for format in ["human", "json", "sarif", "github"] {
        let all = [
            "compose.yaml",
            "refused.yaml",
            "Dockerfile",
            "--format",
            format,
        ];
        let ran = folder.lint(&all);
        let output = ran.stdout + &ran.stderr;
        for rule in [
            "no-secrets-in-the-file",
            "no-secrets-in-the-image",
            "unknown-key",
        ] {
            assert!(output.contains(rule), "{rule} in {output}");
        }
        assert!(!output.contains("kite-battery-9"), "{output}");
    }
}

#[test]
fn the_exit_code_says_whether_something_weighty_was_found() {
    let note = "version: '3'\nservices: {web: {image: \"x:1\", mem_limit: 1g}}\n";
    let folder = Folder::new(&[
        ("compose.yaml", note),
        ("broken.yaml", "services: {web: {imagee: x}}\n"),
        ("risky.yaml", "services: {web: {image: x}}\n"),
    ]);
    for (arguments, exit) in [
        (&[][..], 0),
        (&["--deny", "notes"], 1),
        (&["risky.yaml"], 1),
        (&["risky.yaml", "--deny", "problems"], 0),
        (&["risky.yaml", "--allow", "image-has-a-version"], 0),
        (&["broken.yaml"], 2),
        (&["absent.yaml"], 2),
        (&["--rule", "no-such-rule"], 2),
    ] {
        let ran = folder.lint(arguments);
        assert_eq!(
            ran.exit, exit,
            "{arguments:?}: {}{}",
            ran.stdout, ran.stderr
        );
    }
}

#[test]
fn files_and_folders_are_looked_at_each_by_itself() {
    let privileged = "services: {web: {image: \"x:1\", privileged: true}}\n";
    let folder = Folder::new(&[
        ("one.yaml", privileged),
        ("two/compose.yaml", privileged),
        (
            "two/compose.override.yaml",
            "services: {web: {privileged: false}}\n",
        ),
    ]);
    let asked = |targets: &[&str]| {
        let format = ["--rule", "no-privileged", "--format", "json"];
        rules(&folder.lint(&[&format[..], targets].concat())).len()
    };
    assert_eq!(asked(&["one.yaml", "two/compose.yaml"]), 2);
    assert_eq!(asked(&["two"]), 0, "the override counts in its folder");
}

#[test]
fn a_dockerfile_is_looked_at_alone_and_in_its_project() {
    let dockerfile = "ARG VERSION\nFROM debian:${VERSION}\nRUN cd /app\n";
    let folder = Folder::new(&[
        ("docker/api.Dockerfile", dockerfile),
        (
            "compose.yaml",
            "services: {api: {build: {context: ., dockerfile: docker/api.Dockerfile, args: {VERSION: 12}}}}\n",
        ),
    ]);
    for target in [".", "docker/api.Dockerfile"] {
        let ran = folder.lint(&["--rule", "run-leaves-something", target]);
        let place = "--> docker/api.Dockerfile:3:5";
        assert!(ran.stdout.contains(place), "{target}: {}", ran.stdout);
        assert_eq!(ran.exit, 1);
    }
    let allowed = dockerfile.replace(
        "RUN cd",
        "# checker: allow run-leaves-something because it is an example\nRUN cd",
    );
    let folder = Folder::new(&[("Dockerfile", &allowed)]);
    let ran = folder.lint(&["--rule", "run-leaves-something", "Dockerfile"]);
    assert_eq!(ran.stdout, "nothing found, 1 allowed by comments\n");
}

#[test]
fn a_dockerfile_that_docker_refuses_is_told_with_its_place() {
    let ran = Folder::new(&[("Dockerfile", "FROM debian:12\nRUNN true\n")]).lint(&["Dockerfile"]);
    assert_eq!(ran.exit, 2);
    assert!(ran.stdout.contains("--> Dockerfile:2:1"), "{}", ran.stdout);
}

#[test]
fn a_comment_with_a_reason_allows_a_finding() {
    let allowed = COMPOSE.replace(
        "  db:\n",
        "  # checker: allow no-privileged because this example needs it\n  db:\n",
    );
    let folder = Folder::new(&[("compose.yaml", &allowed)]);
    let ran = folder.lint(&[]);
    assert!(!ran.stdout.contains("[no-privileged]"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("1 allowed by comments"),
        "{}",
        ran.stdout
    );
}

#[test]
fn services_of_profiles_are_looked_at_too() {
    let compose = "services: {web: {image: \"x:1\", profiles: [debug], privileged: true}}\n";
    let ran = Folder::new(&[("compose.yaml", compose)]).lint(&["--format", "json"]);
    assert!(rules(&ran).contains(&"no-privileged".to_owned()));
}

#[test]
fn annotations_for_github_name_file_line_and_rule() {
    let ran = Folder::new(&[("compose.yaml", COMPOSE)]).lint(&[
        "--rule",
        "no-privileged",
        "--rule",
        "image-has-a-version",
        "--format",
        "github",
    ]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.stdout);
    assert!(lines[0].starts_with(
        "::warning file=compose.yaml,line=3,col=12,endColumn=20,title=image-has-a-version::`db`: "
    ));
    assert!(lines[1].starts_with(
        "::error file=compose.yaml,line=7,col=17,endColumn=21,title=no-privileged::`db`: "
    ));
}

#[test]
fn sarif_names_every_rule_and_each_place() {
    let folder = Folder::new(&[
        ("a b.yaml", COMPOSE),
        ("broken.yaml", "services: {web: {imagee: x}}\n"),
    ]);
    let ran = folder.lint(&["--format", "sarif", "a b.yaml", "broken.yaml"]);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in run["results"].as_array().expect("results") {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.yaml");
        assert!(place["region"]["startLine"].as_u64() >= Some(1));
    }
    let refused = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(refused["descriptor"]["id"], "unknown-key");
}

#[test]
fn the_first_stack_of_the_course_is_what_the_book_says_it_is() {
    let solution =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/04-milvus-stack/solution");
    let ran = run(&solution, &["--format", "json"]);
    let rules = rules(&ran);
    // Its ports are on loopback, its images have versions; the password is MinIO's own, as its chapter says.
    for rule in [
        "no-open-data-ports",
        "image-has-a-version",
        "probe-asks-a-known-route",
    ] {
        assert!(!rules.iter().any(|found| found == rule), "{rules:?}");
    }
    assert!(
        rules.iter().any(|rule| rule == "no-default-credentials"),
        "{rules:?}"
    );
}

#[test]
fn explain_tells_about_a_rule_and_how_to_allow_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(["explain", "no-privileged"])
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.starts_with("rule no-privileged, a problem\n"),
        "{text}"
    );
    assert!(
        text.contains("# checker: allow no-privileged because"),
        "{text}"
    );
}

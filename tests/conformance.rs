//! `checker dev conformance`: on a corpus named by COMPOSE_CORPUS, on corpora that the tests write, and live.
//!
//! Without a corpus, or without Docker Compose, what needs it is reported as ignored, with the reason.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};

type Test = fn() -> Result<(), Failed>;

const WEB: &str = "services: {web: {image: nginx}}\n";

fn main() -> ExitCode {
    let here: [(&str, Test); 9] = [
        ("the_last_line_is_the_share_that_agrees", last_line),
        (
            "a_difference_has_path_and_both_values_below_its_feature",
            difference,
        ),
        ("a_refusal_needs_the_same_reason_at_the_same_key", reasons),
        (
            "a_refusal_for_what_is_in_no_file_is_not_compared",
            not_of_content,
        ),
        ("the_list_of_exceptions_can_only_shrink", exceptions),
        (
            "a_list_without_reasons_is_refused",
            exceptions_without_reason,
        ),
        ("a_corpus_that_cannot_be_read_is_told", unreadable),
        ("programs_get_the_same_as_json", as_json),
        (
            "live_without_compose_says_what_is_missing",
            live_without_compose,
        ),
    ];
    let with_compose: [(&str, Test); 2] = [
        ("live_compares_every_file", live),
        (
            "live_gives_up_on_a_file_that_takes_compose_too_long",
            live_deadline,
        ),
    ];
    let mut trials: Vec<Trial> = here
        .into_iter()
        .map(|(name, test)| Trial::test(name, test))
        .collect();
    let compose = Command::new("docker").args(["compose", "version"]).output();
    let has_compose = compose.is_ok_and(|output| output.status.success());
    trials.extend(with_compose.into_iter().map(|(name, test)| {
        let trial = Trial::test(name, test);
        match has_compose {
            true => trial,
            false => trial.with_kind("no Docker Compose").with_ignored_flag(true),
        }
    }));
    let corpus = std::env::var_os("COMPOSE_CORPUS").map(PathBuf::from);
    let is_there = corpus.is_some();
    let trial = Trial::test("we_read_the_corpus_as_compose_does", move || {
        whole_corpus(&corpus.unwrap_or_default())
    });
    trials.push(match is_there {
        true => trial,
        false => trial
            .with_kind("COMPOSE_CORPUS names no corpus")
            .with_ignored_flag(true),
    });
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What a run of the command gave.
struct Ran {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn has(&self, exit: i32, parts: &[&str]) -> Result<(), Failed> {
        let told = format!("{}{}", self.stdout, self.stderr);
        let missing = parts.iter().find(|part| !told.contains(**part));
        match (self.exit == Some(exit), missing) {
            (true, None) => Ok(()),
            (false, _) => Err(format!("it ends with {:?}:\n{told}", self.exit).into()),
            (_, Some(part)) => Err(format!("{part:?} is not said:\n{told}").into()),
        }
    }

    fn ends_with(&self, line: &str) -> Result<(), Failed> {
        match self.stdout.lines().last() {
            Some(last) if last == line => Ok(()),
            last => Err(format!("the last line is {last:?}, not {line:?}").into()),
        }
    }
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("the program runs");
    Ran {
        exit: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn conformance(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
    command.args(["dev", "conformance"]).arg(folder);
    command
}

fn whole_corpus(corpus: &Path) -> Result<(), Failed> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance-exceptions.txt");
    let ran = ran(conformance(corpus).arg("--exceptions").arg(list));
    ran.has(0, &["refused for the same reason at the same key: "])
}

/// A corpus with one row after the other.
struct Corpus {
    folder: tempfile::TempDir,
    rows: String,
}

impl Corpus {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            rows: String::new(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, text).expect("the file");
    }

    /// A project that Compose loads, with this image in the model.
    fn loads(mut self, name: &str, text: &str, image: &str) -> Self {
        let model = json!({
            "name": name,
            "networks": {"default": {"name": format!("{name}_default"), "ipam": {}}},
            "services": {"web": {
                "command": null, "entrypoint": null, "image": image, "networks": {"default": null},
            }},
        });
        self.write(&format!("expected/{name}.json"), &model.to_string());
        self.row(name, text, json!({
            "ok": true, "features": ["interp", "x_ext"], "expected": format!("expected/{name}.json"),
        }));
        self
    }

    /// A project that Compose refuses.
    fn refuses(mut self, name: &str, text: &str, error: &str) -> Self {
        self.row(name, text, json!({"ok": false, "error": error}));
        self
    }

    fn row(&mut self, name: &str, text: &str, mut row: Value) {
        self.write(&format!("files/{name}/compose.yaml"), text);
        row["files"] = json!([format!("{name}/compose.yaml")]);
        row["cwd"] = json!(name);
        self.rows += &format!("{row}\n");
    }

    fn command(&self) -> Command {
        self.write("manifest.jsonl", &self.rows);
        conformance(self.path())
    }
}

fn last_line() -> Result<(), Failed> {
    let corpus = Corpus::new().loads("shop", WEB, "nginx");
    let ran = ran(&mut corpus.command());
    ran.has(
        0,
        &[
            "interp: 1 of 1",
            "refused alone: 0",
            "refused alike: 0 of 0",
        ],
    )?;
    ran.ends_with("agreed 1 of 1 (100.0 %)")
}

fn difference() -> Result<(), Failed> {
    let corpus = Corpus::new()
        .loads("shop", WEB, "redis")
        .loads("other", WEB, "nginx");
    let ran = ran(&mut corpus.command());
    let shown = "different, interp\n  shop/compose.yaml: services.web.image: expected \"redis\", got \"nginx\"\n";
    ran.has(1, &[shown, "x_ext: 1 of 2"])?;
    ran.ends_with("agreed 1 of 2 (50.0 %)")
}

fn reasons() -> Result<(), Failed> {
    let unknown = "services: {web: {image: nginx, prots: []}}\n";
    let error = |key: &str| {
        format!("validating compose.yaml: services.web additional properties '{key}' not allowed")
    };
    let corpus = Corpus::new()
        .refuses("same", unknown, &error("prots"))
        .refuses("other-key", unknown, &error("port"))
        .refuses("other-class", unknown, "services.web must be a mapping")
        .refuses(
            "accepted",
            WEB,
            "validating compose.yaml: services.web.image must be a mapping",
        )
        .loads("refused", unknown, "nginx");
    let ran = ran(&mut corpus.command());
    ran.has(
        1,
        &[
            "refused alone\n  refused/compose.yaml: ",
            "accepted alone\n  accepted/compose.yaml: validating",
            "refused for another reason\n  other-key/compose.yaml: Compose: UnknownKey at services.web.port; we: unknown-key at services.web.prots\n  other-class/",
            "refused alone: 1\naccepted alone: 1\nrefused alike: 3 of 4\n",
            "refused for the same reason at the same key: 1 of 3 (33.3 %), by our first error: 1 of 3",
            "refusals with a place: 4 of 4",
        ],
    )?;
    ran.ends_with("agreed 0 of 1 (0.0 %)")
}

fn not_of_content() -> Result<(), Failed> {
    let text = "services: {web: {image: nginx, env_file: no.env}}\n";
    let corpus = Corpus::new().refuses(
        "shop",
        text,
        "env file no.env not found: stat no.env: no such file or directory",
    );
    ran(&mut corpus.command()).has(
        0,
        &[
            "refused alike: 1 of 1",
            "at the same key: 0 of 0",
            "refusals with a place: 1 of 1, of content: 0 of 0, of a path: 1 of 1",
        ],
    )
}

fn exceptions() -> Result<(), Failed> {
    let corpus = Corpus::new()
        .loads("shop", WEB, "redis")
        .loads("other", WEB, "nginx");
    let with = |list: &str| {
        corpus.write("list.txt", list);
        let list = corpus.path().join("list.txt");
        ran(corpus.command().arg("--exceptions").arg(list))
    };
    let listed = "# why\n\nshop/compose.yaml  it was another day\n";
    with(listed).has(0, &["known: it was another day"])?;
    let needless = format!("{listed}other/compose.yaml  nobody knows\n");
    with(&needless).has(1, &["agrees now: other/compose.yaml: take it off"])?;
    let unknown = format!("{listed}gone/compose.yaml  nobody knows\n");
    with(&unknown).has(1, &["no such project: gone/compose.yaml: take it off"])?;
    with("").has(1, &["different, interp"])
}

fn exceptions_without_reason() -> Result<(), Failed> {
    let corpus = Corpus::new().loads("shop", WEB, "nginx");
    corpus.write("list.txt", "shop/compose.yaml\n");
    let list = corpus.path().join("list.txt");
    ran(corpus.command().arg("--exceptions").arg(&list)).has(
        2,
        &["list.txt, line 1: write the project's files, two blanks, and the reason"],
    )?;
    ran(corpus.command().args(["--exceptions", "no-list.txt"])).has(2, &["no-list.txt"])
}

fn unreadable() -> Result<(), Failed> {
    let nowhere = ran(&mut conformance(Path::new("no/such/folder")));
    nowhere.has(2, &["no/such/folder is no folder"])?;
    let corpus = Corpus::new();
    ran(&mut conformance(corpus.path())).has(2, &["manifest.jsonl", "--live"])?;
    ran(&mut corpus.command()).has(2, &["manifest.jsonl names no project"])?;

    let mut corrupt = Corpus::new().loads("shop", WEB, "nginx");
    corrupt.rows += "{\"files\": [\n";
    ran(&mut corrupt.command()).has(2, &["manifest.jsonl, line 2"])?;

    let corpus = Corpus::new().loads("shop", WEB, "nginx");
    let model = corpus.path().join("expected/shop.json");
    std::fs::write(&model, "{").expect("the model");
    ran(&mut corpus.command()).has(2, &["line 1", "shop.json is no JSON"])?;
    std::fs::remove_file(&model).expect("the model");
    ran(&mut corpus.command()).has(
        2,
        &["line 1", "cannot read the expected model", "shop.json"],
    )?;

    let corpus = Corpus::new().loads("shop", WEB, "nginx");
    std::fs::remove_dir_all(corpus.path().join("files/shop")).expect("the project");
    ran(&mut corpus.command()).has(2, &["line 1", "there is no folder"])
}

fn as_json() -> Result<(), Failed> {
    let corpus = Corpus::new().loads("shop", WEB, "redis").refuses(
        "refused",
        "services: []\n",
        "services must be a mapping",
    );
    let ran = ran(corpus.command().args(["--format", "json"]));
    ran.has(1, &[])?;
    let told: Value = serde_json::from_str(&ran.stdout)?;
    assert_eq!(told["agreed"], json!({"part": 0, "of": 1}));
    assert_eq!(
        told["refused_for_the_same_reason"],
        json!({"part": 1, "of": 1})
    );
    let detail = json!({"path": "services.web.image", "expected": "redis", "got": "nginx"});
    assert_eq!(told["different"][0]["detail"], detail);
    Ok(())
}

fn live_without_compose() -> Result<(), Failed> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = conformance(folder.path());
    ran(command.arg("--live")).has(2, &["has no compose file"])?;
    std::fs::write(folder.path().join("compose.yaml"), WEB).expect("the file");
    ran(command.env("PATH", folder.path())).has(2, &["`docker compose` does not run here"])
}

fn live() -> Result<(), Failed> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let profile = "services: {web: {image: nginx}, db: {image: redis, profiles: [data]}}\n";
    for (path, text) in [
        ("shop/compose.yaml", WEB),
        ("shop/docker-compose.prod.yml", profile),
        (
            "broken/compose.yaml",
            "services: {web: {image: nginx, prots: []}}\n",
        ),
        ("notes.yaml", "no project\n"),
    ] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, text).expect("the file");
    }
    let ran = ran(conformance(folder.path()).arg("--live"));
    ran.has(
        0,
        &[
            "Docker Compose ",
            "about 3 files",
            "3/3 ",
            "profiles: 1 of 1",
            "refused for the same reason at the same key: 1 of 1",
        ],
    )?;
    ran.ends_with("agreed 2 of 2 (100.0 %)")
}

fn live_deadline() -> Result<(), Failed> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut bomb = "x-0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        bomb += &format!("x-{level}: &a{level} [{before}]\n");
    }
    std::fs::write(folder.path().join("compose.yaml"), bomb + WEB).expect("the file");
    let began = Instant::now();
    let ran = ran(conformance(folder.path()).args(["--live", "--within", "2s"]));
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "it waits too long"
    );
    ran.has(
        0,
        &["refused alike: 1 of 1", "refusals with a place: 1 of 1"],
    )
}

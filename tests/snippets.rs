//! `checker dev snippets` on tiny books: what it says of blocks that are not as printed, and that nothing stays behind.
//!
//! Without an engine every test is reported as ignored, with the reason; with CHECKER_NEEDS_ENGINE=1 it fails instead.

#[path = "../checker/crates/engine/tests/support/mod.rs"]
mod engine_support;
mod support;

use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use engine_support::needs_engine::Test;
use libtest_mimic::{Arguments, Failed};

/// What has to happen happens within this time, or never.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let tests: [(&str, Test); 7] = [
        ("a_true_chapter_passes", true_chapter),
        (
            "an_output_that_differs_is_told_with_both_sides",
            output_differs,
        ),
        ("a_command_that_fails_is_told", command_fails),
        ("what_has_to_fail_and_does_not_is_told", does_not_fail),
        ("a_compose_file_is_read_by_both", compose_files),
        ("a_chapter_that_leaves_something_fails", leaves_something),
        ("ctrl_c_takes_everything_down", ctrl_c),
    ];
    libtest_mimic::run(
        &Arguments::from_args(),
        engine_support::needs_engine::trials(tests),
    )
    .exit_code()
}

/// A book with one chapter that is no lesson.
struct Book(tempfile::TempDir);

impl Book {
    fn new(chapter: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in [
            ("book.toml", "[book]\ntitle = \"Tiny\"\n"),
            ("src/SUMMARY.md", "- [One](one.md)\n"),
            ("src/one.md", chapter),
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
            std::fs::write(path, text).expect("the file");
        }
        Self(folder)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
        command
            .args(["dev", "snippets", "one", "--keep-going", "--root"])
            .arg(self.0.path());
        command
    }

    /// The exit code, and what was printed.
    fn run(&self) -> (Option<i32>, String) {
        let output = self.command().output().expect("the program runs");
        let told = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&told).into_owned(),
        )
    }
}

/// Runs a chapter that is not true; fails unless all of this is said.
fn told(chapter: &str, parts: &[&str]) -> Result<String, Failed> {
    let (code, told) = Book::new(chapter).run();
    if code != Some(1) {
        return Err(format!("it ends with {code:?}:\n{told}").into());
    }
    match parts.iter().find(|part| !told.contains(**part)) {
        None => Ok(told),
        Some(part) => Err(format!("{part:?} is not said:\n{told}").into()),
    }
}

fn true_chapter() -> Result<(), Failed> {
    let chapter = "```bash,hidden\nmkdir inside && cd inside\n```\n\n```ini,file=words\na=1\n```\n\n\
        ```console,varies=times\n$ cat words && date -u +%T\na=1\n10:11:12\n$ echo \"$HOME\" | grep -c /\n1\n```\n\n\
        ```text,of=\"docker run --rm busybox:1.36 seq 3\"\n1\n3\n```\n\n\
        ```console,fails\n$ ls nothing\nls: … nothing…\n```\n\n```json\n{\"a\": 1}\n```\n\n\
        ```console,not-run=\"there is no such place\"\n$ curl https://example.org\n```\n";
    let (code, told) = Book::new(chapter).run();
    if code == Some(0) && told.contains("there is no such place") {
        Ok(())
    } else {
        Err(told.into())
    }
}

fn output_differs() -> Result<(), Failed> {
    let chapter = "# One\n\n```console\n$ printf 'a\\nb\\n'\na\nc\n```\n";
    told(chapter, &["src/one.md:4: `printf", "    a\n  - c\n  + b\n"]).map(drop)
}

fn command_fails() -> Result<(), Failed> {
    let chapter = "```bash\ntrue\nls nothing-here\n```\n";
    told(
        chapter,
        &[
            "src/one.md:1: `ls nothing-here` ends with exit code",
            "nothing-here'",
        ],
    )
    .map(drop)
}

fn does_not_fail() -> Result<(), Failed> {
    let chapter = "```console,fails\n$ true\n```\n\n```bash,fails\ntrue\n```\n";
    told(
        chapter,
        &["src/one.md:1: one of these", "src/one.md:5: one of these"],
    )
    .map(drop)
}

fn compose_files() -> Result<(), Failed> {
    let good = "services:\n  a:\n    image: x\n";
    let bad = "services:\n  a:\n    imag: x\n";
    let chapter = format!(
        "```yaml\n{good}```\n\n```yaml,fails=\"imag\"\n{bad}```\n\n```yaml\n{bad}```\n\n```yaml,fails=\"x\"\n{good}```\n\n\
         ```yaml,fails=\"other words\"\n{bad}```\n"
    );
    let told = told(
        &chapter,
        &[
            "src/one.md:13: checker refuses this file",
            "src/one.md:19: this file has to be refused",
            "src/one.md:25: checker refuses this file and does not say `other words`",
        ],
    )?;
    match told.matches("src/one.md:").count() {
        3 => Ok(()),
        _ => Err(told.into()),
    }
}

fn leaves_something() -> Result<(), Failed> {
    let name = format!("snippets-test-{}-left", std::process::id());
    let chapter =
        format!("```bash\ndocker run -d --name {name} --pull never busybox:1.36 sleep 600\n```\n");
    told(
        &chapter,
        &[&format!("leaves something behind: container {name}")],
    )?;
    is_gone(&name)
}

fn ctrl_c() -> Result<(), Failed> {
    let name = format!("snippets-test-{}-stopped", std::process::id());
    let chapter =
        format!("```bash\ndocker run --name {name} --pull never busybox:1.36 sleep 600\n```\n");
    let book = Book::new(&chapter);
    let mut running = book
        .command()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let began = Instant::now();
    while !is_there(&name)? {
        if began.elapsed() > PATIENCE || running.try_wait()?.is_some() {
            return Err("the container never came up".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(support::signal(&running.id().to_string(), "INT"));
    let ended = wait(&mut running)?;
    if ended == Some(0) {
        return Err("a chapter that was stopped passes".into());
    }
    is_gone(&name)
}

fn wait(child: &mut Child) -> Result<Option<i32>, Failed> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill()?;
    Err("it does not end after Ctrl-C".into())
}

fn is_there(name: &str) -> Result<bool, Failed> {
    let output = Command::new("docker")
        .args(["ps", "--all", "--quiet", "--filter"])
        .arg(format!("name={name}"))
        .stdin(Stdio::null())
        .output()?;
    Ok(!output.stdout.is_empty())
}

fn is_gone(name: &str) -> Result<(), Failed> {
    if !is_there(name)? {
        return Ok(());
    }
    Command::new("docker")
        .args(["rm", "--force", name])
        .output()?;
    Err(format!("{name} stays behind").into())
}

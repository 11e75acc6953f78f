//! How far a learner is: `next`, `status`, and completions in a shell.
//!
//! What needs an engine is reported as ignored without one; with CHECKER_NEEDS_ENGINE=1 it fails instead.

#[path = "support/drilled.rs"]
mod drilled;
#[path = "../checker/crates/engine/tests/support/mod.rs"]
mod engine_support;
mod support;

use std::process::{Command, ExitCode};

use drilled::Drilled;
use engine_support::needs_engine::Test;
use libtest_mimic::{Arguments, Failed, Trial};
use support::Learner;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let alone: [(&str, Test); 6] = [
        ("next_shows_what_to_do", next),
        ("when_all_have_passed_next_says_so", all_passed),
        ("status_names_the_check_that_broke_and_its_place", broken),
        ("what_cannot_be_looked_at_is_not_broken", not_broken),
        ("status_of_a_new_workspace_has_nothing_broken", nothing_yet),
        ("bash_completes_commands_and_lessons", bash),
    ];
    let with_engine: [(&str, Test); 1] = [("a_lesson_that_was_stopped_is_not_broken", stopped)];
    let mut trials: Vec<_> = alone
        .into_iter()
        .map(|(name, test)| Trial::test(name, test))
        .collect();
    trials.extend(engine_support::needs_engine::trials(with_engine));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A learner for whom lesson 4, and every lesson before it, passed at this moment.
fn passed(learner: &Learner, at: &str) {
    let lessons: serde_json::Map<_, _> = (1..=32)
        .map(|number| {
            let known = serde_json::json!({"first_passed": at, "last_passed": at});
            (format!("lesson-{number}"), known)
        })
        .collect();
    let progress = serde_json::json!({"format": 1, "lessons": lessons});
    let path = learner.home.path().join("course/.checker/progress.json");
    std::fs::write(path, progress.to_string()).expect("written");
}

fn next() -> Result<(), Failed> {
    let learner = Learner::new();
    let list = learner.checker(&["list", "--format", "json"]).json();
    let first = &list["lessons"][0];
    let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
    learner.checker(&["next"]).exits(0).says(&[
        &text("id"),
        &text("title"),
        "needs",
        &format!("{} minutes", first["minutes"]),
        "folder",
        &text("slug"),
        "edit",
        "compose.yaml",
        "run",
        "docker compose",
        "verify",
    ]);
    Ok(())
}

fn all_passed() -> Result<(), Failed> {
    let learner = Learner::new();
    passed(&learner, "2026-01-02T03:04:05Z");
    let ran = learner.checker(&["next"]);
    ran.exits(0)
        .says(&["Every lesson has passed", "checker status"]);
    Ok(())
}

fn broken() -> Result<(), Failed> {
    let learner = Learner::new();
    passed(&learner, "2020-03-03T12:00:00Z");
    // The start files fail.
    let ran = learner.checker(&["status"]);
    ran.exits(1).says(&[
        "lesson-4",
        "passed on 3 March 2020",
        "broken since",
        "FAIL",
        "--> compose.yaml",
        "why:",
        "Broken since it passed",
    ]);
    let document = learner.checker(&["status", "--format", "json"]).json();
    let lessons = document["lessons"].as_array().cloned().unwrap_or_default();
    let lesson = lessons
        .iter()
        .find(|lesson| lesson["id"] == "lesson-4")
        .expect("lesson 4");
    assert_eq!(lesson["state"], "broken");
    assert_eq!(lesson["first_passed"], "2020-03-03T12:00:00Z");
    assert!(lesson["failed"][0]["id"].is_string(), "{lesson}");
    assert!(
        lesson["failed"][0]["findings"][0]["where"].is_object(),
        "{lesson}"
    );
    Ok(())
}

fn not_broken() -> Result<(), Failed> {
    let learner = Learner::solved();
    let at = "2020-03-03T12:00:00Z";
    let progress = serde_json::json!({
        "format": 1, "lessons": {"lesson-4": {"first_passed": at, "last_passed": at}}
    });
    let path = learner.home.path().join("course/.checker/progress.json");
    std::fs::write(&path, progress.to_string())?;
    let ran = learner.checker(&["status"]);
    ran.exits(3)
        .says(&["lesson-4", "passed on 3 March 2020", "Not checked again: 1"]);
    assert!(!ran.stdout.contains("broken"), "{}", ran.stdout);
    let kept = std::fs::read_to_string(path)?;
    assert!(kept.contains(at), "it has not passed anew: {kept}");
    Ok(())
}

fn nothing_yet() -> Result<(), Failed> {
    let learner = Learner::new();
    let ran = learner.checker(&["status"]);
    ran.exits(0).says(&[
        "lesson-4",
        "open",
        "checks pass",
        "Nothing that has passed is broken",
        "checker next",
    ]);
    Ok(())
}

/// In a real bash: what it offers for a line that ends in the middle of a word.
fn bash() -> Result<(), Failed> {
    let learner = Learner::new();
    let script = learner.checker(&["completions", "bash"]);
    script.exits(0);
    let path = learner.home.path().join("completions.bash");
    std::fs::write(&path, &script.stdout)?;
    let offers = |words: &[&str]| -> Result<Vec<String>, Failed> {
        let line = words
            .iter()
            .map(|word| format!("'{word}'"))
            .collect::<Vec<_>>()
            .join(" ");
        let last = words.len() - 1;
        let asked = format!(
            "source completions.bash; COMP_WORDS=({line}); COMP_CWORD={last}; \
             $(complete -p checker | sed 's/.*-F \\([^ ]*\\).*/\\1/') checker '{}' '{}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words[last],
            words[last - 1]
        );
        let output = Command::new("bash")
            .args(["--norc", "-c", &asked])
            .current_dir(learner.home.path())
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let offered = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(offered.lines().map(str::to_owned).collect())
    };
    assert_eq!(offers(&["checker", "ver"])?, ["verify"]);
    let lessons = offers(&["checker", "verify", "les"])?;
    assert!(lessons.contains(&"lesson-4".to_owned()), "{lessons:?}");
    let checks = offers(&["checker", "explain", "lesson-4/milvus-im"])?;
    assert_eq!(checks, ["lesson-4/milvus-image"]);
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        learner
            .checker(&["completions", shell])
            .exits(0)
            .says(&["lesson-4"]);
    }
    Ok(())
}

fn stopped() -> Result<(), Failed> {
    let learner = Drilled::new("status")?;
    learner.checker(&["verify", "1"]).exits(0);
    learner
        .checker(&["status"])
        .exits(0)
        .says(&["lesson-1", "passes"]);
    learner.compose(&["stop"])?;
    let ran = learner.checker(&["status"]);
    ran.exits(3)
        .says(&["passed today at", "its containers are not running now"]);
    let file = learner.folder().join("compose.yaml");
    let text = std::fs::read_to_string(&file)?;
    std::fs::write(&file, text.replace("    image:", "    imago:"))?;
    let ran = learner.checker(&["status"]);
    std::fs::write(&file, text)?;
    ran.exits(1)
        .says(&["passed today at", "broken since", "FAIL", "compose.yaml:4"]);
    Ok(())
}

//! Every command as a learner types it, without an engine.

mod support;

use support::{Learner, NO_ENGINE};

#[test]
fn init_makes_a_workspace_and_says_what_to_do_next() {
    let learner = Learner::new();
    assert!(learner.folder().join("compose.yaml").is_file());
    learner
        .checker(&["init"])
        .exits(0)
        .says(&["up to date", "checker verify"]);
}

#[test]
fn init_never_overwrites_what_the_learner_changed() {
    let learner = Learner::new();
    learner.write("compose.yaml", "mine");
    learner.checker(&["init"]).exits(0);
    let text = std::fs::read_to_string(learner.folder().join("compose.yaml")).unwrap();
    assert_eq!(text, "mine");
}

#[test]
fn init_updates_an_untouched_file_and_says_so() {
    let learner = Learner::new();
    // As if an older release had handed out another text, and the learner had left it alone.
    let original = learner
        .home
        .path()
        .join("course/.checker/originals/04-milvus-stack/compose.yaml");
    std::fs::write(&original, "older").unwrap();
    learner.write("compose.yaml", "older");
    learner
        .checker(&["init"])
        .exits(0)
        .says(&["04-milvus-stack/compose.yaml", "updated"]);
    let text = std::fs::read_to_string(learner.folder().join("compose.yaml")).unwrap();
    assert_ne!(text, "older");
}

#[test]
fn init_names_another_folder_where_a_file_is_in_the_way() {
    let learner = Learner::new();
    std::fs::write(learner.home.path().join("taken"), "").unwrap();
    learner
        .checker(&["init", "taken"])
        .exits(2)
        .says(&["taken is a file", "checker init DIR"]);
}

#[test]
fn a_lesson_has_many_names() {
    let learner = Learner::new();
    for name in [
        "lesson-4",
        "4",
        "lesson-04",
        "04",
        "milvus-stack",
        "04-milvus-stack",
    ] {
        learner
            .checker(&["verify", name, "--static-only"])
            .exits(1)
            .says(&["lesson-4"]);
    }
    learner
        .checker(&["verify", "lesson-99"])
        .exits(2)
        .says(&["there is no lesson `lesson-99`", "lesson-4"]);
}

#[test]
fn the_lesson_of_the_current_folder_is_meant_where_none_is_named() {
    let learner = Learner::new();
    let ran = learner.checker_in(&learner.folder(), &["verify", "--static-only"], &[]);
    ran.exits(1).says(&["lesson-4"]);
}

#[test]
fn the_shells_folder_is_the_lessons_wherever_the_program_runs() {
    let learner = Learner::solved();
    learner.edit("quay.io/coreos/etcd:v3.5.25", "${PWD}");
    let home = learner.home.path();
    let variables = [("PWD", home.to_str().expect("a path"))];
    let ran = learner.checker_in(home, &["verify", "4", "--static-only"], &variables);
    ran.exits(1)
        .says(&["course/04-milvus-stack` is no image reference"]);
}

#[test]
fn outside_a_workspace_the_way_to_one_is_shown() {
    let learner = Learner::new();
    let elsewhere = tempfile::tempdir().unwrap();
    learner
        .checker_in(elsewhere.path(), &["verify", "4"], &[])
        .exits(2)
        .says(&["no workspace", "checker init"]);
    let given = elsewhere.path().to_str().unwrap();
    learner
        .checker(&["verify", "4", "--dir", given])
        .exits(2)
        .says(&["is no workspace", "checker init"]);
}

#[test]
fn without_an_engine_the_solution_is_not_passed_and_not_failed() {
    let ran = Learner::solved().checker(&["verify", "4"]);
    ran.exits(3)
        .says(&["NOT CHECKED", "12 not checked", "does not pass yet"]);
    assert!(!ran.stdout.contains("FAIL"), "{}", ran.stdout);
}

#[test]
fn the_files_of_the_solution_pass_alone_and_the_lesson_is_not_called_passed() {
    let learner = Learner::solved();
    learner
        .verify_files()
        .exits(0)
        .says(&["the files pass", "when its containers do too"]);
    let list = learner.checker(&["list", "--format", "json"]);
    assert_eq!(
        list.json()["lessons"][0]["first_passed"],
        serde_json::Value::Null
    );
}

#[test]
fn json_has_a_version_and_the_place_of_every_finding() {
    let learner = Learner::solved();
    learner.edit("ETCD_ENDPOINTS: etcd:2379", "ETCD_ENDPOINTS: etcd1:2379");
    let ran = learner.checker(&["verify", "4", "--static-only", "--format", "json"]);
    let json = ran.exits(1).json();
    assert_eq!(json["schema_version"], 1);
    let report = &json["reports"][0];
    assert_eq!(report["outcome"], "failed");
    let failed: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["verdict"] == "fail")
        .collect();
    assert_eq!(failed.len(), 1);
    let place = &failed[0]["findings"][0]["where"];
    assert_eq!(place["path"], "compose.yaml");
    assert!(place["excerpt"].as_str().unwrap().contains("etcd1:2379"));
    assert!(place["line"].as_u64().unwrap() > 1 && place["column"].as_u64().unwrap() > 1);
}

#[test]
fn junit_counts_what_was_not_checked_as_an_error() {
    let ran = Learner::solved().checker(&["verify", "4", "--format", "junit"]);
    ran.exits(3).says(&[
        "<testsuite name=\"lesson-4\"",
        "errors=",
        "<error message=\"not checked",
    ]);
}

#[test]
fn sarif_has_rules_results_and_notifications() {
    let learner = Learner::solved();
    learner.edit(
        "ETCD_ENDPOINTS: etcd:2379",
        "ETCD_ENDPOINTS: localhost:2379",
    );
    let json = learner
        .checker(&["verify", "4", "--format", "sarif"])
        .exits(1)
        .json();
    let run = &json["runs"][0];
    assert_eq!(json["version"], "2.1.0");
    assert_eq!(
        run["results"][0]["ruleId"],
        "lesson-4/standalone-finds-etcd"
    );
    assert!(
        run["invocations"][0]["toolExecutionNotifications"]
            .as_array()
            .unwrap()
            .len()
            > 1
    );
}

#[test]
fn colour_is_only_where_it_is_asked_for() {
    let learner = Learner::new();
    assert!(!learner.verify_files().stdout.contains('\u{1b}'));
    let coloured = learner.checker(&["verify", "4", "--static-only", "--color", "always"]);
    assert!(coloured.stdout.contains('\u{1b}'));
}

#[test]
fn hints_come_one_after_the_other() {
    let learner = Learner::solved();
    learner.edit("ETCD_ENDPOINTS: etcd:2379", "ETCD_ENDPOINTS: etcd1:2379");
    learner
        .checker(&["hint", "4"])
        .exits(0)
        .says(&["standalone-finds-etcd", "hint 1 of"]);
    learner
        .checker(&["hint", "4"])
        .exits(0)
        .says(&["hint 2 of"]);
    learner
        .checker(&["hint", "4", "standalone-finds-etcd", "--level", "1"])
        .exits(0)
        .says(&["hint 1 of"]);
    learner
        .checker(&["hint", "4", "no-such-check"])
        .exits(2)
        .says(&["has no check `no-such-check`", "standalone-finds-etcd"]);
    learner
        .checker(&["hint", "4", "standalone-finds-etcd", "--level", "99"])
        .exits(2)
        .says(&["there is no hint 99"]);
}

#[test]
fn the_solution_is_shown_only_to_who_asks_twice_or_has_passed() {
    let learner = Learner::new();
    let refused = learner.checker(&["solution", "4"]);
    refused.exits(2).says(&["--yes"]);
    assert!(!refused.stdout.contains("ETCD_ENDPOINTS"));
    learner
        .checker(&["solution", "4", "--yes"])
        .exits(0)
        .says(&["ETCD_ENDPOINTS"]);
}

#[test]
fn reset_keeps_a_backup_and_asks_first() {
    let learner = Learner::new();
    learner.write("compose.yaml", "mine");
    learner
        .checker(&["reset", "4"])
        .exits(2)
        .says(&["Nothing changed"]);
    assert_eq!(
        std::fs::read_to_string(learner.folder().join("compose.yaml")).unwrap(),
        "mine"
    );
    let ran = learner.checker(&["reset", "4", "--yes"]);
    let backup = ran
        .exits(0)
        .stdout
        .trim()
        .rsplit(" in ")
        .next()
        .unwrap()
        .to_owned();
    let kept = learner.home.path().join(backup).join("compose.yaml");
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "mine");
    assert!(
        std::fs::read_to_string(learner.folder().join("compose.yaml"))
            .unwrap()
            .contains("services:")
    );
}

#[test]
fn explain_knows_checks_and_rules() {
    let learner = Learner::new();
    learner
        .checker(&["explain", "lesson-4/standalone-finds-etcd"])
        .exits(0)
        .says(&["looks at", "ETCD_ENDPOINTS", "why"]);
    learner.checker(&["explain", "keeps-data"]).exits(0).says(&[
        "rule keeps-data",
        "what",
        "why",
        "mend",
        "leave",
    ]);
    learner
        .checker(&["explain", "nonsense"])
        .exits(2)
        .says(&["neither a check of a lesson nor a rule", "keeps-data"]);
}

#[test]
fn doctor_says_what_is_missing_and_what_to_do() {
    let learner = Learner::new();
    learner
        .checker(&["doctor"])
        .exits(1)
        .says(&["BAD", "engine", "next:"]);
}

#[test]
fn a_recording_holds_no_secret() {
    let learner = Learner::solved();
    learner.write(
        ".env",
        "OBJECT_STORE_USER=ada\nOBJECT_STORE_PASSWORD=correct-horse-battery\n",
    );
    let ran = learner.checker(&["verify", "4", "--record", "seen.json", "--verbose"]);
    ran.exits(3);
    let recording = std::fs::read_to_string(learner.home.path().join("seen.json")).unwrap();
    for text in [&recording, &ran.stdout, &ran.stderr] {
        assert!(!text.contains("correct-horse-battery"), "{text}");
    }
    assert!(recording.contains("OBJECT_STORE_PASSWORD"));
}

#[test]
fn every_lesson_is_proved_on_its_files_and_recordings() {
    let learner = Learner::new();
    let root = support::repository();
    let ran = learner.checker_in(&root, &["dev", "check"], &[("DOCKER_HOST", NO_ENGINE)]);
    ran.exits(0).says(&["lesson-4 ok", "0 faults"]);
}

#[test]
fn the_schema_of_lessons_is_json() {
    let ran = Learner::new().checker(&["dev", "schema"]);
    assert_eq!(ran.exits(0).json()["title"], "A lesson of the course");
}

#[test]
fn context_lists_what_reaches_the_builder_and_which_line_leaves_the_rest_out() {
    let learner = Learner::new();
    std::fs::create_dir_all(learner.folder().join("app/data")).expect("a folder");
    learner.write("compose.yaml", "services: {api: {build: app}}");
    learner.write("app/Dockerfile", "FROM busybox\nCOPY app.py /\n");
    learner.write("app/app.py", "print('hello')\n");
    learner.write("app/data/large.bin", "x".repeat(5000));
    learner.write("app/.env", "SECRET=1\n");
    learner.write("app/.dockerignore", "# data stays here\ndata\n");
    let context =
        |more: &[&str]| learner.checker_in(&learner.folder(), &[&["context"], more].concat(), &[]);
    context(&[]).exits(0).says(&[
        "The image of api is built from app. In the context: 4 files",
        "asks for 1 file of it, 15 B",
        ".env",
        "Left out",
        "5.0 kB  data/ (1 file)",
        "app/.dockerignore:2: data",
    ]);
    let ran = context(&["--format", "json"]);
    let seen: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(seen["left_out"][0]["by"]["line"], 2);
    assert_eq!(seen["in"][0]["path"], "Dockerfile");

    learner.write("app/Dockerfile", "FROM busybox\nCOPPY app.py /\n");
    context(&[])
        .exits(1)
        .says(&["app/Dockerfile:2", "did you mean `COPY`?"]);
}

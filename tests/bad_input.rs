//! Wrong files that nobody prepared, and files that are no files: the right exit code, the place, a helpful sentence.

mod support;

use std::time::{Duration, Instant};

use support::Learner;

/// A compose file's mistake, what stands there instead, and what has to be said.
fn refused(find: &str, put: &str, says: &[&str]) {
    let learner = Learner::solved();
    learner.edit(find, put);
    learner.verify_files().exits(1).says(says);
}

#[test]
fn a_misspelt_key_is_named_with_its_line_and_the_likely_key() {
    refused(
        "    ports:\n      - \"127.0.0.1:19530",
        "    prots:\n      - \"127.0.0.1:19530",
        &["FAIL", "compose.yaml:", "prots", "ports"],
    );
}

#[test]
fn a_tab_is_named_with_its_line() {
    refused(
        "    image: milvusdb",
        "\timage: milvusdb",
        &["FAIL", "compose.yaml:", "tab"],
    );
}

#[test]
fn a_list_of_services_is_refused() {
    let learner = Learner::new();
    learner.write("compose.yaml", "name: lesson-04\nservices: []\n");
    learner
        .verify_files()
        .exits(1)
        .says(&["FAIL", "compose.yaml:2:", "NOT CHECKED"]);
}

#[test]
fn a_circle_of_dependencies_is_refused() {
    refused(
        "    depends_on:\n      - etcd\n      - minio",
        "    depends_on:\n      - attu",
        &["FAIL", "compose.yaml:", "attu", "standalone"],
    );
}

#[test]
fn a_required_variable_that_is_not_set_is_named() {
    refused(
        "milvusdb/milvus:v2.6.19",
        "milvusdb/milvus:${MILVUS_TAG:?say which version}",
        &["FAIL", "compose.yaml:", "MILVUS_TAG"],
    );
}

#[test]
fn a_container_name_in_place_of_a_service_name_is_refused_where_there_is_none() {
    refused(
        "ETCD_ENDPOINTS: etcd:2379",
        "ETCD_ENDPOINTS: milvus-etcd:2379",
        &[
            "FAIL",
            "compose.yaml:",
            "no service in this file is called `milvus-etcd`",
            "services here: etcd, minio, standalone, attu",
        ],
    );
}

#[test]
fn a_container_name_that_the_file_gives_is_accepted() {
    let learner = Learner::solved();
    learner.edit("  etcd:\n", "  etcd:\n    container_name: milvus-etcd\n");
    learner.edit(
        "ETCD_ENDPOINTS: etcd:2379",
        "ETCD_ENDPOINTS: milvus-etcd:2379",
    );
    learner.verify_files().exits(0);
}

#[test]
fn a_container_name_under_depends_on_is_refused_even_where_the_file_gives_it() {
    let learner = Learner::solved();
    learner.edit("  etcd:\n", "  etcd:\n    container_name: milvus-etcd\n");
    learner.edit("      - etcd\n", "      - milvus-etcd\n");
    learner
        .verify_files()
        .exits(1)
        .says(&["FAIL", "compose.yaml:", "milvus-etcd"]);
}

#[test]
fn the_health_path_that_is_not_served_is_named() {
    refused(
        "9091/healthz",
        "9091/healthy",
        &["FAIL", "compose.yaml:", "/healthy", "404", "/healthz"],
    );
}

#[test]
fn credentials_changed_on_one_side_only_are_told_with_both_names() {
    refused(
        "MINIO_ROOT_PASSWORD: ${OBJECT_STORE_PASSWORD:-minioadmin}",
        "MINIO_ROOT_PASSWORD: another-one-entirely",
        &[
            "FAIL",
            "compose.yaml:",
            "password",
            "MINIO_SECRET_ACCESS_KEY",
        ],
    );
}

#[test]
fn the_names_of_minio_on_milvus_are_told_to_be_ignored() {
    let learner = Learner::solved();
    learner.edit(
        "MINIO_ROOT_PASSWORD: ${OBJECT_STORE_PASSWORD:-minioadmin}",
        "MINIO_ROOT_PASSWORD: another-one-entirely",
    );
    learner.edit(
        "MINIO_SECRET_ACCESS_KEY: ${OBJECT_STORE_PASSWORD:-minioadmin}",
        "MINIO_SECRET_KEY: another-one-entirely",
    );
    let ran = learner.verify_files();
    ran.exits(1)
        .says(&["Milvus does not read MINIO_SECRET_KEY"]);
    assert!(
        !ran.stdout.contains("another-one-entirely"),
        "a secret is printed:\n{}",
        ran.stdout
    );
}

#[test]
fn text_that_is_not_utf8_is_told_with_its_line() {
    let learner = Learner::new();
    learner.write(
        "compose.yaml",
        b"name: lesson-04\nservices:\n  et\xff: {}\n",
    );
    learner
        .verify_files()
        .exits(1)
        .says(&["FAIL", "compose.yaml", "UTF-8"]);
}

#[test]
fn an_empty_file_fails() {
    let learner = Learner::new();
    learner.write("compose.yaml", "");
    learner
        .verify_files()
        .exits(1)
        .says(&["FAIL", "compose.yaml"]);
}

#[test]
fn a_missing_file_fails_and_says_how_to_get_it_back() {
    let learner = Learner::new();
    std::fs::remove_file(learner.folder().join("compose.yaml")).unwrap();
    learner
        .verify_files()
        .exits(1)
        .says(&["FAIL", "compose.yaml"]);
}

#[test]
fn a_folder_in_the_files_place_cannot_be_judged() {
    let learner = Learner::new();
    std::fs::remove_file(learner.folder().join("compose.yaml")).unwrap();
    std::fs::create_dir(learner.folder().join("compose.yaml")).unwrap();
    learner
        .verify_files()
        .exits(2)
        .says(&["compose.yaml", "folder"]);
}

#[test]
fn a_missing_lesson_folder_is_told_with_the_way_back() {
    let learner = Learner::new();
    std::fs::remove_dir_all(learner.folder()).unwrap();
    learner
        .verify_files()
        .exits(2)
        .says(&["04-milvus-stack", "checker init"]);
}

#[test]
fn wrong_types_are_told_with_their_place() {
    refused(
        "    command: [\"milvus\", \"run\", \"standalone\"]",
        "    command: 3",
        &["FAIL", "compose.yaml:"],
    );
    refused(
        "    ports:\n      - \"127.0.0.1:19530:19530\"",
        "    ports:\n      - \"99999:19530\"",
        &["FAIL", "compose.yaml:"],
    );
}

#[test]
fn damaged_progress_is_told_and_never_replaced() {
    let learner = Learner::new();
    let progress = learner.home.path().join("course/.checker/progress.json");
    std::fs::write(&progress, "{ half").unwrap();
    learner
        .checker(&["list"])
        .exits(2)
        .says(&["progress.json", "move it away"]);
    assert_eq!(std::fs::read_to_string(&progress).unwrap(), "{ half");
}

#[test]
fn what_is_made_to_hang_a_reader_is_refused_at_once() {
    let bomb = {
        let mut text = "x-a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 10].join(", ");
            text.push_str(&format!("x-a{level}: &a{level} [{items}]\n"));
        }
        text + "services: {}\n"
    };
    let deep = format!("x: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    let huge = format!("# {}\nservices: {{}}\n", "x".repeat(20 << 20));
    for text in [bomb, deep, huge] {
        let learner = Learner::new();
        learner.write("compose.yaml", text);
        let began = Instant::now();
        learner
            .verify_files()
            .exits(1)
            .says(&["FAIL", "compose.yaml"]);
        // The debug build under a loaded machine; the release build answers within a second.
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{:?}",
            began.elapsed()
        );
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let learner = Learner::solved();
    let path = learner.folder().join("compose.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    learner.verify_files().exits(0);
}

#[test]
fn a_file_outside_the_lessons_folder_is_not_read() {
    let learner = Learner::solved();
    let outside = learner.home.path().join("secret.env");
    std::fs::write(&outside, "PASSWORD=do-not-read-me\n").unwrap();
    learner.edit(
        "    command: [\"milvus\"",
        "    env_file: ../../secret.env\n    command: [\"milvus\"",
    );
    let ran = learner.checker(&[
        "verify",
        "4",
        "--static-only",
        "--format",
        "json",
        "--record",
        "seen.json",
    ]);
    let recording = std::fs::read_to_string(learner.home.path().join("seen.json")).unwrap();
    assert!(!recording.contains("do-not-read-me") && !ran.stdout.contains("do-not-read-me"));
}

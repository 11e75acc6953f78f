//! `checker config`: what Compose makes of a project, where each value comes from, and what is wrong with it.

mod support;

use std::path::Path;

use assert_cmd::Command;
use support::Ran;

/// A folder with a project, outside any workspace.
struct Folder(tempfile::TempDir);

const COMPOSE: &str = "services:
  web:
    image: nginx:${TAG:-latest}
    environment: {A: \"${A}\"}
    ports: [\"8080:80\"]
";

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        // A name of its own, because the project is called after its folder.
        std::fs::create_dir_all(folder.path("shop/sub")).expect("a folder");
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path("shop").join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    fn config(&self, arguments: &[&str]) -> Ran {
        run(&self.path("shop"), arguments, &[], "")
    }
}

fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_checker"))
        .env_clear()
        .env("HOME", folder)
        .current_dir(folder)
        .arg("config")
        .args(arguments)
        .envs(variables.iter().copied())
        .write_stdin(input)
        .output()
        .expect("the program runs");
    Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn the_model_is_printed_and_what_compose_says_about_it_goes_to_stderr() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE), (".env", "TAG=1.27\n")]);
    let ran = folder.config(&[]);
    ran.exits(0);
    let expected = "name: shop
services:
  web:
    environment:
      A: \"\"
    image: nginx:1.27
    networks:
      default: null
    ports:
      - mode: ingress
        target: 80
        published: \"8080\"
        protocol: tcp
networks:
  default:
    name: shop_default
";
    assert_eq!(ran.stdout, expected);
    assert!(
        ran.stderr.contains("The variable `A` is not set"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("compose.yaml:4:23"), "{}", ran.stderr);

    let quiet = folder.config(&["-q"]);
    assert_eq!(quiet.exits(0).stdout, "");
    assert!(quiet.stderr.contains("The variable `A` is not set"));

    let json = folder.config(&["--format", "json"]);
    assert_eq!(
        json.exits(0).json()["services"]["web"]["image"],
        "nginx:1.27"
    );
    assert!(
        json.stdout.ends_with("\n}"),
        "no line break at the end, as Compose has none"
    );
}

#[test]
fn control_characters_of_a_value_are_printed_as_they_are() {
    let folder = Folder::new(&[(
        "compose.yaml",
        "services: {web: {image: i, hostname: \"a\\x7fb\\e[1m\"}}",
    )]);
    let ran = folder.config(&["--format", "json"]);
    assert_eq!(
        ran.json()["services"]["web"]["hostname"],
        "a\u{7f}b\u{1b}[1m"
    );
}

#[test]
fn the_project_is_found_from_a_folder_below_it_and_files_are_called_as_seen_from_there() {
    let folder = Folder::new(&[
        ("compose.yaml", COMPOSE),
        (".env", "TAG=above\nA=above\n"),
        ("sub/.env", "TAG=here\n"),
    ]);
    let sub = folder.path("shop/sub");
    let ran = run(&sub, &[], &[], "");
    assert!(
        ran.exits(0).stdout.contains("image: nginx:here\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("A: above\n"), "{}", ran.stdout);
    assert!(ran.stdout.starts_with("name: shop\n"), "{}", ran.stdout);
    run(&sub, &["--explain", "services.web.image"], &[], "")
        .exits(0)
        .says(&["../compose.yaml:3:12", "TAG", ".env:1:1"]);
    // A file that is named says which folder is the project's, and what `.env` is read.
    let named = run(&sub, &["-f", "../compose.yaml"], &[], "");
    assert!(
        named.exits(0).stdout.contains("image: nginx:above\n"),
        "{}",
        named.stdout
    );
}

#[test]
fn flags_win_over_variables_and_variables_over_what_is_found() {
    let folder = Folder::new(&[
        ("compose.yaml", COMPOSE),
        (
            "other.yaml",
            "services: {web: {image: other}, extra: {image: e, profiles: [more]}}",
        ),
        ("a.env", "TAG=a\n"),
        ("b.env", "TAG=b\n"),
    ]);
    let shop = folder.path("shop");
    let variables = [
        ("COMPOSE_FILE", "compose.yaml:other.yaml"),
        ("COMPOSE_PROJECT_NAME", "by-variable"),
        ("COMPOSE_PROFILES", "more"),
    ];
    let ran = run(&shop, &[], &variables, "");
    assert!(
        ran.exits(0)
            .stdout
            .starts_with("name: by-variable\nservices:\n  extra:\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("image: other\n"));
    let arguments = [
        "-f",
        "compose.yaml",
        "-p",
        "by-flag",
        "--profile",
        "none",
        "--env-file",
        "b.env",
    ];
    let mut variables = variables.to_vec();
    variables.push(("COMPOSE_ENV_FILES", "a.env"));
    let ran = run(&shop, &arguments, &variables, "");
    assert!(
        ran.exits(0).stdout.starts_with("name: by-flag\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("image: nginx:b\n"));
    assert!(!ran.stdout.contains("extra"));
    let ran = run(&shop, &["-f", "compose.yaml"], &variables, "");
    assert!(
        ran.exits(0).stdout.contains("image: nginx:a\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn standard_input_can_be_a_file() {
    let folder = Folder::new(&[]);
    let shop = folder.path("shop");
    let ran = run(&shop, &["-f", "-"], &[], "services: {web: {image: nginx}}");
    assert!(
        ran.exits(0).stdout.contains("image: nginx\n"),
        "{}",
        ran.stdout
    );
    run(&shop, &["-f", "-"], &[], "services: {web: {imag: nginx}}")
        .exits(1)
        .says(&["standard input:1:18", "did you mean `image`?"]);
}

#[test]
fn all_mistakes_are_shown_at_once_with_their_places() {
    let folder = Folder::new(&[(
        "compose.yaml",
        "services:\n  web:\n    imag: nginx\n    prots: []\n",
    )]);
    let ran = folder.config(&[]);
    ran.exits(1)
        .says(&["compose.yaml:3:5", "`image`", "compose.yaml:4:5", "`ports`"]);
    assert_eq!(ran.stdout, "");
    let json = folder.config(&["--format", "json", "-q"]);
    let json = json.exits(1).json();
    assert_eq!(json["schema_version"], 1);
    let finding = &json["findings"][0];
    assert_eq!(finding["code"], "unknown-key");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["path"], "services.web.imag");
    assert_eq!(finding["expected"], "`image`");
    assert_eq!(
        finding["place"],
        serde_json::json!({
            "file": "compose.yaml", "line": 3, "column": 5, "end_line": 3, "end_column": 9, "start": 21, "end": 25,
        })
    );
    assert_eq!(json["findings"][1]["place"]["line"], 4);
}

#[test]
fn a_value_is_explained_for_people_and_for_programs() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE), (".env", "TAG=1.27\n")]);
    let ran = folder.config(&["--explain", "services.web"]);
    ran.exits(0).says(&[
        "services.web is a mapping",
        "image",
        "`nginx:1.27`",
        "TAG from .env:1",
        "by default",
    ]);
    assert_eq!(ran.stderr, "", "other values are not talked about");
    let json = folder.config(&["--explain", "services.web.image", "--format", "json"]);
    let json = json.exits(0).json();
    assert_eq!(json["value"], "nginx:1.27");
    assert_eq!(json["steps"][1]["place"]["file"], ".env");
}

#[test]
fn a_path_that_leads_nowhere_is_wrong_use_and_the_likely_one_is_named() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    folder
        .config(&["--explain", "services.web.imgae"])
        .exits(2)
        .says(&[
            "There is no `imgae` in services.web.",
            "compose.yaml:3:5",
            "did you mean `services.web.image`?",
        ]);
    let json = folder.config(&["--explain", "services.web.imgae", "--format", "json"]);
    assert_eq!(json.exits(2).json()["findings"][0]["code"], "no-such-value");
}

#[test]
fn what_is_asked_for_and_cannot_be_read_is_wrong_use() {
    let folder = Folder::new(&[("bytes.yaml", "")]);
    folder.write("bytes.yaml", b"services:\n  web:\n    image: \xff\n");
    folder
        .config(&["-f", "nothing.yaml"])
        .exits(2)
        .says(&["`nothing.yaml`", "does not exist"]);
    folder
        .config(&["-f", "sub"])
        .exits(2)
        .says(&["`sub`", "is a folder"]);
    folder
        .config(&["-f", "bytes.yaml"])
        .exits(1)
        .says(&["no UTF-8", "bytes.yaml:3:12", "UTF-8"]);
    folder
        .config(&["--env-file", "nothing.env", "-f", "bytes.yaml"])
        .exits(2)
        .says(&["nothing.env", "does not exist"]);
    folder
        .config(&["-p", "Not a name", "-f", "-"])
        .exits(2)
        .says(&["`Not a name`", "--project-name"]);
    folder
        .config(&["--project-directory", "nowhere", "-f", "bytes.yaml"])
        .exits(2)
        .says(&["nowhere", "not there", "--project-directory"]);
    folder
        .config(&["-f", "nowhere/compose.yaml"])
        .exits(2)
        .says(&["nowhere", "not there", "first Compose file"]);
    // Nothing above the root has a Compose file.
    if cfg!(unix) {
        run(Path::new("/"), &[], &[], "").exits(2).says(&[
            "no Compose file",
            "compose.yaml",
            "`-f`",
        ]);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    let path = folder.path("shop/compose.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("changed");
    // The superuser reads everything.
    if std::fs::read(&path).is_err() {
        folder
            .config(&[])
            .exits(2)
            .says(&["`compose.yaml`", "you may not read it"]);
    }
}

#[test]
fn nothing_outside_the_given_folder_is_read() {
    let folder = Folder::new(&[
        ("sub/compose.yaml", COMPOSE),
        ("secret.yaml", "services: {web: {image: secret}}"),
    ]);
    std::fs::write(
        folder.path("outside.yaml"),
        "services: {web: {image: secret}}",
    )
    .expect("written");
    let outside = folder.path("outside.yaml");
    let outside = outside.to_str().expect("a path");
    for (code, text) in [
        ("file-outside", "include: [../../outside.yaml]".to_string()),
        ("file-outside", format!("include: [{outside}]")),
        (
            "file-outside",
            "services: {web: {extends: {file: ../../outside.yaml, service: web}}}".into(),
        ),
        (
            "file-outside",
            "services: {web: {image: i, env_file: ../../outside.yaml}}".into(),
        ),
        (
            "file-outside",
            "services: {web: {image: i, label_file: ../../outside.yaml}}".into(),
        ),
    ] {
        folder.write("sub/compose.yaml", &text);
        let sub = folder.path("shop/sub");
        let ran = run(&sub, &["--confine", "..", "--format", "json"], &[], "");
        let json = ran.exits(1).json();
        assert_eq!(json["findings"][0]["code"], code, "{text}");
        assert_eq!(
            json["findings"][0]["place"]["file"], "compose.yaml",
            "{text}"
        );
        assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
    }
    // Inside it, a folder above the project's may be read.
    folder.write(
        "sub/compose.yaml",
        "services: {web: {extends: {file: ../secret.yaml, service: web}}}",
    );
    run(&folder.path("shop/sub"), &["--confine", ".."], &[], "").exits(0);
    // Without it, everything that the caller may read.
    folder.write("sub/compose.yaml", format!("include: [{outside}]"));
    run(&folder.path("shop/sub"), &[], &[], "").exits(0);
}

#[test]
fn bounds_that_do_not_hold_the_project_are_refused_for_people_and_for_programs() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    for (bounds, code, message) in [
        ("sub", "file-outside", "lies outside `sub`"),
        ("compose.yaml", "folder-not-found", "is no folder"),
        ("nowhere", "folder-not-found", "is no folder"),
    ] {
        folder
            .config(&["--confine", bounds])
            .exits(2)
            .says(&[message, "--confine"]);
        let ran = folder.config(&["--confine", bounds, "--format", "json"]);
        let json = ran.exits(2).json();
        assert_eq!(json["findings"][0]["code"], code, "{bounds}");
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_does_not_lead_out_and_a_search_upwards_stops_at_the_bound() {
    let folder = Folder::new(&[]);
    std::fs::write(
        folder.path("compose.yaml"),
        "services: {web: {image: secret}}",
    )
    .expect("written");
    let sub = folder.path("shop/sub");
    run(&sub, &["--confine", ".."], &[], "")
        .exits(2)
        .says(&["no Compose file"]);
    run(&sub, &[], &[], "").exits(0);
    std::os::unix::fs::symlink(
        folder.path("compose.yaml"),
        folder.path("shop/compose.yaml"),
    )
    .expect("a link");
    let ran = folder.config(&["--confine", "."]);
    ran.exits(2).says(&["cannot be read", "outside"]);
    assert!(!ran.stdout.contains("secret"));
}

#[test]
fn a_file_that_a_variable_names_is_refused_with_the_line_that_sets_it() {
    let folder = Folder::new(&[(".env", "# files\nCOMPOSE_FILE=nothing.yaml\n")]);
    folder
        .config(&[])
        .exits(1)
        .says(&["`nothing.yaml`", "does not exist", ".env:2:1"]);
}

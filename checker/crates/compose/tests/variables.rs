//! Variables: where they come from, which of them wins, and what they may be called.

use std::collections::BTreeMap;

use compose::{Loaded, MemoryReader, ReadError, Reader, Request, VariableOrigin};

const WEB: &str = "services: {web: {image: nginx, environment: [A, B]}}";

fn load(files: &[(&str, &str)], shell: &[(&str, &str)]) -> Loaded {
    let environment: BTreeMap<String, String> = shell
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    let request = Request {
        folder_name: "shop".into(),
        environment,
        ..Request::default()
    };
    compose::load(&MemoryReader::new(files.iter().copied()), &request)
}

fn text<'a>(loaded: &'a Loaded, path: &str) -> Option<&'a str> {
    let findings = &loaded.findings;
    let project = loaded.project.as_ref();
    let project = project.unwrap_or_else(|| panic!("{findings:#?}"));
    project.root().get(path).and_then(|node| node.as_str())
}

#[test]
fn the_file_of_variables_can_be_left_alone() {
    for (shell, own, read) in [
        (None, None, Some(true)),
        (Some("1"), None, Some(false)),
        (Some("T"), None, Some(false)),
        (Some("0"), Some("1"), Some(true)),
        (None, Some("true"), Some(false)),
        (None, Some("False"), Some(true)),
        (Some("yes"), None, None),
        (None, Some(""), None),
    ] {
        let own = own.map_or(String::new(), |own| {
            format!("COMPOSE_DISABLE_ENV_FILE={own}\n")
        });
        let file = format!("A=file\nCOMPOSE_PROJECT_NAME=named\n{own}");
        let shell: Vec<(&str, &str)> = shell
            .map(|value| ("COMPOSE_DISABLE_ENV_FILE", value))
            .into_iter()
            .collect();
        let loaded = load(&[("compose.yaml", WEB), (".env", &file)], &shell);
        match read {
            None => {
                let error = loaded.errors().next().expect("it is refused");
                assert_eq!(error.code, "bad-boolean");
                assert_eq!(error.span.is_some(), shell.is_empty());
            }
            Some(read) => {
                let expected = read.then_some("file");
                assert_eq!(
                    text(&loaded, "services.web.environment.A"),
                    expected,
                    "{file}"
                );
                // What is meant for Compose itself is taken from the file that says that it is not to be read.
                let is_named = read || shell.is_empty();
                let name = if is_named { "named" } else { "shop" };
                assert_eq!(text(&loaded, "name"), Some(name), "{file}");
            }
        }
    }
}

#[test]
fn files_of_variables_and_compose_files_are_listed_in_variables() {
    let files = [
        ("compose.yaml", WEB),
        ("one.yaml", WEB),
        ("two.yaml", "services: {web: {image: postgres}}"),
        (".env", "A=default\n"),
        ("a.env", "A=listed\n"),
        (" a.env", "A=spaced\n"),
    ];
    for (name, value, path, expected) in [
        ("COMPOSE_ENV_FILES", "a.env", "environment.A", "listed"),
        ("COMPOSE_ENV_FILES", ",a.env,", "environment.A", "listed"),
        (
            "COMPOSE_ENV_FILES",
            "a.env, a.env",
            "environment.A",
            "spaced",
        ),
        ("COMPOSE_ENV_FILES", ",,", "environment.A", "default"),
        ("COMPOSE_ENV_FILES", "", "environment.A", "default"),
        ("COMPOSE_ENV_FILES", "/dev/null", "environment.A", ""),
        ("COMPOSE_FILE", "one.yaml:two.yaml", "image", "postgres"),
        ("COMPOSE_FILE", "two.yaml:one.yaml", "image", "nginx"),
    ] {
        let loaded = load(&files, &[(name, value)]);
        let found = text(&loaded, &format!("services.web.{path}"));
        assert_eq!(found.unwrap_or_default(), expected, "{name}={value}");
    }
    for (separator, files_named) in [(",", "one.yaml,two.yaml"), ("", "one.yaml:two.yaml")] {
        let shell = [
            ("COMPOSE_PATH_SEPARATOR", separator),
            ("COMPOSE_FILE", files_named),
        ];
        let loaded = load(&files, &shell);
        assert_eq!(text(&loaded, "services.web.image"), Some("postgres"));
    }
    for listed in ["", "one.yaml:", "none.yaml"] {
        let loaded = load(&files, &[("COMPOSE_FILE", listed)]);
        assert!(loaded.project.is_none(), "{listed}");
    }
}

#[test]
fn a_file_of_variables_may_hold_any_byte() {
    let web = "services: {web: {image: nginx, env_file: web.env}}";
    let files: [(&str, &[u8]); 2] = [
        ("compose.yaml", web.as_bytes()),
        ("web.env", b"\xef\xbb\xbfA=\x1b[1m\xff\nB=\x00\n"),
    ];
    let request = Request {
        folder_name: "shop".into(),
        ..Request::default()
    };
    let loaded = compose::load(&MemoryReader::new(files), &request);
    assert_eq!(
        text(&loaded, "services.web.environment.A"),
        Some("\u{1b}[1m\u{fffd}")
    );
    assert_eq!(text(&loaded, "services.web.environment.B"), Some("\0"));
}

#[test]
fn a_variable_that_nobody_needs_is_warned_of_and_has_no_part_in_the_value() {
    let file = "services:\n  web:\n    image: ${A:-$NONE}\n";
    let loaded = load(&[("compose.yaml", file)], &[("A", "nginx")]);
    let warnings: Vec<(&str, &str)> = loaded
        .findings
        .iter()
        .map(|finding| {
            (
                finding.code,
                loaded.sources.text(finding.span.expect("a place")),
            )
        })
        .collect();
    assert_eq!(warnings, [("unset-variable", "$NONE")]);
    let image = loaded.project.expect("it loads");
    let image = image.root().get("services.web.image").expect("an image");
    let used: Vec<_> = image.origin.steps.iter().collect();
    assert_eq!(
        used,
        [&compose::Step::Interpolated {
            variable: "A".into(),
            from: VariableOrigin::Shell
        }]
    );
}

#[test]
fn home_is_put_in_where_there_is_one() {
    let file = "services: {web: {image: nginx, volumes: ['~/x:/x']}}";
    for (home, expected) in [("/home/me", "/home/me/x"), ("", "./~/x")] {
        let loaded = load(&[("compose.yaml", file)], &[("HOME", home)]);
        assert_eq!(
            text(&loaded, "services.web.volumes.0.source"),
            Some(expected)
        );
    }
}

/// What a container sees may lie on a Windows machine; what Compose reads does not, unless it runs there.
#[test]
#[cfg(not(windows))]
fn a_drive_is_absolute_for_mounts_only() {
    let file =
        "services: {web: {build: 'C:/x', volumes: [{type: bind, source: 'C:/x', target: /x}]}}";
    let request = Request {
        folder_name: "shop".into(),
        project_directory: "/home/me/shop".into(),
        ..Request::default()
    };
    let loaded = compose::load(&MemoryReader::new([("compose.yaml", file)]), &request);
    let context = text(&loaded, "services.web.build.context");
    assert_eq!(context, Some("/home/me/shop/C:/x"));
    assert_eq!(text(&loaded, "services.web.volumes.0.source"), Some("C:/x"));
}

/// A folder in which `.env` is a link that leads out.
struct LinkOut;

impl Reader for LinkOut {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match path {
            "compose.yaml" => Ok(b"services: {web: {image: nginx}}".to_vec()),
            ".env" => Err(ReadError::Outside),
            _ => Err(ReadError::NotFound),
        }
    }
}

#[test]
fn an_env_file_that_may_not_be_read_is_told() {
    let request = Request {
        folder_name: "shop".into(),
        ..Request::default()
    };
    let loaded = compose::load(&LinkOut, &request);
    assert!(loaded.project.is_some());
    let told: Vec<_> = loaded.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(told, ["file-outside"]);
}

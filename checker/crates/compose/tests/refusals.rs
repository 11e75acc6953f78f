//! Which mistake is found at which path, where Compose refuses a file; and that what it leaves open is accepted.

use compose::{Loaded, MemoryReader, Request};

fn load(files: &[(&str, &str)]) -> Loaded {
    let request = Request {
        folder_name: "shop".into(),
        ..Request::default()
    };
    compose::load(&MemoryReader::new(files.iter().copied()), &request)
}

/// Code and path of every error.
fn errors(loaded: &Loaded) -> Vec<(&str, &str)> {
    let errors = loaded.errors();
    errors
        .map(|error| (error.code, error.path.as_deref().unwrap_or_default()))
        .collect()
}

/// What stands below `services.web` beside the image.
fn web(body: &str) -> String {
    format!("services: {{web: {{image: nginx, {body}}}}}")
}

#[test]
fn every_mistake_is_found_at_its_path() {
    for (body, code, path) in [
        ("env_file: ''", "file-not-found", "env_file.0"),
        ("pid: null", "wrong-type", "pid"),
        ("ports: [{mode: host}]", "missing-key", "ports.0"),
        ("ports: [{mod: host}]", "missing-key", "ports.0"),
        ("volumes: [{type: tmpfs}]", "missing-key", "volumes.0"),
        ("devices: [{source: /dev/a}]", "missing-key", "devices.0"),
        (
            "healthcheck: {retries: -1}",
            "out-of-range",
            "healthcheck.retries",
        ),
        ("cpu_percent: '101'", "out-of-range", "cpu_percent"),
        (
            "blkio_config: {weight: -1}",
            "out-of-range",
            "blkio_config.weight",
        ),
        ("environment: {'': a}", "bad-name", "environment."),
        ("extra_hosts: ['=10.0.0.1']", "bad-host", "extra_hosts.0"),
        ("storage_opt: {a: [b]}", "wrong-type", "storage_opt.a"),
        (
            "tmpfs: /a, volumes: ['./b:/a']",
            "target-twice",
            "volumes.0",
        ),
        (
            "environment: {A: 2024-01-01}",
            "date-not-text",
            "environment.A",
        ),
        ("scale: !!int two", "yaml-syntax", "scale"),
        ("extends: other", "unknown-service", "extends"),
        ("extends: {service: other}", "unknown-service", "extends"),
        ("group_add: [1.5]", "wrong-type", "group_add.0"),
        ("expose: [1.5]", "wrong-type", "expose.0"),
        (
            "build: {additional_contexts: {a: true}}",
            "wrong-type",
            "build.additional_contexts.a",
        ),
    ] {
        let loaded = load(&[("compose.yaml", &web(body))]);
        let expected = (code, format!("services.web.{path}"));
        let found = errors(&loaded);
        assert!(
            found.contains(&(expected.0, &expected.1)),
            "{body}: {found:?}"
        );
    }
}

#[test]
fn mistakes_of_yaml_have_a_path_too() {
    for (text, code, path) in [
        (
            "services:\n  web:\n    image: a\n    image: b\n",
            "duplicate-key",
            "services.web.image",
        ),
        (
            "services:\n  web:\n    image: a\n    ports: [{target: 1, target: 2}]\n",
            "duplicate-key",
            "services.web.ports.0.target",
        ),
        (
            "x-a.b: &a\n  c: *a\n",
            "anchor-inside-itself",
            "\"x-a.b\".c",
        ),
    ] {
        let loaded = load(&[("compose.yaml", text)]);
        assert_eq!(errors(&loaded), [(code, path)], "{text}");
    }
}

#[test]
fn a_line_of_a_kind_that_is_unknown_is_refused() {
    let text = format!("%FOO\n---\n{}", web("tty: true"));
    let loaded = load(&[("compose.yaml", &text)]);
    assert_eq!(errors(&loaded), [("other-yaml-version", "")]);
}

#[test]
fn what_is_no_service_is_told_where_it_stands() {
    let base = ("base.yaml", "services: {base: []}");
    let text = web("extends: {service: base, file: base.yaml}");
    let loaded = load(&[("compose.yaml", &text), base]);
    assert_eq!(errors(&loaded), [("wrong-type", "services.base")]);

    let text = format!("include: [base.yaml]\n{}", web("tty: true"));
    let loaded = load(&[("compose.yaml", &text), base]);
    assert_eq!(errors(&loaded), [("wrong-type", "services.base")]);
}

#[test]
fn an_override_that_is_no_mapping_is_told_before_it_is_merged() {
    let text = web("tty: true");
    let files = [
        ("compose.yaml", text.as_str()),
        ("compose.override.yaml", "services: {web: []}"),
    ];
    assert_eq!(errors(&load(&files)), [("wrong-type", "services.web")]);
    let files = [
        ("compose.yaml", text.as_str()),
        (
            "compose.override.yaml",
            "services: {web: {environment: [7]}}",
        ),
    ];
    let expected = [("wrong-type", "services.web.environment.0")];
    assert_eq!(errors(&load(&files)), expected);
}

#[test]
fn a_missing_include_hides_no_mistake_of_another() {
    let text = format!(
        "include: [{{path: [base.yaml, no.yaml]}}]\n{}",
        web("tty: true")
    );
    let files = [
        ("compose.yaml", text.as_str()),
        ("base.yaml", "services: {base: {imag: a}}"),
    ];
    let loaded = load(&files);
    let codes: Vec<&str> = errors(&loaded).iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["file-not-found", "unknown-key"]);

    let text = format!("include: [{{env_file: no.env}}]\n{}", web("tty: true"));
    let loaded = load(&[("compose.yaml", &text)]);
    assert_eq!(
        loaded.errors().next().map(|error| error.code),
        Some("file-not-found")
    );
}

#[test]
fn an_outside_name_is_true_false_or_a_mapping() {
    for kind in ["configs", "secrets", "volumes", "networks"] {
        let text = format!("{kind}: {{a: {{external: maybe}}}}\n{}", web("tty: true"));
        let loaded = load(&[("compose.yaml", &text)]);
        let path = format!("{kind}.a.external");
        assert_eq!(errors(&loaded), [("bad-boolean", path.as_str())]);
    }
}

#[test]
fn no_number_of_warnings_hides_a_mistake() {
    let unset: String = (0..60).map(|n| format!("A{n}: $UNSET_{n}, ")).collect();
    let text = web(&format!("environment: {{{unset}}}, tty: maybe"));
    let loaded = load(&[("compose.yaml", &text)]);
    assert_eq!(errors(&loaded), [("bad-boolean", "services.web.tty")]);
}

#[test]
fn a_wrong_project_name_hides_no_other_mistake() {
    let text = format!("name: '###'\n{}", web("tty: maybe"));
    let loaded = load(&[("compose.yaml", &text)]);
    let codes: Vec<&str> = errors(&loaded).iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["bad-project-name", "bad-boolean"]);
}

#[test]
fn what_the_schema_leaves_open_is_accepted() {
    for text in [
        web("gpus: [{count: 1, kind: new}]"),
        format!(
            "configs: {{a: {{external: {{kind: new}}}}}}\n{}",
            web("configs: [a]")
        ),
        format!(
            "secrets: {{a: {{external: {{kind: new}}}}}}\n{}",
            web("secrets: [a]")
        ),
        format!("include: [{{path: null, kind: new}}]\n{}", web("tty: true")),
        format!("include: null\n{}", web("tty: true")),
        web("ports: ['80:80/tcp/new']"),
        web("profiles: ['']"),
    ] {
        let loaded = load(&[("compose.yaml", &text)]);
        let project = loaded.project.as_ref();
        let model = project.map(|project| project.to_json().to_string());
        assert!(
            model.is_some_and(|model| !model.contains("kind")),
            "{text}: {:?}",
            errors(&loaded)
        );
    }
}

#[test]
fn what_compose_shows_nowhere_is_not_shown() {
    for (body, key) in [
        ("pull_refresh_after: 1h", "pull_refresh_after"),
        ("provider: {type: a, options: {b: []}}", "options"),
    ] {
        let loaded = load(&[("compose.yaml", &web(body))]);
        let model = loaded.project.expect("it loads").to_json().to_string();
        assert!(!model.contains(key), "{model}");
    }
}

#[test]
fn a_limit_of_a_device_shows_path_and_rate_always() {
    let text = web("blkio_config: {device_read_bps: [{}], weight_device: [{path: /dev/a}]}");
    let project = load(&[("compose.yaml", &text)]).project.expect("it loads");
    assert_eq!(
        project.to_json()["services"]["web"]["blkio_config"],
        serde_json::json!({
            "device_read_bps": [{"Path": "", "Rate": "0"}],
            "weight_device": [{"Path": "/dev/a", "Weight": 0}],
        })
    );
}
